//! The table of a list: a caption for screen readers, columns that sort by links, a region that scrolls by itself.
//! Cells carry `data-label`, under which a phone shows them as lines of a card; of the head it shows the links that sort.

use super::Address;
use crate::t;
use contract::Direction;
use leptos::prelude::*;

/// `head` holds the [`Column`]s, the children the rows.
#[component]
pub fn Table(#[prop(into)] caption: String, head: impl IntoView, children: Children) -> impl IntoView {
    let name = caption.clone();
    view! {
        <div class="table-region" role="region" tabindex="0" aria-label=name>
            <table>
                <caption class="visually-hidden">{caption}</caption>
                <thead>
                    <tr data-sort=t!(list_sort)>{head}</tr>
                </thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
}

/// A column; with `sort` its head is a link that sorts.
#[component]
pub fn Column(
    #[prop(into)] label: String,
    /// The sort's name in the URL, and the address to change.
    #[prop(optional)]
    sort: Option<(&'static str, Memo<Address>)>,
    /// The list is sorted by this column unless asked otherwise.
    #[prop(optional)]
    first: bool,
    /// Numbers stand right.
    #[prop(optional)]
    number: bool,
    /// What stands below it in the same cells.
    #[prop(optional, into)]
    below: Option<String>,
) -> impl IntoView {
    let class = if number { "number" } else { "" };
    let below = below.map(|below| view! { <small>{below}</small> });
    let Some((name, address)) = sort else {
        return view! { <th scope="col" class=class>{label} {below}</th> }.into_any();
    };
    let sorted = move || {
        address
            .with(|address| address.is_sorted(name, first))
            .map(|direction| match direction {
                Direction::Up => "ascending",
                Direction::Down => "descending",
            })
    };
    view! {
        <th scope="col" class=class aria-sort=sorted>
            <a href=move || address.with(|address| address.sorted(name, first))>{label}</a>
            {below}
        </th>
    }
    .into_any()
}
