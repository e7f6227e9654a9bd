//! Where a sync stands, in words, as a tag and as a bar; and what live events make of it (S1).

use crate::{
    i18n, live, t,
    ui::{FaultNote, Progress, Tag, Tone, changing},
};
use contract::{
    LocationId,
    live::LiveEvent,
    tokens::{SyncProgress, SyncStage, SyncState, TokenState},
};
use leptos::prelude::*;
use std::collections::HashMap;

/// States of syncs that came after the page was read.
#[derive(Clone, Copy)]
pub(super) struct LiveSyncs(RwSignal<HashMap<LocationId, SyncState>>);

impl LiveSyncs {
    /// Follows all locations; `read_again` is called when more than the sync's state has changed, at most once in a
    /// second: of *Sync all* thousands end.
    pub fn follow(read_again: impl Fn() + Clone + 'static) -> Self {
        let states = RwSignal::new(HashMap::new());
        let at_once = read_again.clone();
        live::on_event(move |event| match event {
            LiveEvent::Sync { location, state } => {
                states.try_update(|all| all.insert(location.clone(), state.clone()));
            }
            LiveEvent::Missed => {
                states.try_update(HashMap::clear);
                at_once();
            }
            _ => {}
        });
        live::on_change(
            |event| match event {
                LiveEvent::Sync { state, .. } => {
                    matches!(state, SyncState::Completed { .. } | SyncState::Failed { .. })
                }
                LiveEvent::Token { .. } | LiveEvent::Counts { .. } => true,
                _ => false,
            },
            read_again,
        );
        Self(states)
    }

    /// The newest state known of a location's sync.
    pub fn state(self, location: &LocationId, read: SyncState) -> Signal<SyncState> {
        let location = location.clone();
        let Self(states) = self;
        Signal::derive(move || {
            states
                .with(|all| all.get(&location).cloned())
                .unwrap_or_else(|| read.clone())
        })
    }
}

pub(super) fn stage(stage: SyncStage) -> &'static str {
    match stage {
        SyncStage::Starting => t!(sync_stage_starting),
        SyncStage::Assets => t!(sync_stage_assets),
        SyncStage::Assignments => t!(sync_stage_assignments),
        SyncStage::Metadata => t!(sync_stage_metadata),
        SyncStage::Finishing => t!(sync_stage_finishing),
    }
}

fn tag(state: &SyncState) -> (Tone, String) {
    match state {
        SyncState::Never => (Tone::Plain, t!(sync_never).to_owned()),
        SyncState::Queued => (Tone::Wait, t!(sync_queued).to_owned()),
        SyncState::InProgress { progress } => (
            Tone::Wait,
            t!(sync_running, percent = i18n::percent(progress.percent)),
        ),
        SyncState::Completed { app_errors: 0, .. } => (Tone::Good, t!(sync_completed).to_owned()),
        SyncState::Completed { app_errors, .. } => {
            (Tone::Warn, t!(sync_completed_errors, count = *app_errors))
        }
        SyncState::Failed { .. } => (Tone::Bad, t!(sync_failed).to_owned()),
    }
}

/// `stopped`: nothing comes of what is queued ([`contract::tokens::TokenRow::sync_stop`]).
#[component]
pub(super) fn SyncTag(
    #[prop(into)] state: Signal<SyncState>,
    #[prop(optional)] stopped: bool,
) -> impl IntoView {
    changing(move || {
        let (tone, label) = state.with(|state| match state {
            SyncState::Queued | SyncState::Never if stopped => (Tone::Plain, t!(sync_stopped).to_owned()),
            state => tag(state),
        });
        view! { <Tag tone label/> }
    })
}

/// Why no sync comes, in place of when.
pub(super) fn stopped(by: &TokenState) -> &'static str {
    match by {
        TokenState::Expired => t!(sync_stopped_expired),
        TokenState::Unknown => t!(sync_stopped_unknown),
        TokenState::Revoked => t!(sync_stopped_revoked),
        TokenState::Duplicate => t!(sync_stopped_duplicate),
        TokenState::Valid | TokenState::AssignedToExternalMdm { .. } => t!(sync_stopped),
    }
}

