//! `/search?q=`: the box, and below it what was found.

use super::{calls, card::DeviceCard, error::ErrorCard, found::Groups};
use crate::{
    live,
    reading::{reading, when_read},
    session, t,
    ui::{Empty, Icon, Kind, PageHead, Submit, address, either},
};
use contract::{Caller, live::LiveEvent, search::Found, tokens::SyncState};
use leptos::prelude::*;

pub fn search_page() -> AnyView {
    let address = address();
    let text = Memo::new(move |_| address.with(|address| address.get("q")).trim().to_owned());
    let found = reading(move || text.get(), calls::find);
    live::on_change(concerns, move || found.refetch());
    let body = when_read(move || async move {
        let caller = session::caller().await;
        either(found.await, move |found| {
            let text = text.get_untracked();
            view! { <Answer text found caller/> }
        })
    });
    view! {
        <PageHead title=t!(search_title)/>
        <form class="bar desk" method="get" action="/search" role="search" aria-label=t!(search_title)>
            <label for="desk">{t!(search_label)}</label>
            <input id="desk" type="search" name="q" autocomplete="off" required=true value=move || text.get()/>
            <Submit kind=Kind::Main label=t!(search_button) icon=Icon::Search/>
        </form>
        {body}
    }
    .into_any()
}

/// What a card shows may have changed.
fn concerns(event: &LiveEvent) -> bool {
    match event {
        LiveEvent::Operation { .. } | LiveEvent::Token { .. } | LiveEvent::Missed => true,
        LiveEvent::Sync { state, .. } => {
            matches!(state, SyncState::Completed { .. } | SyncState::Failed { .. })
        }
        LiveEvent::Counts { .. } | LiveEvent::Requests | LiveEvent::Users | LiveEvent::Devices => false,
    }
}

#[component]
fn Answer(text: String, found: Found, caller: Option<Caller>) -> impl IntoView {
    if found.is_empty() {
        let (title, words) = match text.is_empty() {
            true => (t!(search_begin_title).to_owned(), t!(search_begin_text)),
            false => (t!(search_none_title, text = text), t!(search_none_text)),
        };
        return view! { <Empty title text=words/> }.into_any();
    }
    let Found {
        card,
        devices,
        assets,
        people,
        more_devices,
        more_people,
        more_assets,
        error,
    } = found;
    view! {
        {error.map(|error| view! { <ErrorCard error/> })}
        {card.map(|card| view! { <DeviceCard card caller/> })}
        <Groups text devices people assets more_devices more_people more_assets/>
    }
    .into_any()
}
