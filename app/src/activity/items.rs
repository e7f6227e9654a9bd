//! The items of an operation: each pair of an app and a holder, with its result.

use super::words;
use crate::{
    i18n, t,
    ui::{Address, CollectAny, Column, ExportLink, Filters, Pill, Table, Tag, pager},
};
use contract::{
    OperationId, Page,
    activity::{ItemState, OperationItem},
};
use leptos::prelude::*;

#[component]
pub(super) fn Items(address: Memo<Address>, id: OperationId, page: Page<OperationItem>) -> impl IntoView {
    let pager = pager(address, &page);
    let none = page.rows.is_empty();
    let list = if none {
        view! { <p class="muted">{t!(items_none)}</p> }.into_any()
    } else {
        let head = view! {
            <Column label=t!(item_holder)/>
            <Column label=t!(item_app)/>
            <Column label=t!(item_state)/>
            <Column label=t!(item_apple)/>
        };
        let rows = page.rows.into_iter().map(line).collect_any();
        view! { <Table caption=t!(items_title) head>{rows}</Table> }.into_any()
    };
    view! {
        <h2 class="section">{t!(items_title)}</h2>
        <div class="bar">
            <Filters label=t!(items_by_state)>
                {ItemState::ALL
                    .map(|state| view! { <Pill address name="state" value=state.as_str() label=words::item(state).1/> })
                    .collect_any()}
            </Filters>
            {(!none).then(|| view! { <ExportLink address file="items.csv" also=vec![("operation", id.0)]/> })}
        </div>
        {list}
        {pager}
    }
}

fn line(item: OperationItem) -> impl IntoView {
    let (tone, label) = words::item(item.state);
    let holder = item.holder.id().to_owned();
    let name = item.holder_name.map(|name| view! { <small>{name}</small> });
    let apple = item.error.map(|error| match i18n::own_words(&error) {
        Some(words) => words.to_owned(),
        None => format!("{} – {}", error.number, error.message),
    });
    view! {
        <tr>
            <th scope="row">
                <div class="stack"><a href=format!("/licenses?holder={holder}")>{holder.clone()}</a> {name}</div>
            </th>
            <td data-label=t!(item_app)>{item.asset_name}</td>
            <td data-label=t!(item_state)><Tag tone label/></td>
            <td data-label=t!(item_apple)>{apple.unwrap_or_else(|| "–".to_owned())}</td>
        </tr>
    }
}
