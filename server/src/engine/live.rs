//! What happened just now, for open pages.

use contract::live::LiveEvent;
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::broadcast;

/// Changes that one who listens may be behind.
const KEPT: usize = 4096;

/// Hands events on to everybody who listens. Nobody may listen; slow listeners miss some and are told so.
#[derive(Clone)]
pub struct Live {
    pages: broadcast::Sender<LiveEvent>,
    /// What happened here alone, for other replicas; nothing where there can be none.
    ours: Arc<OnceLock<broadcast::Sender<LiveEvent>>>,
    /// This start of this process, and how much has happened since.
    run: Arc<str>,
    count: Arc<AtomicU64>,
}

impl Live {
    /// `run`: no other start of any replica has the same.
    pub fn new(run: String) -> Self {
        Self {
            pages: broadcast::channel(KEPT).0,
            ours: Arc::default(),
            run: run.into(),
            count: Arc::default(),
        }
    }

    /// Changes with all that happens. What is read after this was asked knows what happened before; whoever finds the same
    /// once it listens has missed nothing.
    pub fn position(&self) -> String {
        format!("{}.{}", self.run, self.count.load(Ordering::SeqCst))
    }

    pub fn send(&self, event: LiveEvent) {
        // No listener is no fault.
        if let Some(ours) = self.ours.get() {
            drop(ours.send(event.clone()));
        }
        self.relay(event);
    }

    /// Of another replica: to pages alone.
    pub(super) fn relay(&self, event: LiveEvent) {
        // First: who listens too late to hear it sees that something happened.
        self.count.fetch_add(1, Ordering::SeqCst);
        drop(self.pages.send(event));
    }

    pub fn listen(&self) -> broadcast::Receiver<LiveEvent> {
        self.pages.subscribe()
    }

    /// What happens here from now on.
    pub(super) fn ours(&self) -> broadcast::Receiver<LiveEvent> {
        self.ours.get_or_init(|| broadcast::channel(KEPT).0).subscribe()
    }
}
