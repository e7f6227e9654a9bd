//! Content tokens and their sync: rules T1–T8, S1.

mod care;
mod ownership;
mod possible;

pub use care::*;
pub use ownership::*;
pub use possible::*;

use crate::{
    Caller, Fault, LocationId, OperationId, Page, PageQuery, TokenId, UnixMillis, licenses::UnknownOrigin,
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Apple's number for a token whose creator may look, and change nothing.
pub const READ_ONLY: u32 = 9637;

/// T3: the token's state, each with its own remedy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    Valid,
    /// Apple's 9621, or the day is past.
    Expired,
    /// Apple's 9622: this is no token (any more).
    Unknown,
    /// Apple's 9625: revoked, because its creator changed the password, left, or downloaded a newer one.
    Revoked,
    /// Apple's `mdmInfo` is another MDM's.
    AssignedToExternalMdm {
        mdm: String,
    },
    /// Two tokens of one location.
    Duplicate,
}

impl TokenState {
    /// The name in storage, in filters and in the locale files.
    pub fn as_str(&self) -> &'static str {
        match self {
            TokenState::Valid => "valid",
            TokenState::Expired => "expired",
            TokenState::Unknown => "unknown",
            TokenState::Revoked => "revoked",
            TokenState::AssignedToExternalMdm { .. } => "assigned_to_external_mdm",
            TokenState::Duplicate => "duplicate",
        }
    }

    /// The state that Apple tells with this error number; none if it says nothing about the token.
    pub fn of_number(number: u32) -> Option<Self> {
        match number {
            9621 => Some(TokenState::Expired),
            9622 => Some(TokenState::Unknown),
            9625 => Some(TokenState::Revoked),
            _ => None,
        }
    }
}

/// The kind of organisation at Apple.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountType {
    #[default]
    Business,
    Education,
}

names! {
    AccountType { Business = "business", Education = "education" }
}

/// Where a sync stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncState {
    Never,
    /// Asked for, not begun.
    Queued,
    InProgress {
        progress: SyncProgress,
    },
    Completed {
        finished_at: UnixMillis,
        /// Milliseconds.
        took: i64,
        /// Apps whose metadata could not be read.
        app_errors: i64,
    },
    Failed {
        finished_at: UnixMillis,
        fault: Fault,
    },
}

impl SyncState {
    /// The name in files.
    pub fn as_str(&self) -> &'static str {
        match self {
            SyncState::Never => "never",
            SyncState::Queued => "queued",
            SyncState::InProgress { .. } => "in_progress",
            SyncState::Completed { .. } => "completed",
            SyncState::Failed { .. } => "failed",
        }
    }
}

/// What a running sync has read so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncProgress {
    pub stage: SyncStage,
    pub pages: i64,
    /// Zero until Apple has named it.
    pub pages_total: i64,
    pub assets: i64,
    pub assignments: i64,
    /// 0 to 100.
    pub percent: i64,
    /// About so many milliseconds until the end, once it has gone on for ten seconds and can be told.
    #[serde(default)]
    pub left: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncStage {
    #[default]
    Starting,
    Assets,
    Assignments,
    Metadata,
    Finishing,
}

/// S4: whether Apple tells of changes by itself. Pomona asks Apple by schedule in any case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotificationState {
    /// No public https address is set.
    Off,
    /// Apple has not been asked yet, or the location is not Pomona's.
    Waiting,
    Active {
        since: UnixMillis,
        last_received: Option<UnixMillis>,
    },
    /// Apple does not reach the address, or refused for another reason.
    Refused { fault: Fault },
}

/// T2: what the file says and what Apple says of it. Nothing is stored by a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenCheck {
    pub organisation: String,
    pub location_name: String,
    /// Apple's `uId` of the location.
    pub uid: String,
    /// ISO alpha-2, upper case.
    pub country: String,
    pub account_type: AccountType,
    pub expires_at: UnixMillis,
    pub managed_by: Ownership,
    /// The token of the same location that is here already: renewing that one is the better way (T4).
    pub already_here: Option<(TokenId, String)>,
}

/// T1: what the form says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateToken {
    /// The text of the `.vpptoken` file.
    pub file: String,
    pub name: String,
    pub apple_account: String,
    pub take_control: bool,
    /// T5: the other MDM that the question named; [`Code::OwnerChanged`](crate::Code) if it is another one.
    #[serde(default)]
    pub take_control_from: String,
    /// T4: a second token of a location is kept beside the first, and both stop syncing.
    #[serde(default)]
    pub keep_duplicate: bool,
    /// ISO alpha-2; the organisation's own if empty.
    pub country: String,
    pub account_type: AccountType,
    pub automatic_updates: bool,
    pub consent: bool,
}

/// What can be changed later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditToken {
    pub name: String,
    pub apple_account: String,
    pub country: String,
    pub account_type: AccountType,
    pub automatic_updates: bool,
    /// Hours between two syncs, 1 to 168.
    pub sync_hours: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRow {
    pub id: TokenId,
    pub location: LocationId,
    pub name: String,
    pub state: TokenState,
    pub apple_account: String,
    pub location_name: String,
    pub organisation: String,
    pub account_type: AccountType,
    pub country: String,
    pub automatic_updates: bool,
    pub expires_at: UnixMillis,
    /// The last completed sync.
    pub synced_at: Option<UnixMillis>,
    pub sync: SyncState,
    /// Apps and books.
    pub apps: i64,
    pub used: i64,
    pub total: i64,
    /// Apple's 9637: its creator may look, and change nothing.
    #[serde(default)]
    pub read_only: bool,
    /// T4: its location has another token, whatever the state of either.
    #[serde(default)]
    pub twin: bool,
}

