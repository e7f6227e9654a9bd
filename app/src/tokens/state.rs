//! A token's state in words: its tag, what is wrong, and the remedy (T3).

use super::owner;
use crate::{
    i18n, t,
    ui::{ButtonLink, CollectAny, Note, Tag, Tone},
};
use contract::tokens::{AccountType, Deed, Ownership, TokenDetail, TokenRow, TokenState};
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

/// Apple lets the token look and change nothing (9637).
#[component]
pub fn ReadOnlyTag() -> impl IntoView {
    view! { <Tag tone=Tone::Bad label=t!(token_read_only)/> }
}

/// What that means and what helps; nothing for a token that has to be replaced anyway.
#[component]
pub(super) fn ReadOnlyNote(token: TokenRow, manage: bool) -> impl IntoView {
    (token.read_only && token.state.allows(Deed::Follow)).then(|| {
        let renew = manage.then(|| {
            let href = format!("/tokens/{}/renew", token.id);
            view! { <p><ButtonLink href label=t!(token_renew)/></p> }
        });
        view! {
            <Note tone=Tone::Bad title=t!(token_read_only_title)>
                <p>{t!(token_read_only_remedy)}</p>
                {renew}
            </Note>
        }
    })
}

/// What is wrong, what to do, and the way there for whoever may; nothing for a valid token whose location is ours.
#[component]
pub(super) fn StateNote(token: TokenDetail, manage: bool) -> impl IntoView {
    let (title, remedy) = match &token.row.state {
        TokenState::Valid if token.managed_by == Ownership::Nobody => {
            (t!(token_nobody_title).to_owned(), t!(token_nobody_remedy))
        }
        TokenState::Valid => return None,
        TokenState::Expired => (t!(token_expired_title).to_owned(), t!(token_expired_remedy)),
        TokenState::Unknown => (t!(token_unknown_title).to_owned(), t!(token_unknown_remedy)),
        TokenState::Revoked => (t!(token_revoked_title).to_owned(), t!(token_revoked_remedy)),
        TokenState::AssignedToExternalMdm { mdm } => (
            t!(token_external_title, mdm = i18n::mdm(mdm)),
            t!(token_external_remedy),
        ),
        TokenState::Duplicate => (t!(token_duplicate_title).to_owned(), t!(token_duplicate_remedy)),
    };
    let waiting = (token.operations_blocked > 0)
        .then(|| view! { <p><b>{t!(token_waiting, count = token.operations_blocked)}</b></p> });
    let twins = token
        .twins
        .iter()
        .map(|(id, name)| {
            let name = name.clone();
            view! { <p>{t!(token_twin)} ": " <a href=format!("/tokens/{id}")>{name}</a></p> }
        })
        .collect_any();
    Some(view! {
        <Note tone=Tone::Bad title>
            <p>{remedy}</p>
            {owner::older(&token.managed_by)}
            {twins}
            {waiting}
            {manage.then(|| way_out(&token))}
        </Note>
    })
}

/// The remedy as a button.
fn way_out(token: &TokenDetail) -> impl IntoView + use<> {
    let (page, label) = match token.row.state {
        TokenState::Valid => ("take-control", t!(token_take_control)),
        TokenState::Expired | TokenState::Unknown | TokenState::Revoked => ("renew", t!(token_renew)),
        TokenState::AssignedToExternalMdm { .. } if token.claimed_at.is_some() => {
            ("take-control", t!(token_take_back))
        }
        TokenState::AssignedToExternalMdm { .. } => ("take-control", t!(token_take_control)),
        TokenState::Duplicate => ("delete", t!(token_delete)),
    };
    let href = format!("/tokens/{}/{page}", token.row.id);
    view! { <p><ButtonLink href label/></p> }
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
