//! Short news at the edge of the page, read out politely.

use super::{changing, keyed};
use leptos::prelude::*;
use std::time::Duration;

#[derive(Clone, Copy)]
struct News(RwSignal<Vec<(u64, String)>>);

/// To be called once, by the frame.
pub fn provide_toasts() {
    provide_context(News(RwSignal::new(Vec::new())));
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
    view! { <div class="toasts" role="status" aria-live="polite">{all}</div> }
}
