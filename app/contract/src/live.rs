//! What `GET /events` sends to open pages.

use crate::{
    AssetId, LocationId, OperationId, UnixMillis, activity::OperationState, catalog::Counts,
    tokens::SyncState,
};
use serde::{Deserialize, Serialize};

/// A small typed change; pages patch what they show with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveEvent {
    /// A sync began, went on or ended.
    Sync { location: LocationId, state: SyncState },
    /// An asset's licences changed.
    Counts { asset: AssetId, counts: Counts },
    /// An operation went on; its items are to be read again.
    Operation {
        id: OperationId,
        state: OperationState,
        total: i64,
        done: i64,
        failed: i64,
        waiting: i64,
        /// As [`crate::activity::OperationRow::next_try_at`].
        #[serde(default)]
        next_try_at: Option<UnixMillis>,
    },
    /// A token's state changed: lists are to be read again.
    Token { location: LocationId },
    /// Somebody asked for an app, or was answered.
    Requests,
    /// Apple was told something of people, or told something of them: what is shown of that is to be read again.
    Users,
    /// A device went or came back, has another user, or its browsers were signed out.
    Devices,
    /// This reader was too slow and missed changes: everything is to be read again.
    Missed,
}
