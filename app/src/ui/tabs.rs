//! Tabs of a detail page: links, so that each has an address.

use leptos::prelude::*;

#[component]
pub fn Tabs(#[prop(into)] label: String, children: Children) -> impl IntoView {
    view! { <nav class="tabs" aria-label=label>{children()}</nav> }
}

#[component]
pub fn Tab(
    #[prop(into)] href: String,
    #[prop(into)] label: String,
    #[prop(into)] current: Signal<bool>,
) -> impl IntoView {
    view! { <a href=href aria-current=move || current.get().then_some("page")>{label}</a> }
}
