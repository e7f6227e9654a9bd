//! Every list can be had as a file.

use super::{Address, Icon};
use crate::t;
use leptos::prelude::*;

/// The list as `file`, with its filters and in its order.
#[component]
pub fn ExportLink(
    address: Memo<Address>,
    file: &'static str,
    /// What the list is of, beyond what its address says.
    #[prop(optional)]
    also: Vec<(&'static str, String)>,
) -> impl IntoView {
    let href = move || address.with(|address| address.export(file, &also));
    view! { <a class="button" download="" href=href>{Icon::Download.view()} {t!(catalog_export)}</a> }
}
