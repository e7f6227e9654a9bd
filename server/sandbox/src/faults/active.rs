//! Switches in force: the setting, its counters and its dice, for all locations and per location.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use parking_lot::RwLock;
use tokio::sync::watch;

use super::{Faults, PageWrite, RandomFault};
use crate::random::Dice;
use crate::wire::MdmInfo;

/// A setting in force, with what is left of its countdowns.
#[derive(Debug)]
pub(crate) struct ActiveFaults {
    /// The setting.
    pub(crate) faults: Faults,
    dice: Dice,
    burst_left: AtomicU32,
    page_writes_left: AtomicU32,
    claim_after: AtomicU32,
    claimed: AtomicBool,
}

/// What befalls a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misfortune {
    None,
    TooManyRequests,
    InternalError,
    Unavailable,
    DropBefore,
    DropAfter,
}

impl ActiveFaults {
    pub(crate) fn new(faults: Faults) -> Self {
        Self {
            dice: Dice::new(faults.random.seed),
            burst_left: AtomicU32::new(faults.too_many_requests_burst),
            page_writes_left: AtomicU32::new(faults.page_write_times.unwrap_or(u32::MAX)),
            claim_after: AtomicU32::new(
                faults
                    .foreign_claim
                    .as_ref()
                    .map_or(0, |claim| claim.after_requests),
            ),
            claimed: AtomicBool::new(false),
            faults,
        }
    }

    /// The changed setting: what an order does not name goes on counting.
    pub(crate) fn changed(&self, faults: Faults, named: impl Fn(&str) -> bool) -> Self {
        let go_on = |left: &AtomicU32| AtomicU32::new(left.load(Ordering::Relaxed));
        let mut changed = Self::new(faults);
        if !named("too_many_requests_burst") {
            changed.burst_left = go_on(&self.burst_left);
        }
        if !named("page_write") && !named("page_write_times") {
            changed.page_writes_left = go_on(&self.page_writes_left);
        }
        if !named("foreign_claim") {
            changed.claim_after = go_on(&self.claim_after);
            changed.claimed = AtomicBool::new(self.claimed.load(Ordering::Relaxed));
        }
        changed
    }

    /// Draws what befalls the next request.
    pub(crate) fn draw(&self) -> Misfortune {
        if take(&self.burst_left) {
            return Misfortune::TooManyRequests;
        }
        let random = &self.faults.random;
        if !self.dice.hits(random.rate) {
            return Misfortune::None;
        }
        match self.dice.pick(&random.kinds) {
            None => Misfortune::None,
            Some(RandomFault::TooManyRequests) => Misfortune::TooManyRequests,
            Some(RandomFault::InternalError) => Misfortune::InternalError,
            Some(RandomFault::Unavailable) => Misfortune::Unavailable,
            Some(RandomFault::DropBefore) => Misfortune::DropBefore,
            Some(RandomFault::DropAfter) => Misfortune::DropAfter,
        }
    }

    /// What to write after a page that is not the last.
    pub(crate) fn page_write(&self) -> PageWrite {
        let write = self.faults.page_write;
        let counted = self.faults.page_write_times.is_some();
        if write == PageWrite::None || (counted && !take(&self.page_writes_left)) {
            return PageWrite::None;
        }
        write
    }

    /// The other MDM that takes over with this request, once.
    pub(crate) fn foreign_claim(&self) -> Option<&MdmInfo> {
        let claim = self.faults.foreign_claim.as_ref()?;
        if take(&self.claim_after) || self.claimed.swap(true, Ordering::Relaxed) {
            return None;
        }
        Some(&claim.mdm_info)
    }

    /// Whether this notification is lost.
    pub(crate) fn loses_notification(&self) -> bool {
        self.dice.hits(self.faults.lost_notifications)
    }

    /// Whether this notification is sent twice.
    pub(crate) fn doubles_notification(&self) -> bool {
        self.dice.hits(self.faults.doubled_notifications)
    }
}

/// Takes one from a countdown; false when nothing is left.
fn take(left: &AtomicU32) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
        .is_ok()
}

/// The setting for all locations and those of single locations, by `uId`.
#[derive(Debug)]
pub(crate) struct FaultTable {
    common: RwLock<Arc<ActiveFaults>>,
    own: RwLock<HashMap<String, Arc<ActiveFaults>>>,
    changes: watch::Sender<()>,
}

impl FaultTable {
    pub(crate) fn new(faults: Faults) -> Self {
        Self {
            common: RwLock::new(Arc::new(ActiveFaults::new(faults))),
            own: RwLock::default(),
            changes: watch::Sender::default(),
        }
    }

    /// Tells of every change from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// What holds for all locations without a setting of their own.
    pub(crate) fn common(&self) -> Arc<ActiveFaults> {
        Arc::clone(&self.common.read())
    }

    /// What holds for this location.
    pub(crate) fn of(&self, uid: &str) -> Arc<ActiveFaults> {
        let own = self.own.read().get(uid).map(Arc::clone);
        own.unwrap_or_else(|| self.common())
    }

    pub(crate) fn set_common(&self, faults: ActiveFaults) {
        *self.common.write() = Arc::new(faults);
        self.changes.send_replace(());
    }

    pub(crate) fn set_own(&self, uid: &str, faults: ActiveFaults) {
        self.own.write().insert(uid.to_owned(), Arc::new(faults));
        self.changes.send_replace(());
    }

    pub(crate) fn reset_own(&self, uid: &str) {
        self.own.write().remove(uid);
        self.changes.send_replace(());
    }
}
