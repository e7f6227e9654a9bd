//! Tells open pages how far things are.

use super::Engine;
use contract::{Fault, LocationId, activity::OperationRow, live::LiveEvent, tokens::SyncState};
use store::{StoreError, operations::Batch};

impl Engine {
    /// The operation's numbers and the counts of its assets, as they are now.
    pub(super) async fn show_operation(&self, batch: &Batch) -> Result<(), Fault> {
        let row = self.db.operation(&batch.operation).await?;
        let ids: Vec<_> = batch.assets.iter().map(|(id, _)| *id).collect();
        self.show_counts(&ids).await?;
        self.live.send(news(row));
        Ok(())
    }

    /// The location's operations that have not ended: all of them were blocked, or go on.
    pub(super) async fn show_operations(&self, location: &LocationId) -> Result<(), StoreError> {
        for row in self.db.open_operations(location).await? {
            self.live.send(news(row));
        }
        Ok(())
    }

    /// The state of the location's sync.
    pub(super) async fn show_sync(&self, location: &LocationId) -> Result<(), Fault> {
        let state: SyncState = self.db.sync_state(location).await?;
        self.live.send(LiveEvent::Sync {
            location: location.clone(),
            state,
        });
        Ok(())
    }
}

/// How far an operation is.
pub fn news(row: OperationRow) -> LiveEvent {
    LiveEvent::Operation {
        id: row.id,
        state: row.state,
        total: row.total,
        done: row.done,
        failed: row.failed,
        waiting: row.waiting,
        next_try_at: row.next_try_at,
    }
}
