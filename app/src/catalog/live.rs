//! Counts that came after the page was read.

use crate::live;
use contract::{AssetId, catalog::Counts, live::LiveEvent};
use leptos::prelude::*;
use std::collections::HashMap;

#[derive(Clone, Copy)]
pub(super) struct LiveCounts(RwSignal<HashMap<AssetId, Counts>>);

impl LiveCounts {
    /// Follows all assets; `missed` is called when changes were missed.
    pub fn follow(missed: impl Fn(Self) + 'static) -> Self {
        let counts = Self(RwSignal::new(HashMap::new()));
        live::on_event(move |event| match event {
            LiveEvent::Counts { asset, counts: new } => counts.take([(*asset, *new)]),
            LiveEvent::Missed => missed(counts),
            _ => {}
        });
        counts
    }

    /// Puts newer counts in. What is shown changes in place, so that ticked boxes stay ticked.
    pub fn take(self, new: impl IntoIterator<Item = (AssetId, Counts)>) {
        self.0.try_update(|all| all.extend(new));
    }

    /// The newest counts known of an asset.
    pub fn of(self, id: AssetId, read: Counts) -> Memo<Counts> {
        Memo::new(move |_| self.0.with(|all| all.get(&id).copied()).unwrap_or(read))
    }
}
