//! `/people/:id`: who somebody is, to change; the devices and the groups.

use super::{
    calls::{self, Change},
    form::PersonFields,
    list::state,
};
use crate::{
    form::{ActionForm, FormAction},
    groups,
    licenses::revoke_person,
    live,
    reading::{Reading, reading, when_read},
    refusal::VERSION,
    session, t,
    ui::{
        ButtonLink, Card, CollectAny, Column, Fact, Facts, Icon, Kind, Moment, PageHead, Submit, Table,
        either, keyed, or_dash, toast,
    },
    users,
};
use contract::{
    Permission, PersonId,
    devices::DeviceRow,
    live::LiveEvent,
    people::{PersonDetail, PersonForm, PersonRow, Source},
    users::PersonUsers,
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

pub fn detail_page() -> AnyView {
    let params = use_params_map();
    let id = move || PersonId(params.with(|params| params.get("id")).unwrap_or_default());
    let person = reading(id, calls::detail);
    let apple = reading(id, users::calls::of_person);
    live::on_change(
        |event| matches!(event, LiveEvent::Missed | LiveEvent::Users),
        move || apple.refetch(),
    );
    when_read(move || async move {
        let caller = session::caller().await;
        let may = |permission| caller.as_ref().is_some_and(|caller| caller.may(permission));
        let manage = may(Permission::ManagePeople);
        let licenses = may(Permission::ViewLicenses);
        either(person.await, move |detail| {
            // What is typed about one person is not another's.
            keyed(
                vec![detail],
                |detail| detail.row.id.clone(),
                move |detail| {
                    let who = (detail.row.id.clone(), detail.row.active);
                    let at_apple = at_apple(who, apple, manage);
                    view! { <Detail detail manage licenses person at_apple/> }
                },
            )
        })
    })
}

/// Read by itself, so that its news leave the form alone.
fn at_apple(who: (PersonId, bool), apple: Reading<PersonUsers>, manage: bool) -> AnyView {
    when_read(move || {
        let who = who.clone();
        async move {
            either(apple.await, move |users| {
                users::users_card(who, users, manage, apple)
            })
        }
    })
}

#[component]
fn Detail(
    detail: PersonDetail,
    manage: bool,
    licenses: bool,
    person: Reading<PersonDetail>,
    at_apple: AnyView,
) -> impl IntoView {
    let PersonDetail {
        row,
        source,
        version,
        changed_at,
        devices,
        groups,
        held,
    } = detail;
    let directory = source == Source::Scim;
    let source = match source {
        Source::Manual => t!(source_manual),
        Source::Csv => t!(source_csv),
        Source::Scim => t!(source_scim),
    };
    let active = row.active;
    let elsewhere = licenses.then(|| {
        let id = &row.id;
        let (licenses, ledger) = (format!("/licenses?person={id}"), format!("/ledger?person={id}"));
        view! {
            <ButtonLink href=licenses label=t!(menu_licenses) icon=Icon::License/>
            <ButtonLink href=ledger label=t!(ledger_title) icon=Icon::Activity/>
        }
        .into_any()
    });
    let revoke = (held > 0).then(|| {
        let href = revoke_person(&row.id);
        view! { <ButtonLink href label=t!(device_revoke_all) kind=Kind::Danger/> }.into_any()
    });
    let name = row.name.clone();
    let sub = row.user_name.clone();
    let about = if manage {
        view! { <ChangeForm row version directory person/> }.into_any()
    } else {
        view! { <About row/> }.into_any()
    };
    view! {
        <PageHead title=name sub>{elsewhere}{revoke}</PageHead>
        {about}
        <Card title=t!(person_state)>
            <Facts>
                <Fact name=t!(person_active)>{state(active)}</Fact>
                <Fact name=t!(person_source)>{source}</Fact>
                <Fact name=t!(person_changed)><Moment at=changed_at/></Fact>
            </Facts>
        </Card>
        {at_apple}
        <Devices devices/>
        <h2 class="section">{t!(groups_title)}</h2>
        {groups::table(groups, t!(person_groups_none))}
    }
}

#[component]
fn About(row: PersonRow) -> impl IntoView {
    view! {
        <Card title=t!(person_about)>
            <Facts>
                <Fact name=t!(person_user_name)>{row.user_name}</Fact>
                <Fact name=t!(person_email)>{or_dash(row.email)}</Fact>
                <Fact name=t!(person_apple_account)>{or_dash(row.managed_apple_account)}</Fact>
                <Fact name=t!(person_department)>{or_dash(row.department)}</Fact>
            </Facts>
        </Card>
    }
}

#[component]
fn ChangeForm(row: PersonRow, version: i64, directory: bool, person: Reading<PersonDetail>) -> impl IntoView {
    let action = FormAction::<Change>::new();
    Effect::new(move |_| {
        if action.done().get().is_some() {
            toast(t!(person_saved));
            person.refetch();
        }
    });
    let refusal = action.refusal();
    let id = row.id.clone();
    let version = refusal.at_first(VERSION, version.to_string());
    let form = PersonForm::from(row);
    view! {
        {refusal.note()}
        <div class="form card">
            <h2>{t!(person_about)}</h2>
            {directory.then(|| view! { <p class="muted">{t!(person_by_directory)}</p> })}
            <ActionForm action=action>
                <input type="hidden" name="id" value=id.0/>
                <input type="hidden" name=VERSION value=version/>
                <PersonFields person=form refusal/>
                <div class="commands">
                    <Submit kind=Kind::Main label=t!(person_save) pending=action.pending()/>
                </div>
            </ActionForm>
        </div>
    }
}

#[component]
fn Devices(devices: Vec<DeviceRow>) -> impl IntoView {
    let table = if devices.is_empty() {
        view! { <p class="muted">{t!(person_devices_none)}</p> }.into_any()
    } else {
        let head = view! {
            <Column label=t!(device_name)/>
            <Column label=t!(device_serial)/>
            <Column label=t!(device_platform)/>
            <Column label=t!(device_model)/>
        };
        let rows = devices.into_iter().map(device).collect_any();
        view! { <Table caption=t!(person_devices) head>{rows}</Table> }.into_any()
    };
    view! {
        <h2 class="section">{t!(person_devices)}</h2>
        {table}
    }
}

fn device(row: DeviceRow) -> impl IntoView {
    view! {
        <tr>
            <th scope="row"><a href=format!("/devices/{}", row.id)>{row.name}</a></th>
            <td data-label=t!(device_serial)>{row.serial.shown().to_owned()}</td>
            <td data-label=t!(device_platform)>{row.platform.label()}</td>
            <td data-label=t!(device_model)>{row.model}</td>
        </tr>
    }
}
