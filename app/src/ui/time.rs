//! Moments as `<time>`: absolute from the server, then "2 min ago" in the browser, the exact time on pointing and focus.

use super::changing;
use crate::{browser, i18n};
use contract::UnixMillis;
use leptos::prelude::*;

/// A moment: how long ago, or how far ahead.
#[component]
pub fn Moment(at: UnixMillis) -> impl IntoView {
    let exact = move || match browser::now() {
        None => i18n::moment(at, "UTC"),
        Some(_) => i18n::moment(at + browser::zone_minutes(at) * 60_000, ""),
    };
    let words = changing(move || match browser::now() {
        None => i18n::moment(at, "UTC"),
        Some(now) => i18n::relative(at, now),
    });
    view! { <time class="moment" tabindex="0" datetime=i18n::iso(at) title=exact>{words}</time> }
}

/// A day: "7 Jan 2027"; pointing at it says how far away it is.
#[component]
pub fn Day(at: UnixMillis) -> impl IntoView {
    let away = move || browser::now().map(|now| i18n::relative(at, now));
    view! { <time datetime=i18n::iso(at) title=away>{i18n::day(at)}</time> }
}
