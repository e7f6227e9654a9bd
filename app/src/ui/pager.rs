//! Links to the pages before and after.

use super::Address;
use crate::{browser, t};
use contract::Page;
use leptos::prelude::*;

/// Nothing if all rows are on this page. Whoever does not see the list hears how many there are once it was asked for others.
pub fn pager<T>(address: Memo<Address>, page: &Page<T>) -> Option<impl IntoView + use<T>> {
    let Page {
        previous,
        next,
        total,
        ..
    } = page;
    browser::say_found(total.map(|total| t!(list_total, count = total)));
    let link = move |cursor: &Option<String>, rel: &'static str, label: &'static str| {
        cursor.as_ref().map(|cursor| {
            let href = address.with_untracked(|address| address.at(cursor));
            view! { <a class="button" rel=rel href=href>{label}</a> }.into_any()
        })
    };
    let links = (
        link(previous, "prev", t!(list_previous)),
        link(next, "next", t!(list_next)),
    );
    let total = *total;
    (previous.is_some() || next.is_some()).then(|| {
        view! {
            <nav class="pager" aria-label=t!(list_pages)>
                {links.0}
                {total.map(|total| view! { <span class="muted small">{t!(list_total, count = total)}</span> }.into_any())}
                {links.1}
            </nav>
        }.into_any()
    })
}
