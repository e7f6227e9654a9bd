//! What happened just now, for open pages.

use contract::live::LiveEvent;
use tokio::sync::broadcast;

/// Hands events on to everybody who listens. Nobody may listen; slow listeners miss some and are told so.
#[derive(Clone)]
pub struct Live(broadcast::Sender<LiveEvent>);

impl Default for Live {
    fn default() -> Self {
        Self(broadcast::channel(4096).0)
    }
}

impl Live {
    pub fn send(&self, event: LiveEvent) {
        // No listener is no fault.
        drop(self.0.send(event));
    }

    pub fn listen(&self) -> broadcast::Receiver<LiveEvent> {
        self.0.subscribe()
    }
}
