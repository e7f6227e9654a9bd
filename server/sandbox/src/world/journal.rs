//! Which assignments came when, for `sinceVersionId`. Removed ones are left out, as Apple documents no way to show them.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use super::asset::AssetId;
use super::holders::Holder;

/// Entries kept; older versions are then invalid (9721).
const KEPT: usize = 4_000_000;

/// A pair that has or had a licence.
pub(crate) type Pair = (AssetId, Holder);

/// Additions in the order of their writes.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: VecDeque<(u64, Pair)>,
    /// Writes up to this one are forgotten.
    forgotten: u64,
    /// The last delta, so that its pages are not computed one by one.
    last: Mutex<Option<Delta>>,
}

#[derive(Debug)]
struct Delta {
    since: u64,
    until: u64,
    pairs: Arc<Vec<Pair>>,
}

impl Journal {
    /// The journal with these entries, in the order of their writes, of which some before are forgotten.
    pub(crate) fn of(forgotten: u64, entries: impl IntoIterator<Item = (u64, Pair)>) -> Self {
        Self {
            entries: entries.into_iter().collect(),
            forgotten,
            last: Mutex::default(),
        }
    }

    /// Writes up to this one are forgotten.
    pub(crate) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// What is kept, in the order of the writes.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u64, Pair)> {
        self.entries.iter().copied()
    }

    /// Notes an addition.
    pub(crate) fn note(&mut self, write: u64, pair: Pair) {
        self.entries.push_back((write, pair));
        if self.entries.len() > KEPT
            && let Some((write, _)) = self.entries.pop_front()
        {
            self.forgotten = write;
        }
    }

    /// Pairs added after a write that are still there, in a stable order; none if that is too long ago.
    /// `until` is the newest write: as long as it is the same, so is the delta.
    pub(crate) fn since(
        &self,
        since: u64,
        until: u64,
        is_there: impl Fn(&Pair) -> bool,
    ) -> Option<Arc<Vec<Pair>>> {
        if since < self.forgotten {
            return None;
        }
        let mut last = self.last.lock();
        if let Some(delta) = last
            .as_ref()
            .filter(|delta| delta.since == since && delta.until == until)
        {
            return Some(Arc::clone(&delta.pairs));
        }
        let start = self.entries.partition_point(|(write, _)| *write <= since);
        let mut pairs: Vec<Pair> = self.entries.range(start..).map(|(_, pair)| *pair).collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs.retain(is_there);
        let pairs = Arc::new(pairs);
        *last = Some(Delta {
            since,
            until,
            pairs: Arc::clone(&pairs),
        });
        Some(pairs)
    }
}
