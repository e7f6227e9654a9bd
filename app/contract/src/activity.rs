//! Operations: what Pomona does at Apple, with progress and a result per item.

use crate::{
    AppleError, Caller, Fault, LocationId, OperationId, Page, PageQuery, UnixMillis, licenses::Holder,
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    Assign,
    Revoke,
}

impl OperationKind {
    pub fn as_str(self) -> &'static str {
        match self {
            OperationKind::Assign => "assign",
            OperationKind::Revoke => "revoke",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Assign, Self::Revoke]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    Queued,
    Running,
    /// The token or its owner must be put right first.
    Blocked,
    /// Tried as often as allowed; can be resumed.
    Stalled,
    Done,
}

impl OperationState {
    pub const ALL: [OperationState; 5] = [
        Self::Queued,
        Self::Running,
        Self::Blocked,
        Self::Stalled,
        Self::Done,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            OperationState::Queued => "queued",
            OperationState::Running => "running",
            OperationState::Blocked => "blocked",
            OperationState::Stalled => "stalled",
            OperationState::Done => "done",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationRow {
    pub id: OperationId,
    pub kind: OperationKind,
    pub state: OperationState,
    pub location: LocationId,
    pub location_name: String,
    /// The app's name if it is one, else empty.
    pub asset_name: String,
    pub assets: i64,
    pub by: String,
    pub reason: String,
    pub created_at: UnixMillis,
    pub finished_at: Option<UnixMillis>,
    /// Items: pairs of an app and a holder.
    pub total: i64,
    pub done: i64,
    pub failed: i64,
    /// Put on the waiting list for want of licences.
    pub waiting: i64,
    /// Why it is blocked or stalled.
    pub fault: Option<Fault>,
}

impl OperationRow {
    /// 0 to 100.
    pub fn percent(&self) -> i64 {
        if self.total == 0 {
            100
        } else {
            (self.done + self.failed + self.waiting) * 100 / self.total
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// Not sent.
    Open,
    /// Sent to Apple, not confirmed.
    Sent,
    Done,
    Failed,
    Waiting,
}

impl ItemState {
    pub const ALL: [ItemState; 5] = [Self::Open, Self::Sent, Self::Done, Self::Failed, Self::Waiting];

    pub fn as_str(self) -> &'static str {
        match self {
            ItemState::Open => "open",
            ItemState::Sent => "sent",
            ItemState::Done => "done",
            ItemState::Failed => "failed",
            ItemState::Waiting => "waiting",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationItem {
    pub asset_name: String,
    pub holder: Holder,
    pub holder_name: Option<String>,
    pub state: ItemState,
    pub error: Option<AppleError>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct OperationQuery {
    pub state: Option<OperationState>,
    pub location: Option<LocationId>,
    pub page: PageQuery,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct ItemQuery {
    pub state: Option<ItemState>,
    pub page: PageQuery,
}

#[async_trait]
pub trait Activity: Send + Sync {
    /// Newest first.
    async fn list(&self, caller: &Caller, query: OperationQuery) -> Result<Page<OperationRow>, Fault>;
    async fn detail(&self, caller: &Caller, id: &OperationId) -> Result<OperationRow, Fault>;
    async fn items(
        &self,
        caller: &Caller,
        id: &OperationId,
        query: ItemQuery,
    ) -> Result<Page<OperationItem>, Fault>;
    /// Operations that have not ended, newest first, at most ten: for the frame.
    async fn running(&self, caller: &Caller) -> Result<Vec<OperationRow>, Fault>;
    /// Takes a stalled or blocked operation up again.
    async fn resume(&self, caller: &Caller, id: &OperationId) -> Result<(), Fault>;
}
