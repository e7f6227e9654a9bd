//! The few figures that matter, first and large.

use leptos::prelude::*;

#[component]
pub fn Stats(children: Children) -> impl IntoView {
    view! { <ul class="stats" role="list">{children()}</ul> }
}

/// A figure and what it counts; a link if there is more to see.
#[component]
pub fn Stat(
    #[prop(into)] figure: Signal<String>,
    #[prop(into)] label: Signal<String>,
    #[prop(optional, into)] href: Option<String>,
) -> impl IntoView {
    let inside = view! { <b>{move || figure.get()}</b> <span>{move || label.get()}</span> };
    let inside = match href {
        Some(href) => view! { <a href=href>{inside}</a> }.into_any(),
        None => view! { <p>{inside}</p> }.into_any(),
    };
    view! { <li class="card stat">{inside}</li> }
}
