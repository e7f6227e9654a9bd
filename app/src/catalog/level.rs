//! How far an app's licences go, in words and colours.

use crate::{
    t,
    ui::{MeterLevel, Tag, Tone},
};
use contract::catalog::{Counts, Level};
use leptos::prelude::*;

/// Waiting holders come first: they are what somebody must act on.
#[component]
pub(super) fn LevelTag(counts: Counts, unlimited: bool) -> impl IntoView {
    let level = Level::of(counts.total, counts.available, unlimited);
    let (tone, label) = match level {
        _ if counts.waiting > 0 => (Tone::Bad, t!(overview_asset_waiting, count = counts.waiting)),
        Level::Unlimited => (Tone::Good, t!(level_unlimited).to_owned()),
        Level::Out => (Tone::Bad, t!(level_out).to_owned()),
        Level::Low => (Tone::Warn, t!(level_low, count = counts.available)),
        Level::Unused => (Tone::Plain, t!(level_unused).to_owned()),
        Level::Enough => (Tone::Good, t!(level_enough).to_owned()),
    };
    view! { <Tag tone label/> }
}

/// The meter's colour.
pub fn meter_level(total: i64, available: i64, unlimited: bool) -> MeterLevel {
    match Level::of(total, available, unlimited) {
        Level::Out => MeterLevel::Out,
        Level::Low => MeterLevel::Low,
        Level::Unused | Level::Enough | Level::Unlimited => MeterLevel::Enough,
    }
}
