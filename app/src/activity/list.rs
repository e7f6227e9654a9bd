//! `/activity`: all operations, newest first.

use super::{
    calls,
    live::LiveOperations,
    people::{About, tabs},
    progress::ProgressCell,
    words::{self, OperationTag},
};
use crate::{
    i18n,
    reading::{reading, when_read},
    t,
    ui::{
        Address, CollectAny, Column, Empty, ExportLink, Filters, Moment, PageHead, Pill, Table, address,
        either, keyed, nothing_found, pager,
    },
};
use contract::{
    LocationId, OperationId, Page,
    activity::{OperationQuery, OperationRow, OperationState},
};
use leptos::prelude::*;

/// What the address asks for; that of the export too.
pub fn query(address: &Address) -> OperationQuery {
    OperationQuery {
        state: address.choice("state"),
        location: Some(address.get("location"))
            .filter(|id| !id.is_empty())
            .map(LocationId),
        act: Some(address.get("act"))
            .filter(|id| !id.is_empty())
            .map(OperationId),
        page: address.page(),
    }
}

pub fn list_page() -> AnyView {
    let address = address();
    let operations = reading(move || address.with(query), calls::list);
    let live = LiveOperations::follow(move || operations.refetch());
    when_read(
        move || async move { either(operations.await, move |page| view! { <List address page live/> }) },
    )
}

#[component]
fn List(address: Memo<Address>, page: Page<OperationRow>, live: LiveOperations) -> impl IntoView {
    let pager = pager(address, &page);
    let filtered = address.with_untracked(|address| {
        let query = query(address);
        query.state.is_some() || query.location.is_some() || query.act.is_some()
    });
    let none = page.rows.is_empty();
    let sub = page
        .total
        .map(|total| t!(running_many, count = total))
        .unwrap_or_default();
    let list = match (none, filtered) {
        (true, false) => {
            view! { <Empty title=t!(activity_empty_title) text=t!(activity_empty_text)/> }.into_any()
        }
        (true, true) => nothing_found("/activity"),
        _ => {
            let rows = keyed(page.rows, |row| row.id.clone(), |row| view! { <Row row live/> });
            view! { <Table caption=t!(activity_title) head=head()>{rows}</Table> }.into_any()
        }
    };
    view! {
        <PageHead title=t!(activity_title) sub>
            {(!none).then(|| view! { <ExportLink address file="activity.csv"/> })}
        </PageHead>
        {tabs(About::Licenses)}
        <div class="bar" hidden=none && !filtered>
            <Filters label=t!(activity_by_state)>
                {OperationState::ALL
                    .map(|state| view! { <Pill address name="state" value=state.as_str() label=words::state(state)/> })
                    .collect_any()}
            </Filters>
        </div>
        {list}
        {pager}
    }
}

fn head() -> impl IntoView {
    view! {
        <Column label=t!(activity_what)/>
        <Column label=t!(activity_state)/>
        <Column label=t!(activity_progress)/>
        <Column label=t!(activity_location)/>
        <Column label=t!(activity_by)/>
        <Column label=t!(activity_started)/>
        <Column label=t!(activity_ended)/>
    }
}

#[component]
fn Row(row: OperationRow, live: LiveOperations) -> impl IntoView {
    let numbers = live.numbers(&row);
    let held = row.is_held_back();
    let name = words::name(&row);
    let ended = match row.finished_at {
        Some(at) => view! { <Moment at/> }.into_any(),
        None => "–".into_any(),
    };
    let state = Signal::derive(move || numbers.get().state);
    let failed = Signal::derive(move || numbers.get().failed);
    let tried = row.fault.filter(|_| row.next_try_at.is_some());
    let tried = tried.map(|fault| view! { <p class="small muted">{i18n::cause(&fault)}</p> });
    view! {
        <tr>
            <th scope="row"><a href=format!("/activity/{}", row.id)>{name}</a></th>
            <td data-label=t!(activity_state)><OperationTag state failed held/>{tried}</td>
            <td data-label=t!(activity_progress)><ProgressCell numbers/></td>
            <td data-label=t!(activity_location)>{row.location_name}</td>
            <td data-label=t!(activity_by)>{row.by}</td>
            <td data-label=t!(activity_started)><Moment at=row.created_at/></td>
            <td data-label=t!(activity_ended)>{ended}</td>
        </tr>
    }
}
