//! The second step: which devices. Ticked in a list, all that a search finds, or serial numbers as pasted; each a plain
//! form of the same call.

use super::{
    assign::carried,
    calls::{Plan, Way},
    stock::ChosenApps,
};
use crate::{
    form::{ActionForm, FormAction},
    t,
    ui::{
        Address, Area, ButtonLink, Card, CollectAny, Column, Empty, FilterForm, Filters, Kind, Pick, PickAll,
        Pill, Submit, Table, elsewhere, keyed, or_dash, pager,
    },
};
use contract::{
    Page,
    catalog::AssetRow,
    devices::{DeviceRow, Platform},
};
use leptos::prelude::*;

type Action = FormAction<Plan>;

/// The field that each ticked device is sent as.
pub(super) const DEVICES: &str = "devices[]";

#[component]
pub fn ChooseDevices(address: Memo<Address>, assets: Vec<AssetRow>, page: Page<DeviceRow>) -> impl IntoView {
    let action = Action::new();
    let ids: Vec<String> = assets.iter().map(|asset| asset.id.to_string()).collect();
    view! {
        {action.refusal().note()}
        <ChosenApps address assets/>
        <h2 class="section">{t!(assign_choose_devices)}</h2>
        <div class="bar">
            <FilterForm address label=t!(assign_search) keep=&["asset", "platform", "sort", "dir"]/>
            <Filters label=t!(assign_by_platform)>
                {Platform::ALL
                    .map(|platform| view! { <Pill address name="platform" value=platform.as_str() label=platform.label()/> })
                    .collect_any()}
            </Filters>
        </div>
        <FromList address page ids=ids.clone() action/>
        <FromText ids action/>
    }
}

#[component]
fn FromList(
    address: Memo<Address>,
    page: Page<DeviceRow>,
    ids: Vec<String>,
    action: Action,
) -> impl IntoView {
    if page.rows.is_empty() {
        return view! {
            <Empty title=t!(list_nothing_title) text=t!(assign_no_devices)>
                <ButtonLink href="/devices" label=t!(menu_devices)/>
            </Empty>
        }
        .into_any();
    }
    let pager = pager(address, &page);
    let all = match page.total {
        Some(total) => t!(assign_plan_all, count = total),
        None => t!(assign_plan_all_found).to_owned(),
    };
    let (search, platform) =
        address.with_untracked(|address| (address.get("search"), address.get("platform")));
    let here = page.rows.iter().map(|row| row.id.0.clone()).collect();
    let rows = keyed(page.rows, |row| row.id.clone(), row);
    let head = view! {
        <PickAll name=DEVICES label=t!(list_pick_all)/>
        <Column label=t!(device_name) sort=("name", address) first=true/>
        <Column label=t!(device_serial) sort=("serial", address)/>
        <Column label=t!(device_platform)/>
        <Column label=t!(device_model)/>
        <Column label=t!(device_user)/>
        <Column label=t!(device_licenses) number=true/>
    };
    view! {
        <ActionForm action=action>
            {carried("assets[]", ids)}
            <input type="hidden" name="search" value=search/>
            <input type="hidden" name="platform" value=platform/>
            <div class="commands bar">
                <Submit
                    kind=Kind::Main
                    label=t!(assign_plan_ticked)
                    name="way"
                    value=Way::Chosen.as_str()
                    pending=action.pending()
                />
                <Submit label=all name="way" value=Way::Matching.as_str() pending=action.pending()/>
            </div>
            {elsewhere(DEVICES, here)}
            <Table caption=t!(menu_devices) head>{rows}</Table>
        </ActionForm>
        {pager}
    }
    .into_any()
}

fn row(row: DeviceRow) -> impl IntoView {
    view! {
        <tr>
            <Pick name=DEVICES value=row.id.0 label=t!(list_pick, name = &row.name)/>
            <th scope="row">{row.name}</th>
            <td data-label=t!(device_serial)>{row.serial.shown().to_owned()}</td>
            <td data-label=t!(device_platform)>{row.platform.label()} " " {row.os_version}</td>
            <td data-label=t!(device_model)>{or_dash(row.model)}</td>
            <td data-label=t!(device_user)>{or_dash(row.user_name)}</td>
            <td data-label=t!(device_licenses) class="number">{crate::i18n::number(row.licenses)}</td>
        </tr>
    }
}

#[component]
fn FromText(ids: Vec<String>, action: Action) -> impl IntoView {
    view! {
        <Card title=t!(assign_paste)>
            <div class="form">
                <ActionForm action=action>
                    {carried("assets[]", ids)}
                    <input type="hidden" name="way" value=Way::Pasted.as_str()/>
                    <Area
                        name="serials"
                        label=t!(assign_serials)
                        hint=t!(assign_serials_hint)
                        rows=6
                        required=true
                    />
                    <div class="commands">
                        <Submit label=t!(assign_plan_pasted) pending=action.pending()/>
                    </div>
                </ActionForm>
            </div>
        </Card>
    }
}
