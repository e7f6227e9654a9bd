//! `/devices`: all devices, with what can be done to those that are ticked.

use super::{calls, chosen, words};
use crate::{
    i18n, live,
    reading::{reading, when_read},
    session, t,
    ui::{
        Address, ButtonLink, CollectAny, Column, Empty, ExportLink, FilterForm, Filters, Icon, Kind, Moment,
        PageHead, Pick, PickAll, Pill, Submit, Table, Ticked, address, either, elsewhere, keyed,
        nothing_found, or_dash, pager,
    },
};
use contract::{
    Caller, Page, Permission,
    activity::OperationState,
    devices::{DeviceQuery, DeviceRow, Platform},
    live::LiveEvent,
};
use leptos::prelude::*;

/// What the address asks for; that of the export too.
pub fn query(address: &Address) -> DeviceQuery {
    DeviceQuery {
        search: address.get("search"),
        platform: address.choice("platform"),
        sort: address.choice("sort").unwrap_or_default(),
        page: address.page(),
    }
}

pub fn list_page() -> AnyView {
    let address = address();
    Ticked::provide("chosen");
    let devices = reading(move || address.with(query), calls::list);
    // An operation that ends has changed how many licences devices have.
    live::on_change(
        |event| {
            matches!(
                event,
                LiveEvent::Operation {
                    state: OperationState::Done | OperationState::Cancelled,
                    ..
                } | LiveEvent::Missed
            )
        },
        move || devices.refetch(),
    );
    when_read(move || async move {
        let caller = session::caller().await;
        either(devices.await, move |page| view! { <List address page caller/> })
    })
}

#[component]
fn List(address: Memo<Address>, page: Page<DeviceRow>, caller: Option<Caller>) -> impl IntoView {
    let may = move |permission| caller.as_ref().is_some_and(|caller| caller.may(permission));
    let (manage, assign, revoke) = (
        may(Permission::ManageDevices),
        may(Permission::AssignLicenses),
        may(Permission::RevokeLicenses),
    );
    let pager = pager(address, &page);
    let filtered = address.with_untracked(|address| {
        let query = query(address);
        !query.search.is_empty() || query.platform.is_some()
    });
    let none = page.rows.is_empty();
    let sub = page
        .total
        .map(|total| t!(devices_count, count = total))
        .unwrap_or_default();
    let list = match (none, filtered) {
        (true, false) => view! {
            <Empty title=t!(devices_empty_title) text=t!(devices_empty_text)>
                {manage.then(add_commands)}
            </Empty>
        }
        .into_any(),
        (true, true) => nothing_found("/devices"),
        _ => view! { <Chooser address rows=page.rows assign revoke/> }.into_any(),
    };
    view! {
        <PageHead title=t!(devices_title) sub>
            {manage.then(add_commands)}
            {(!none).then(|| view! { <ExportLink address file="devices.csv"/> })}
        </PageHead>
        <div class="bar" hidden=none && !filtered>
            <FilterForm address label=t!(devices_search) keep=&["platform", "sort", "dir"]/>
            <Filters label=t!(devices_by_platform)>
                {Platform::ALL
                    .map(|choice| view! { <Pill address name="platform" value=choice.as_str() label=choice.label()/> })
                    .collect_any()}
            </Filters>
        </div>
        {list}
        {pager}
    }
}

fn add_commands() -> impl IntoView {
    view! {
        <ButtonLink href="/devices/add" label=t!(devices_add) kind=Kind::Main icon=Icon::Plus/>
        <ButtonLink href="/devices/import" label=t!(devices_upload) icon=Icon::File/>
    }
}

/// The table as a form: it sends what is ticked to `/devices/chosen`.
#[component]
fn Chooser(address: Memo<Address>, rows: Vec<DeviceRow>, assign: bool, revoke: bool) -> impl IntoView {
    let choose = assign || revoke;
    let head = view! {
        {choose.then(|| view! { <PickAll name="chosen" label=t!(devices_pick_all)/> })}
        <Column label=t!(device_name) sort=("name", address) first=true/>
        <Column label=t!(device_serial) sort=("serial", address)/>
        <Column label=t!(device_platform) below=t!(device_os)/>
        <Column label=t!(device_model)/>
        <Column label=t!(device_user)/>
        <Column label=t!(device_supervised)/>
        <Column label=t!(device_enrolment) below=t!(device_ownership)/>
        <Column label=t!(device_licenses) number=true/>
        <Column label=t!(device_seen)/>
        <Column label=t!(device_added) sort=("added", address)/>
    };
    let here = rows
        .iter()
        .map(|row| chosen::value(&row.id, &row.serial))
        .collect();
    let others = choose.then(|| elsewhere("chosen", here));
    let rows = keyed(rows, |row| row.id.clone(), |row| view! { <Row row choose/> });
    let commands = choose.then(|| {
        view! {
            <div class="bar commands" role="group" aria-label=t!(devices_chosen)>
                <span class="muted small">{t!(devices_chosen)}</span>
                {assign.then(|| view! { <Submit name="do" value="assign" label=t!(devices_assign)/> })}
                {revoke.then(|| view! { <Submit name="do" value="revoke" label=t!(devices_revoke)/> })}
            </div>
        }
        .into_any()
    });
    view! {
        <form method="get" action="/devices/chosen">
            {commands}
            {others}
            <Table caption=t!(devices_title) head>{rows}</Table>
        </form>
    }
}

#[component]
fn Row(row: DeviceRow, choose: bool) -> impl IntoView {
    let pick = choose.then(|| {
        let value = chosen::value(&row.id, &row.serial);
        view! { <Pick name="chosen" value label=t!(devices_pick, name = &row.name)/> }
    });
    let seen = match row.seen_at {
        Some(at) => view! { <Moment at/> }.into_any(),
        None => t!(device_never_seen).into_any(),
    };
    view! {
        <tr>
            {pick}
            <th scope="row"><a href=format!("/devices/{}", row.id)>{row.name}</a></th>
            <td data-label=t!(device_serial)>{row.serial.shown().to_owned()}</td>
            <td data-label=t!(device_platform)>
                <div class="stack"><span>{row.platform.label()}</span> <small>{row.os_version}</small></div>
            </td>
            <td data-label=t!(device_model)>{or_dash(row.model)}</td>
            <td data-label=t!(device_user)>{or_dash(row.user_name)}</td>
            <td data-label=t!(device_supervised)>{words::yes_no(row.supervised)}</td>
            <td data-label=t!(device_enrolment)>
                <div class="stack">
                    <span>{words::enrolment(row.enrolment)}</span> <small>{words::ownership(row.ownership)}</small>
                </div>
            </td>
            <td data-label=t!(device_licenses) class="number">{i18n::number(row.licenses)}</td>
            <td data-label=t!(device_seen)>{seen}</td>
            <td data-label=t!(device_added)><Moment at=row.added_at/></td>
        </tr>
    }
}
