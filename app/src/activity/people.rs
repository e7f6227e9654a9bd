//! `/activity/people`: what Apple is told of people, so that they can hold user licences, and what came of it (A2, M2, D4).

use super::words;
use crate::{
    i18n, live,
    reading::{reading, when_read},
    t,
    ui::{
        Address, CollectAny, Column, Empty, ExportLink, Filters, Moment, PageHead, Pill, Stat, Stats, Tab,
        Table, Tabs, Tag, address, either, nothing_found, pager,
    },
    users::{self, calls},
};
use contract::{
    LocationId,
    activity::ItemState,
    live::LiveEvent,
    users::{Telling, Told, ToldPage, ToldQuery},
};
use leptos::prelude::*;

/// What the activity shown is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    Licenses,
    People,
}

pub(super) fn tabs(shown: About) -> impl IntoView {
    let is = move |about| Signal::stored(shown == about);
    view! {
        <Tabs label=t!(activity_title)>
            <Tab href="/activity" label=t!(menu_licenses) current=is(About::Licenses)/>
            <Tab href="/activity/people" label=t!(people_title) current=is(About::People)/>
        </Tabs>
    }
}

/// What the address asks for; that of the export too.
pub fn query(address: &Address) -> ToldQuery {
    ToldQuery {
        state: address.choice("state"),
        location: Some(address.get("location"))
            .filter(|id| !id.is_empty())
            .map(LocationId),
        page: address.page(),
    }
}

pub fn people_page() -> AnyView {
    let address = address();
    let told = reading(move || address.with(query), calls::told);
    live::on_change(
        |event| matches!(event, LiveEvent::Users | LiveEvent::Missed),
        move || told.refetch(),
    );
    when_read(move || async move { either(told.await, move |told| view! { <List address told/> }) })
}

#[component]
fn List(address: Memo<Address>, told: ToldPage) -> impl IntoView {
    let ToldPage {
        open,
        failed,
        done,
        page,
    } = told;
    let pager = pager(address, &page);
    let none = page.rows.is_empty();
    let filtered = address.with_untracked(|address| {
        let query = query(address);
        query.state.is_some() || query.location.is_some()
    });
    let list = match (none, filtered) {
        (true, false) => view! { <Empty title=t!(told_empty_title) text=t!(told_empty_text)/> }.into_any(),
        (true, true) => nothing_found("/activity/people"),
        _ => {
            let head = view! {
                <Column label=t!(told_person)/>
                <Column label=t!(told_what)/>
                <Column label=t!(item_state)/>
                <Column label=t!(item_apple)/>
                <Column label=t!(activity_location)/>
                <Column label=t!(told_changed)/>
            };
            let rows = page.rows.into_iter().map(row).collect_any();
            view! { <Table caption=t!(told_title) head>{rows}</Table> }.into_any()
        }
    };
    view! {
        <PageHead title=t!(told_title) sub=t!(told_sub).to_owned()>
            {(!none).then(|| view! { <ExportLink address file="activity-people.csv"/> })}
        </PageHead>
        {tabs(About::People)}
        <Stats>
            <Stat figure=i18n::number(done) label=t!(operation_stat_done)/>
            <Stat figure=i18n::number(failed) label=t!(operation_stat_failed)/>
            <Stat figure=i18n::number(open) label=t!(operation_stat_open)/>
        </Stats>
        <div class="bar" hidden=none && !filtered>
            <Filters label=t!(activity_by_state)>
                {[ItemState::Open, ItemState::Sent, ItemState::Done, ItemState::Failed]
                    .map(|state| view! { <Pill address name="state" value=state.as_str() label=words::item(state).1/> })
                    .into_iter()
                    .collect_any()}
            </Filters>
        </div>
        {list}
        {pager}
    }
}

fn row(row: Told) -> impl IntoView {
    let (tone, label) = words::item(row.state);
    let (_, status) = users::status(row.status);
    let name = match row.person {
        Some(id) => view! { <a href=format!("/people/{id}")>{row.name.clone()}</a> }.into_any(),
        None => view! { <span>{t!(told_gone)}</span> }.into_any(),
    };
    let other = (row.user_name != row.name).then(|| view! { <small>{row.user_name}</small> });
    let managed = (!row.managed.is_empty()).then(|| view! { <small>{row.managed}</small> });
    let next = row.next_try_at.map(|at| {
        view! { <small>{t!(operation_retry_next)} " " <Moment at/></small> }
    });
    let licenses = format!("/licenses?holder={}", row.client_user_id);
    view! {
        <tr>
            <th scope="row"><div class="stack">{name} {other} {managed}</div></th>
            <td data-label=t!(told_what)>{what(row.what)}</td>
            <td data-label=t!(item_state)><div class="stack"><Tag tone label/> {next}</div></td>
            <td data-label=t!(item_apple)>
                <div class="stack"><a href=licenses>{status}</a> {row.error.map(users::refusal)}</div>
            </td>
            <td data-label=t!(activity_location)>{row.location_name}</td>
            <td data-label=t!(told_changed)><Moment at=row.changed_at/></td>
        </tr>
    }
}

fn what(what: Telling) -> &'static str {
    match what {
        Telling::Register => t!(told_register),
        Telling::Change => t!(told_change),
        Telling::Retire => t!(told_retire),
    }
}
