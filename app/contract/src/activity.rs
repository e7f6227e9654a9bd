//! Operations: what Pomona does at Apple, with progress and a result per item.

use crate::{
    AppleError, Caller, Code, Fault, LocationId, OperationId, Page, PageQuery, TokenId, UnixMillis,
    licenses::Holder,
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// What an operation does to licences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// Gives them.
    Assign,
    /// Takes them back.
    Revoke,
    /// Taking over what only Apple knows of (S6): nothing is sent to Apple.
    Adopt,
    /// Accepting that Apple no longer has what was given here (S5): nothing is sent to Apple.
    LetGo,
}

names! {
    OperationKind { Assign = "assign", Revoke = "revoke", Adopt = "adopt", LetGo = "let_go" }
}

/// How far an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    /// Written down, nothing of it sent.
    Queued,
    /// Something of it was sent.
    Running,
    /// The token or its owner must be put right first.
    Blocked,
    /// Tried as often as allowed; can be resumed.
    Stalled,
    /// Ended, whatever became of its items.
    Done,
    /// Ended before anything of it was sent (R4).
    Cancelled,
}

names! {
    OperationState {
        Queued = "queued",
        Running = "running",
        Blocked = "blocked",
        Stalled = "stalled",
        Done = "done",
        Cancelled = "cancelled",
    }
}

impl OperationState {
    /// Nothing more comes of it.
    pub fn is_over(self) -> bool {
        matches!(self, OperationState::Done | OperationState::Cancelled)
    }
}

/// An operation at one location, with its progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationRow {
    pub id: OperationId,
    pub kind: OperationKind,
    pub state: OperationState,
    pub location: LocationId,
    pub location_name: String,
    /// The app's name if it is one, else empty.
    pub asset_name: String,
    /// Apps and books that it is about.
    pub assets: i64,
    /// Who is named as its cause: a person, or Pomona where it acts by itself.
    pub by: String,
    /// May be empty.
    pub reason: String,
    pub created_at: UnixMillis,
    /// None as long as something can come of it.
    pub finished_at: Option<UnixMillis>,
    /// Items: pairs of an app and a holder.
    pub total: i64,
    /// Items that came about.
    pub done: i64,
    /// Items that did not come about.
    pub failed: i64,
    /// Put on the waiting list for want of licences.
    pub waiting: i64,
    /// Why it is blocked or stalled, or waits for [`OperationRow::next_try_at`].
    pub fault: Option<Fault>,
    /// The last try failed for a reason that passes; this is when the next one is due.
    #[serde(default)]
    pub next_try_at: Option<UnixMillis>,
    /// R4: it is not sent before this moment, and can be cancelled until then.
    pub held_until: Option<UnixMillis>,
    /// The operation that this one reverses.
    pub undoes: Option<OperationId>,
    /// The newest operation that reverses this one, if it was not cancelled.
    pub undone_by: Option<OperationId>,
    /// That one is under way, or nothing of it failed: there is nothing to undo here any more.
    #[serde(default)]
    pub undone: bool,
    /// R4: the first operation of those that one act started, at several locations.
    pub act: Option<OperationId>,
    /// R4: a revocation of which nothing was sent.
    pub cancellable: bool,
    /// The token that is to be looked at where the operation is blocked.
    pub token: Option<TokenId>,
}

impl OperationRow {
    /// It waits for its moment, and nothing of it was sent.
    pub fn is_held_back(&self) -> bool {
        self.held_until.is_some() && self.state == OperationState::Queued
    }

    /// It is blocked by its token's state, and goes on by itself with that.
    pub fn waits_for_token(&self) -> bool {
        let code = self.fault.as_ref().map(|fault| fault.code);
        self.state == OperationState::Blocked
            && matches!(
                code,
                Some(Code::TokenExpired | Code::TokenUnknown | Code::TokenRevoked | Code::OwnedByOtherMdm)
            )
    }

    /// R4: it is over and gave or took something, or put somebody on the waiting list, so that it may be reversed, once.
    pub fn is_reversible(&self) -> bool {
        let something = match self.kind {
            OperationKind::Assign => self.done > 0 || self.waiting > 0 && self.undone_by.is_none(),
            OperationKind::Revoke => self.done > 0,
            OperationKind::Adopt | OperationKind::LetGo => false,
        };
        self.state == OperationState::Done && something && !self.undone
    }

