//! `/groups`: all groups by name.

use super::{calls, words};
use crate::{
    i18n,
    reading::{reading, when_read},
    session, t,
    ui::{
        Address, ButtonLink, CollectAny, Column, ExportLink, FilterForm, Filters, Icon, Kind, PageHead, Pill,
        Table, address, either, nothing_found, pager,
    },
};
use contract::{
    Page, Permission,
    groups::{GroupKind, GroupQuery, GroupRow},
};
use leptos::prelude::*;

/// What the address asks for; that of the export too.
pub fn query(address: &Address) -> GroupQuery {
    GroupQuery {
        search: address.get("search"),
        kind: address.choice("kind"),
        page: address.page(),
    }
}

pub fn list_page() -> AnyView {
    let address = address();
    let groups = reading(move || address.with(query), calls::list);
    when_read(move || async move {
        let manage = session::caller()
            .await
            .is_some_and(|caller| caller.may(Permission::ManageGroups));
        either(groups.await, move |page| view! { <List address page manage/> })
    })
}

#[component]
fn List(address: Memo<Address>, page: Page<GroupRow>, manage: bool) -> impl IntoView {
    let pager = pager(address, &page);
    let sub = page
        .total
        .map(|total| t!(groups_count, count = total))
        .unwrap_or_default();
    let none = page.rows.is_empty();
    // The built-in groups are always there, so an empty list is a filtered one.
    let list = if none {
        nothing_found("/groups")
    } else {
        let head = view! {
            <Column label=t!(group_name) sort=("name", address) first=true/>
            <Column label=t!(group_kind)/>
            <Column label=t!(group_rule)/>
            <Column label=t!(group_members) number=true/>
        };
        let rows = page.rows.into_iter().map(row).collect_any();
        view! { <Table caption=t!(groups_title) head>{rows}</Table> }.into_any()
    };
    let add = move || {
        manage.then(|| view! { <ButtonLink href="/groups/new" label=t!(groups_add) kind=Kind::Main icon=Icon::Plus/> })
    };
    view! {
        <PageHead title=t!(groups_title) sub>
            {add()}
            {(!none).then(|| view! { <ExportLink address file="groups.csv"/> })}
        </PageHead>
        <div class="bar">
            <FilterForm address label=t!(groups_search) keep=&["kind", "dir"]/>
            <Filters label=t!(groups_by_kind)>
                {GroupKind::ALL
                    .map(|kind| view! { <Pill address name="kind" value=kind.as_str() label=words::kind(kind)/> })
                    .collect_any()}
            </Filters>
        </div>
        {list}
        {pager}
    }
}

fn row(row: GroupRow) -> impl IntoView {
    view! {
        <tr>
            <th scope="row"><a href=format!("/groups/{}", row.id)>{words::name(&row)}</a></th>
            <td data-label=t!(group_kind)>{words::kind(row.kind)}</td>
            <td data-label=t!(group_rule)>{words::made_of(&row)}</td>
            <td data-label=t!(group_members) class="number">{i18n::number(row.members)}</td>
        </tr>
    }
}

/// A few groups on another page, or words if there are none.
pub(crate) fn table(groups: Vec<GroupRow>, none: &'static str) -> AnyView {
    if groups.is_empty() {
        return view! { <p class="muted">{none}</p> }.into_any();
    }
    let head = view! {
        <Column label=t!(group_name)/>
        <Column label=t!(group_kind)/>
        <Column label=t!(group_rule)/>
        <Column label=t!(group_members) number=true/>
    };
    let rows = groups.into_iter().map(row).collect_any();
    view! { <Table caption=t!(groups_title) head>{rows}</Table> }.into_any()
}
