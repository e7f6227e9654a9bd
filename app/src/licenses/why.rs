//! What every form asks that gives licences or takes them back: why, and for how long it is held back (R4).

use crate::{refusal::Refusal, t, ui::Field};
use leptos::prelude::*;

/// `typed` is what stands there at first, if no refusal brings anything back.
pub(crate) fn reason_field(refusal: Refusal, typed: String) -> AnyView {
    view! {
        <Field
            name="reason"
            label=t!(revoke_reason)
            hint=t!(revoke_reason_hint)
            value=refusal.at_first("reason", typed)
            error=refusal.of("reason")
        />
    }
    .into_any()
}

pub(crate) fn hold_field(refusal: Refusal) -> AnyView {
    view! {
        <Field
            name="hold_minutes"
            kind="number"
            min="0"
            max="10080"
            value=refusal.at_first("hold_minutes", "0")
            label=t!(revoke_hold)
            hint=t!(revoke_hold_hint)
            error=refusal.of("hold_minutes")
        />
    }
    .into_any()
}
