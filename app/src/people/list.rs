//! `/people`: whom the organisation knows.

use super::calls;
use crate::{
    i18n,
    reading::{reading, when_read},
    session, t,
    ui::{
        Address, ButtonLink, CollectAny, Column, Empty, ExportLink, FilterForm, Filters, Icon, Kind,
        PageHead, Pill, Table, Tag, Tone, address, either, nothing_found, or_dash, pager,
    },
};
use contract::{
    Page, Permission,
    people::{PersonQuery, PersonRow},
};
use leptos::prelude::*;

/// What the address asks for; that of the export too.
pub fn query(address: &Address) -> PersonQuery {
    PersonQuery {
        search: address.get("search"),
        active: address.get("active").parse().ok(),
        sort: address.choice("sort").unwrap_or_default(),
        page: address.page(),
    }
}

pub fn list_page() -> AnyView {
    let address = address();
    let people = reading(move || address.with(query), calls::list);
    when_read(move || async move {
        let manage = session::caller()
            .await
            .is_some_and(|caller| caller.may(Permission::ManagePeople));
        either(people.await, move |page| view! { <List address page manage/> })
    })
}

#[component]
fn List(address: Memo<Address>, page: Page<PersonRow>, manage: bool) -> impl IntoView {
    let pager = pager(address, &page);
    let filtered = address.with_untracked(|address| {
        let query = query(address);
        !query.search.is_empty() || query.active.is_some()
    });
    let none = page.rows.is_empty();
    let sub = page
        .total
        .map(|total| t!(people_count, count = total))
        .unwrap_or_default();
    let list = match (none, filtered) {
        (true, false) => view! {
            <Empty title=t!(people_empty_title) text=t!(people_empty_text)>
                {manage.then(commands)}
            </Empty>
        }
        .into_any(),
        (true, true) => nothing_found("/people"),
        _ => view! { <People address rows=page.rows/> }.into_any(),
    };
    view! {
        <PageHead title=t!(people_title) sub>
            {manage.then(commands)}
            {(!none).then(|| view! { <ExportLink address file="people.csv"/> })}
        </PageHead>
        <div class="bar" hidden=none && !filtered>
            <FilterForm address label=t!(people_search) keep=&["active", "sort", "dir"]/>
            <Filters label=t!(people_by_state)>
                <Pill address name="active" value="true" label=t!(person_active)/>
                <Pill address name="active" value="false" label=t!(person_inactive)/>
            </Filters>
        </div>
        {list}
        {pager}
    }
}

fn commands() -> impl IntoView {
    view! {
        <ButtonLink href="/people/new" label=t!(people_add) kind=Kind::Main icon=Icon::Plus/>
        <ButtonLink href="/people/import" label=t!(people_upload) icon=Icon::File/>
        <ButtonLink href="/settings/scim" label=t!(scim_title) icon=Icon::Sync/>
    }
}

#[component]
fn People(address: Memo<Address>, rows: Vec<PersonRow>) -> impl IntoView {
    let head = view! {
        <Column label=t!(person_name) sort=("name", address) first=true/>
        <Column label=t!(person_user_name) sort=("user_name", address)/>
        <Column label=t!(person_email)/>
        <Column label=t!(person_apple_account)/>
        <Column label=t!(person_active)/>
        <Column label=t!(person_devices) number=true/>
    };
    let rows = rows.into_iter().map(row).collect_any();
    view! { <Table caption=t!(people_title) head>{rows}</Table> }
}

fn row(row: PersonRow) -> impl IntoView {
    view! {
        <tr>
            <th scope="row"><a href=format!("/people/{}", row.id)>{row.name}</a></th>
            <td data-label=t!(person_user_name)>{row.user_name}</td>
            <td data-label=t!(person_email)>{or_dash(row.email)}</td>
            <td data-label=t!(person_apple_account)>{or_dash(row.managed_apple_account)}</td>
            <td data-label=t!(person_active)>{state(row.active)}</td>
            <td data-label=t!(person_devices) class="number">{i18n::number(row.devices)}</td>
        </tr>
    }
}

/// Whether a person is here or has left.
pub(super) fn state(active: bool) -> impl IntoView {
    let (tone, label) = if active {
        (Tone::Good, t!(person_active))
    } else {
        (Tone::Plain, t!(person_inactive))
    };
    view! { <Tag tone label/> }
}
