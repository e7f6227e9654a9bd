//! A token's state in words: its tag, what is wrong, and the remedy (T3).

use crate::{
    t,
    ui::{Note, Tag, Tone},
};
use contract::tokens::{AccountType, TokenState};
use leptos::prelude::*;

pub(super) fn label(state: &TokenState) -> &'static str {
    match state {
        TokenState::Valid => t!(token_state_valid),
        TokenState::Expired => t!(token_state_expired),
        TokenState::Unknown => t!(token_state_unknown),
        TokenState::Revoked => t!(token_state_revoked),
        TokenState::AssignedToExternalMdm { .. } => t!(token_state_external),
        TokenState::Duplicate => t!(token_state_duplicate),
    }
}

#[component]
pub fn StateTag(state: TokenState) -> impl IntoView {
    let tone = match state {
        TokenState::Valid => Tone::Good,
        TokenState::Duplicate => Tone::Warn,
        _ => Tone::Bad,
    };
    view! { <Tag tone label=label(&state)/> }
}

/// What is wrong and what to do; nothing for a valid token.
#[component]
pub(super) fn StateNote(state: TokenState) -> impl IntoView {
    let (title, remedy) = match state {
        TokenState::Valid => return None,
        TokenState::Expired => (t!(token_expired_title).to_owned(), t!(token_expired_remedy)),
        TokenState::Unknown => (t!(token_unknown_title).to_owned(), t!(token_unknown_remedy)),
        TokenState::Revoked => (t!(token_revoked_title).to_owned(), t!(token_revoked_remedy)),
        TokenState::AssignedToExternalMdm { mdm } => {
            (t!(token_external_title, mdm = mdm), t!(token_external_remedy))
        }
        TokenState::Duplicate => (t!(token_duplicate_title).to_owned(), t!(token_duplicate_remedy)),
    };
    Some(view! {
        <Note tone=Tone::Bad title>
            <p>{remedy}</p>
        </Note>
    })
}

pub fn account_type(kind: AccountType) -> &'static str {
    match kind {
        AccountType::Business => t!(account_type_business),
        AccountType::Education => t!(account_type_education),
    }
}

pub(super) fn on_off(on: bool) -> &'static str {
    if on { t!(setting_on) } else { t!(setting_off) }
}
