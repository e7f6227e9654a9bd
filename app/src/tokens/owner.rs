//! Who manages a location, in words (T5).

use crate::{i18n, t};
use contract::tokens::{OlderMdm, Ownership};
use leptos::prelude::*;

pub(super) fn words(owner: &Ownership) -> String {
    match owner.other() {
        Some(name) => t!(owner_other, name = i18n::mdm(&name)),
        None if *owner == Ownership::ThisPomona => t!(owner_this).to_owned(),
        None => t!(owner_nobody).to_owned(),
    }
}

/// What is to be known of an MDM that speaks Apple's older interface; nothing of any other.
pub(super) fn older(owner: &Ownership) -> Option<impl IntoView + use<>> {
    let Ownership::Other { name, metadata, .. } = owner else {
        return None;
    };
    let words = match OlderMdm::of(name, metadata)? {
        OlderMdm::Host(_) => t!(owner_older),
        OlderMdm::Unnamed => t!(owner_older_unnamed),
    };
    Some(view! { <p>{words}</p> })
}
