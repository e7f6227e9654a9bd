//! A licence's state and what happened to it, in words.

use crate::{
    i18n, t,
    ui::{Tag, Tone},
};
use contract::{
    AppleError,
    licenses::{Act, Holder, LicenseState},
};
use leptos::prelude::*;

pub fn label(state: LicenseState) -> &'static str {
    match state {
        LicenseState::Waiting => t!(license_waiting),
        LicenseState::Requested => t!(license_requested),
        LicenseState::Held => t!(license_held),
        LicenseState::Releasing => t!(license_releasing),
        LicenseState::Released => t!(license_released),
        LicenseState::Failed => t!(license_failed),
    }
}

#[component]
pub fn StateTag(state: LicenseState) -> impl IntoView {
    let tone = match state {
        LicenseState::Held => Tone::Good,
        LicenseState::Waiting | LicenseState::Requested | LicenseState::Releasing => Tone::Wait,
        LicenseState::Released => Tone::Plain,
        LicenseState::Failed => Tone::Bad,
    };
    view! { <Tag tone label=label(state)/> }
}

pub(super) fn act_words(act: Act) -> (Tone, &'static str) {
    match act {
        Act::Found => (Tone::Plain, t!(act_found)),
        Act::Gone => (Tone::Warn, t!(act_gone)),
        Act::Queued => (Tone::Wait, t!(act_queued)),
        Act::Requested => (Tone::Wait, t!(act_requested)),
        Act::Held => (Tone::Good, t!(act_held)),
        Act::Releasing => (Tone::Wait, t!(act_releasing)),
        Act::Released => (Tone::Plain, t!(act_released)),
        Act::Failed => (Tone::Bad, t!(act_failed)),
        Act::Forgotten => (Tone::Plain, t!(act_forgotten)),
        Act::Adopted => (Tone::Good, t!(act_adopted)),
        Act::LetGo => (Tone::Plain, t!(act_let_go)),
        Act::Ended => (Tone::Plain, t!(act_ended)),
        Act::Withdrawn => (Tone::Plain, t!(act_withdrawn)),
    }
}

#[component]
pub(super) fn ActTag(act: Act) -> impl IntoView {
    let (tone, label) = act_words(act);
    view! { <Tag tone label/> }
}

pub(super) fn kind(holder: &Holder) -> &'static str {
    match holder {
        Holder::Device(_) => t!(license_kind_device),
        Holder::User(_) => t!(license_kind_user),
    }
}

/// Apple's number and words, small, under what failed; our own where Apple had none.
pub(super) fn apple_words(error: Option<AppleError>) -> Option<impl IntoView> {
    error.map(|error| {
        let words = i18n::own_words(&error).map_or_else(
            || {
                t!(
                    fault_apple,
                    number = error.number.to_string(),
                    message = &error.message
                )
            },
            str::to_owned,
        );
        view! { <p class="small muted">{words}</p> }
    })
}
