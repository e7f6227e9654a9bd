//! Short news at the edge of the page, read out politely.

use super::{changing, keyed};
use leptos::prelude::*;
use std::time::Duration;

#[derive(Clone, Copy)]
struct News(RwSignal<Vec<(u64, String)>>);

/// What is read out without being shown.
#[derive(Clone, Copy)]
struct Said(RwSignal<String>);

/// To be called once, by the frame.
pub fn provide_toasts() {
    provide_context(News(RwSignal::new(Vec::new())));
    provide_context(Said(RwSignal::new(String::new())));
}

/// Has something read out, also if it is the same as before.
pub fn say(mut words: String) {
    if let Some(Said(said)) = use_context() {
        if said.with_untracked(|before| *before == words) {
            words.push('\u{a0}');
        }
        said.set(words);
    }
}

/// Says something for eight seconds.
pub fn toast(words: impl Into<String>) {
    let Some(News(news)) = use_context::<News>() else {
        return;
    };
    let id = news.with_untracked(|all| all.last().map_or(0, |(id, _)| id + 1));
    news.update(|all| all.push((id, words.into())));
    set_timeout(
        move || _ = news.try_update(|all| all.retain(|(other, _)| *other != id)),
        Duration::from_secs(8),
    );
}

/// Where they are shown.
#[component]
pub fn Toasts() -> impl IntoView {
    let all = changing(|| {
        let all = use_context::<News>().map(|News(news)| news.get());
        let words = |(_, words): (u64, String)| view! { <p class="toast">{words}</p> };
        keyed(all.unwrap_or_default(), |(id, _)| *id, words)
    });
    let said = use_context();
    let said = move || said.map(|Said(said)| said.get());
    view! {
        <p class="visually-hidden" role="status">{said}</p>
        <div class="toasts" role="status" aria-live="polite">{all}</div>
    }
}