/// The bar of a running sync; what failed, if it did; nothing for one that is done.
#[component]
pub(super) fn SyncNow(
    state: Signal<SyncState>,
    /// As of [`SyncTag`].
    stopped: bool,
) -> impl IntoView {
    let progress = Memo::new(move |_| {
        state.with(|state| match state {
            SyncState::Queued if stopped => None,
            SyncState::Queued => Some(SyncProgress::default()),
            SyncState::InProgress { progress } => Some(*progress),
            _ => None,
        })
    });
    let bar = move || {
        progress.with(Option::is_some).then(|| {
            let now = move || progress.get().unwrap_or_default();
            let label = move || match state.get() {
                SyncState::Queued => t!(sync_queued).to_owned(),
                _ => stage(now().stage).to_owned(),
            };
            let percent = move || Some(now().percent).filter(|percent| *percent > 0);
            view! {
                <Progress
                    label=Signal::derive(label)
                    detail=Signal::derive(move || detail(&now()))
                    percent=Signal::derive(percent)
                />
            }
        })
    };
    let failed = changing(move || match state.get() {
        SyncState::Failed { fault, .. } => Some(view! { <FaultNote fault/> }),
        _ => None,
    });
    // Only the bar's beginning and end rebuild it; in between its words change.
    let running = Memo::new(move |_| progress.with(Option::is_some));
    view! {
        {move || {
            running.get();
            untrack(bar)
        }}
        {failed}
    }
}

/// "page 4 of 92 · 120 licences read · about 50 s left".
fn detail(progress: &SyncProgress) -> String {
    let page = match (progress.pages_total, progress.pages) {
        (_, 0) => None,
        (0, page) => Some(t!(sync_page, page = page)),
        (total, page) => Some(t!(sync_page_of, page = page, total = total)),
    };
    let read = match progress.stage {
        SyncStage::Assets => page.map(|page| [page, t!(sync_assets_read, count = progress.assets)]),
        SyncStage::Assignments => {
            page.map(|page| [page, t!(sync_licenses_read, count = progress.assignments)])
        }
        SyncStage::Starting | SyncStage::Metadata | SyncStage::Finishing => None,
    };
    // To whole seconds: less would only flicker.
    let left = progress.left.map(|left| {
        let time = i18n::took(left.max(10_000) / 1_000 * 1_000);
        t!(operation_left, time = time)
    });
    read.into_iter()
        .flatten()
        .chain(left)
        .collect::<Vec<_>>()
        .join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t4_what_stops_a_sync_is_said_of_every_state_that_does() {
        let states = [
            TokenState::Expired,
            TokenState::Unknown,
            TokenState::Revoked,
            TokenState::Duplicate,
        ];
        for state in &states {
            assert!(stopped(state).starts_with("None"), "{state:?}");
        }
        let words: std::collections::BTreeSet<_> = states.iter().map(stopped).collect();
        assert_eq!(words.len(), states.len());
    }

    #[test]
    fn s1_progress_names_what_is_read_and_how_long_it_takes() {
        let assets = SyncProgress {
            stage: SyncStage::Assets,
            pages: 4,
            assets: 68,
            ..SyncProgress::default()
        };
        assert_eq!(detail(&assets), "page 4 · 68 apps and books read");
        let licences = SyncProgress {
            stage: SyncStage::Assignments,
            pages: 1,
            pages_total: 92,
            assignments: 100,
            left: Some(91_400),
            ..assets
        };
        let left = t!(operation_left, time = i18n::took(91_000));
        assert_eq!(
            detail(&licences),
            format!("page 1 of 92 · 100 licences read · {left}")
        );
        let metadata = SyncProgress {
            stage: SyncStage::Metadata,
            left: None,
            ..licences
        };
        assert_eq!(detail(&metadata), "");
    }
}
