//! The head of a page, and cards with facts.

use crate::{browser, t};
use leptos::prelude::*;
use leptos_meta::Title;

/// The page's name, a line under it, and its command bar as children.
#[component]
pub fn PageHead(
    #[prop(into)] title: String,
    #[prop(optional, into)] sub: Option<String>,
    /// The commands.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    browser::focus_heading("page-title");
    let commands = children.map(|children| {
        view! { <div class="commands" role="group" aria-label=t!(page_commands)>{children()}</div> }
            .into_any()
    });
    view! {
        <Title text=title.clone()/>
        <div class="head">
            <div>
                <h1 id="page-title" tabindex="-1">{title}</h1>
                {sub.map(|sub| view! { <p class="muted small">{sub}</p> })}
            </div>
            {commands}
        </div>
    }
}

#[component]
pub fn Card(#[prop(optional, into)] title: Option<String>, children: Children) -> impl IntoView {
    view! {
        <section class="card">
            {title.map(|title| view! { <h2>{title}</h2> }.into_any())}
            {children()}
        </section>
    }
}

/// Names and values, one a line.
#[component]
pub fn Facts(children: Children) -> impl IntoView {
    view! { <dl class="facts">{children()}</dl> }
}

#[component]
pub fn Fact(#[prop(into)] name: String, children: Children) -> impl IntoView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd>{children()}</dd>
        </div>
    }
}
