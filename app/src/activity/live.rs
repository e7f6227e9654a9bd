//! What live events make of operations after a page was read.

use crate::live;
use contract::{
    OperationId, UnixMillis,
    activity::{OperationRow, OperationState},
    live::LiveEvent,
};
use leptos::prelude::*;
use std::collections::HashMap;

/// The part of an operation that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    pub state: OperationState,
    pub total: i64,
    pub done: i64,
    pub failed: i64,
    pub waiting: i64,
    pub next_try_at: Option<UnixMillis>,
}

impl Numbers {
    pub fn of(row: &OperationRow) -> Self {
        let OperationRow {
            state,
            total,
            done,
            failed,
            waiting,
            next_try_at,
            ..
        } = *row;
        Self {
            state,
            total,
            done,
            failed,
            waiting,
            next_try_at,
        }
    }

    /// Items with a result.
    pub fn settled(self) -> i64 {
        self.done + self.failed + self.waiting
    }

    pub fn open(self) -> i64 {
        self.total - self.settled()
    }
}

#[derive(Clone, Copy)]
pub(super) struct LiveOperations(RwSignal<HashMap<OperationId, Numbers>>);

impl LiveOperations {
    /// Follows all operations; `read_again` is called when more than numbers has changed.
    pub fn follow(read_again: impl Fn() + 'static) -> Self {
        let all = RwSignal::new(HashMap::<OperationId, Numbers>::new());
        live::on_event(move |event| match event {
            LiveEvent::Operation {
                id,
                state,
                total,
                done,
                failed,
                waiting,
                next_try_at,
            } => {
                let (total, done, failed, waiting) = (*total, *done, *failed, *waiting);
                let now = Numbers {
                    state: *state,
                    total,
                    done,
                    failed,
                    waiting,
                    next_try_at: *next_try_at,
                };
                let before = all.try_update(|all| all.insert(id.clone(), now)).flatten();
                // New, or stopped, or ended, or to be tried again: then there is a fault or an end to show, too.
                let same = |before: Numbers| (before.state, before.next_try_at) == (*state, *next_try_at);
                if !before.is_some_and(same) {
                    read_again();
                }
            }
            LiveEvent::Missed => {
                all.try_update(HashMap::clear);
                read_again();
            }
            _ => {}
        });
        Self(all)
    }

    /// The newest numbers known of an operation that was read.
    pub fn numbers(self, row: &OperationRow) -> Signal<Numbers> {
        let (id, read) = (row.id.clone(), Numbers::of(row));
        let Self(all) = self;
        Signal::derive(move || all.with(|all| all.get(&id).copied()).unwrap_or(read))
    }
}
