//! An operation in words: its name, and its state as a tag.

use crate::{
    t,
    ui::{Tag, Tone, changing},
};
use contract::activity::{ItemState, OperationKind, OperationRow, OperationState, Reach};
use leptos::prelude::*;

/// "Assign Keynote Present", "Revoke 3 apps".
pub fn name(row: &OperationRow) -> String {
    let what = if row.asset_name.is_empty() {
        t!(running_assets, count = row.assets)
    } else {
        row.asset_name.clone()
    };
    match row.kind {
        OperationKind::Assign => t!(activity_assign, what = what),
        OperationKind::Revoke => t!(activity_revoke, what = what),
        OperationKind::Adopt => t!(activity_adopt, what = what),
        OperationKind::LetGo => t!(activity_let_go, what = what),
    }
}

/// As a form sends it.
pub(super) fn reach(reach: Reach) -> &'static str {
    match reach {
        Reach::Operation => "operation",
        Reach::Act => "act",
    }
}

pub(super) fn state(state: OperationState) -> &'static str {
    match state {
        OperationState::Queued => t!(operation_queued),
        OperationState::Running => t!(operation_running),
        OperationState::Blocked => t!(operation_blocked),
        OperationState::Stalled => t!(operation_stalled),
        OperationState::Done => t!(operation_done),
        OperationState::Cancelled => t!(operation_cancelled),
    }
}

/// `failed`: items that failed; an operation that is done says so. `held`: it waits for its moment (R4).
#[component]
pub fn OperationTag(
    #[prop(into)] state: Signal<OperationState>,
    #[prop(into)] failed: Signal<i64>,
    #[prop(optional)] held: bool,
) -> impl IntoView {
    changing(move || {
        let now = state.get();
        let (tone, label) = match now {
            OperationState::Queued if held => (Tone::Wait, t!(operation_held_back)),
            OperationState::Cancelled => (Tone::Plain, self::state(now)),
            OperationState::Queued | OperationState::Running => (Tone::Wait, self::state(now)),
            OperationState::Blocked | OperationState::Stalled => (Tone::Bad, self::state(now)),
            OperationState::Done if failed.get() > 0 => (Tone::Warn, t!(operation_done_failed)),
            OperationState::Done => (Tone::Good, self::state(now)),
        };
        view! { <Tag tone label/> }
    })
}

pub(super) fn item(state: ItemState) -> (Tone, &'static str) {
    match state {
        ItemState::Open => (Tone::Plain, t!(item_open)),
        ItemState::Sent => (Tone::Wait, t!(item_sent)),
        ItemState::Done => (Tone::Good, t!(item_done)),
        ItemState::Failed => (Tone::Bad, t!(item_failed)),
        ItemState::Waiting => (Tone::Wait, t!(item_waiting)),
    }
}
