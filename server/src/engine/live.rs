//! What happened just now, for open pages.

use contract::live::LiveEvent;
use std::sync::{Arc, OnceLock};
use tokio::sync::broadcast;

/// Changes that one who listens may be behind.
const KEPT: usize = 4096;

/// Hands events on to everybody who listens. Nobody may listen; slow listeners miss some and are told so.
#[derive(Clone)]
pub struct Live {
    pages: broadcast::Sender<LiveEvent>,
    /// What happened here alone, for other replicas; nothing where there can be none.
    ours: Arc<OnceLock<broadcast::Sender<LiveEvent>>>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            pages: broadcast::channel(KEPT).0,
            ours: Arc::default(),
        }
    }
}

impl Live {
    pub fn send(&self, event: LiveEvent) {
        // No listener is no fault.
        if let Some(ours) = self.ours.get() {
            drop(ours.send(event.clone()));
        }
        self.relay(event);
    }

    /// Of another replica: to pages alone.
    pub(super) fn relay(&self, event: LiveEvent) {
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
