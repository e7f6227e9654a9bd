//! The top bar: mark, search, running operations, account.

use super::{account::Account, demo_mark, running::Running};
use crate::{
    browser, t,
    ui::{Icon, Mark},
};
use contract::{activity::OperationRow, session::Me};
use leptos::{ev, prelude::*};

#[component]
pub fn TopBar(me: Me, running: Vec<OperationRow>) -> impl IntoView {
    view! {
        <header class="top">
            <a class="brand" href="/" aria-label=t!(brand)><Mark/> <span>{t!(brand)}</span></a>
            {me.demo.then(demo_mark)}
            <Search/>
            <Running read=running/>
            {me.caller.map(|caller| view! { <Account caller/> })}
        </header>
    }
}

/// `/` focuses it, from anywhere but a field.
#[component]
fn Search() -> impl IntoView {
    Effect::new(|_| {
        let handle = window_event_listener(ev::keydown, |event| {
            if event.key() == "/" && !event.ctrl_key() && !event.meta_key() && !in_field() {
                event.prevent_default();
                browser::focus("search");
            }
        });
        on_cleanup(move || handle.remove());
    });
    view! {
        <form class="search" method="get" action="/search" role="search" aria-label=t!(frame_search_label)>
            {Icon::Search.view()}
            <input
                id="search"
                type="search"
                name="q"
                placeholder=t!(frame_search)
                aria-label=t!(frame_search)
                autocomplete="off"
                required=true
            />
            <kbd aria-hidden="true">"/"</kbd>
        </form>
    }
}

fn in_field() -> bool {
    let tag = document().active_element().map(|element| element.tag_name());
    matches!(tag.as_deref(), Some("INPUT" | "TEXTAREA" | "SELECT"))
}