impl TokenRow {
    /// The state that keeps the location from being synced until somebody does something about it; none if nothing does.
    pub fn sync_stop(&self) -> Option<TokenState> {
        match self.twin {
            true => Some(TokenState::Duplicate),
            false => Some(self.state.clone()).filter(|state| !state.allows(Deed::Sync)),
        }
    }

    /// Whether it can be done with this token: by the table, its twin, and what Apple lets its creator do.
    pub fn allows(&self, deed: Deed) -> bool {
        match deed {
            Deed::Sync => self.sync_stop().is_none(),
            Deed::Assign | Deed::Revoke => self.state.allows(deed) && !self.read_only,
            _ => self.state.allows(deed),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenDetail {
    pub row: TokenRow,
    pub uid: String,
    pub created_at: UnixMillis,
    pub created_by: String,
    pub consent_at: UnixMillis,
    pub sync_hours: i64,
    pub next_sync_at: Option<UnixMillis>,
    pub managed_by: Ownership,
    pub notifications: NotificationState,
    /// Operations of this location that have not ended.
    pub operations_open: i64,
    /// Those of them that wait until the token or its owner is put right.
    pub operations_blocked: i64,
    /// When this Pomona was first seen to own the location; none if it never did.
    pub claimed_at: Option<UnixMillis>,
    /// T4: the other tokens of this location.
    pub twins: Vec<(TokenId, String)>,
}

/// S1: one past sync.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncRun {
    pub started_at: UnixMillis,
    pub state: SyncState,
    pub assets: i64,
    pub assignments: i64,
    /// Licences that appeared, and that went.
    pub added: i64,
    pub removed: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenSort {
    #[default]
    Name,
    Location,
    Expires,
    LastSync,
    Used,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenQuery {
    /// In the token's, the location's or the organisation's name, or the Apple Account.
    pub search: String,
    /// One of [`TokenState::as_str`], or empty.
    pub state: String,
    pub sort: TokenSort,
    pub page: PageQuery,
}

#[async_trait]
pub trait Tokens: Send + Sync {
    /// T2. The fault says exactly what is wrong with the file.
    async fn check(&self, caller: &Caller, file: &str) -> Result<TokenCheck, Fault>;
    /// T1. Checks again, claims the location if nobody owns it or control is to be taken, and queues the first sync.
    async fn create(&self, caller: &Caller, form: CreateToken) -> Result<TokenId, Fault>;
    async fn edit(&self, caller: &Caller, id: &TokenId, form: EditToken) -> Result<(), Fault>;
    async fn list(&self, caller: &Caller, query: TokenQuery) -> Result<Page<TokenRow>, Fault>;
    async fn detail(&self, caller: &Caller, id: &TokenId) -> Result<TokenDetail, Fault>;
    /// The last syncs, newest first.
    async fn syncs(&self, caller: &Caller, id: &TokenId) -> Result<Vec<SyncRun>, Fault>;
    /// S1: *Sync now*.
    async fn sync(&self, caller: &Caller, id: &TokenId) -> Result<(), Fault>;
    async fn sync_all(&self, caller: &Caller) -> Result<i64, Fault>;

    /// T6: the check of a file that is to replace this token: [`Code::RenewalOfOtherLocation`](crate::Code) if it is
    /// another location's. Nothing is stored.
    async fn check_renewal(&self, caller: &Caller, id: &TokenId, file: &str) -> Result<TokenCheck, Fault>;
    /// T6: puts a newer token in its place. Apps, licences and ledger stay; what waited for it goes on.
    async fn renew(&self, caller: &Caller, id: &TokenId, file: &str) -> Result<(), Fault>;
    /// T5: makes the location this Pomona's own at Apple. `from` is the MDM that the question named:
    /// [`Code::OwnerChanged`](crate::Code) if it is another one by now.
    async fn take_control(&self, caller: &Caller, id: &TokenId, from: &str) -> Result<(), Fault>;
    /// T8: what a deletion would take away.
    async fn deletion(&self, caller: &Caller, id: &TokenId) -> Result<Deletion, Fault>;
    /// T8: revokes everything of the location that can be revoked, as one operation; licences that Pomona did not give
    /// only if asked for (S6). `confirm` is the token's name as it was typed, or
    /// [`Code::ConfirmationWrong`](crate::Code) at the field `confirm`.
    async fn revoke_all(
        &self,
        caller: &Caller,
        id: &TokenId,
        confirm: &str,
        unknown: UnknownOrigin,
    ) -> Result<OperationId, Fault>;
    /// T8: deletes the token with its apps and assignments here; at Apple nothing changes. `name` is the token's name as
    /// it was typed: [`Code::ConfirmationWrong`](crate::Code) at the field `name` if it is not that.
    async fn delete(&self, caller: &Caller, id: &TokenId, name: &str) -> Result<(), Fault>;
}