    /// 0 to 100.
    pub fn percent(&self) -> i64 {
        if self.total == 0 {
            100
        } else {
            (self.done + self.failed + self.waiting) * 100 / self.total
        }
    }
}

/// How far an item is; of what Apple is told of people, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// Not sent.
    Open,
    /// Sent to Apple, not confirmed.
    Sent,
    /// It came about.
    Done,
    /// It did not come about.
    Failed,
    /// On the waiting list, for want of a licence (A8).
    Waiting,
}

names! {
    ItemState { Open = "open", Sent = "sent", Done = "done", Failed = "failed", Waiting = "waiting" }
}

/// One app or book and one holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationItem {
    pub asset_name: String,
    pub holder: Holder,
    /// The device's or the person's name, if it is known here.
    pub holder_name: Option<String>,
    pub state: ItemState,
    /// Why it failed.
    pub error: Option<AppleError>,
}

/// Which operations to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct OperationQuery {
    pub state: Option<OperationState>,
    pub location: Option<LocationId>,
    /// Those that one act started.
    pub act: Option<OperationId>,
    pub page: PageQuery,
}

/// Which items of an operation to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct ItemQuery {
    pub state: Option<ItemState>,
    pub page: PageQuery,
}

/// R4: what is cancelled or reversed together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// The named one alone.
    #[default]
    Operation,
    /// All operations that the same act started.
    Act,
}

/// R4: what reversing an operation would do, as things stand now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoPreview {
    /// Of the operation that would be started: the opposite of the one that is reversed.
    pub kind: OperationKind,
    /// Licences that would be given or taken back.
    pub licenses: i64,
    /// They would wait, for want of licences.
    pub wait: i64,
    /// They wait since the operation that is reversed, and would no more.
    pub leave: i64,
    /// They cannot be given or taken back.
    pub cannot: i64,
    /// Changed by somebody else since then: they stay as they are.
    pub stay: i64,
}

/// Operations, for whoever has [`crate::Permission::ViewActivity`]; going on with one takes
/// [`crate::Permission::ResumeOperations`], cancelling a revocation [`crate::Permission::RevokeLicenses`], reversing
/// one what it takes to do the opposite.
#[async_trait]
pub trait Activity: Send + Sync {
    /// Newest first.
    async fn list(&self, caller: &Caller, query: OperationQuery) -> Result<Page<OperationRow>, Fault>;
    /// As it is now.
    async fn detail(&self, caller: &Caller, id: &OperationId) -> Result<OperationRow, Fault>;
    /// By app or book, then holder.
    async fn items(
        &self,
        caller: &Caller,
        id: &OperationId,
        query: ItemQuery,
    ) -> Result<Page<OperationItem>, Fault>;
    /// Operations that have not ended, newest first, at most ten: for the frame.
    async fn running(&self, caller: &Caller) -> Result<Vec<OperationRow>, Fault>;
    /// Takes a stalled or blocked operation up again. [`crate::Code::NotResumable`] for any other; the fault of the
    /// token's state where that does not allow it (T3).
    async fn resume(&self, caller: &Caller, id: &OperationId) -> Result<(), Fault>;
    /// R4: ends a revocation of which nothing was sent; its licences are held as before. Of an act, those that can be
    /// ended. [`crate::Code::NotCancellable`] if there is none.
    async fn cancel(&self, caller: &Caller, id: &OperationId, reach: Reach) -> Result<(), Fault>;
    /// R4: what [`Activity::undo`] would do now; nothing is started. [`crate::Code::NotReversible`],
    /// [`crate::Code::AlreadyUndone`].
    async fn preview_undo(
        &self,
        caller: &Caller,
        id: &OperationId,
        reach: Reach,
    ) -> Result<UndoPreview, Fault>;
    /// R4: reverses as a set what an operation did: assigns again what it revoked, while licences last, or revokes what
    /// it assigned and nobody has changed since. Of an act, those that are over; answers the first of what is started.
    /// Faults as of the preview, [`crate::Code::NothingToUndo`] if nothing is left of it, and that of the token's state
    /// where it does not allow it (T3).
    async fn undo(
        &self,
        caller: &Caller,
        id: &OperationId,
        reach: Reach,
        reason: &str,
    ) -> Result<OperationId, Fault>;
}
