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
    /// Nothing was read yet.
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
    /// What was shown before it is shown still.
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
    /// Of the list that is being read.
    pub pages: i64,
    /// Zero until Apple has named it.
    pub pages_total: i64,
    /// Apps and books that Apple lists.
    pub assets: i64,
    /// Licences that were read.
    pub assignments: i64,
    /// 0 to 100.
    pub percent: i64,
    /// About so many milliseconds until the end, once it has gone on for ten seconds and can be told.
    #[serde(default)]
    pub left: Option<i64>,
}

/// What a running sync is at. The last two come in the other order: metadata is read at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncStage {
    /// Who manages the location, and what Apple tells by itself.
    #[default]
    Starting,
    /// The list of apps and books, with its counts.
    Assets,
    /// Who has which licences: nearly all of the work.
    Assignments,
    /// What the store says of apps that are new here.
    Metadata,
    /// What differs, or changed while it was read, is read again.
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
    /// Apple has taken the address, and tried it before.
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
    /// As the file names it.
    pub organisation: String,
    /// As Apple names it.
    pub location_name: String,
    /// Apple's `uId` of the location.
    pub uid: String,
    /// ISO alpha-2, upper case; empty if Apple names none.
    pub country: String,
    /// By Apple's `defaultPlatform`.
    pub account_type: AccountType,
    /// By Apple's word, else by the file's.
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
    /// At most 100 letters; no two tokens have the same.
    pub name: String,
    /// An e-mail address: whose token it is.
    pub apple_account: String,
    /// T5: the location is to become Pomona's own although another MDM has it.
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
    /// M3.
    pub automatic_updates: bool,
    /// Without it nothing is created.
    pub consent: bool,
}

/// What can be changed later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditToken {
    pub name: String,
    pub apple_account: String,
    /// ISO alpha-2. With another one the next sync reads the metadata of the other store (T7).
    pub country: String,
    pub account_type: AccountType,
    pub automatic_updates: bool,
    /// Hours between two syncs, 1 to 168.
    pub sync_hours: i64,
}

/// A token in a list, with its location's figures.
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
    /// The last completed sync; none if there was none.
    pub synced_at: Option<UnixMillis>,
    pub sync: SyncState,
    /// Apps and books.
    pub apps: i64,
    /// Licences of the location that are held.
    pub used: i64,
    /// Licences of the location; unlimited ones count for none.
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

/// All that is shown of one token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenDetail {
    pub row: TokenRow,
    /// Apple's `uId` of the location.
    pub uid: String,
    pub created_at: UnixMillis,
    /// The account's name.
    pub created_by: String,
    /// T1: the moment of creation.
    pub consent_at: UnixMillis,
    /// Hours between two syncs, of the location.
    pub sync_hours: i64,
    /// When the next one is due, if nothing stands in its way then; none if none is planned.
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
    /// Apps and books that Apple listed; 0 unless it completed.
    pub assets: i64,
    /// Licences that were read; 0 unless it completed.
    pub assignments: i64,
    /// Licences that appeared, and that went.
    pub added: i64,
    pub removed: i64,
}

/// By what the list is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenSort {
    #[default]
    Name,
    Location,
    Expires,
    /// A location that was never synced counts as the oldest.
    LastSync,
    Used,
}

/// Which tokens to list.
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

/// Content tokens: [`Permission::ViewTokens`](crate::Permission) to look, [`Permission::SyncTokens`](crate::Permission)
/// to sync, [`Permission::ManageTokens`](crate::Permission) for the rest. Where the state of a token does not allow
/// something (T3) the fault is [`TokenState::fault`]; where Apple has to be asked, its refusals are answered too.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// T2. The fault says exactly what is wrong with the file.
    async fn check(&self, caller: &Caller, file: &str) -> Result<TokenCheck, Fault>;
    /// T1. Checks again, claims the location if nobody owns it or control is to be taken, and queues the first sync.
    async fn create(&self, caller: &Caller, form: CreateToken) -> Result<TokenId, Fault>;
    /// [`Code::FieldsInvalid`](crate::Code), also for a name that another token has ([`Code::NameTaken`](crate::Code))
    /// and a country that there is not.
    async fn edit(&self, caller: &Caller, id: &TokenId, form: EditToken) -> Result<(), Fault>;
    /// As the query sorts it.
    async fn list(&self, caller: &Caller, query: TokenQuery) -> Result<Page<TokenRow>, Fault>;
    /// With its location's state.
    async fn detail(&self, caller: &Caller, id: &TokenId) -> Result<TokenDetail, Fault>;
    /// The last ten syncs, newest first.
    async fn syncs(&self, caller: &Caller, id: &TokenId) -> Result<Vec<SyncRun>, Fault>;
    /// S1: *Sync now*. Nothing happens while one is under way.
    async fn sync(&self, caller: &Caller, id: &TokenId) -> Result<(), Fault>;
    /// Answers how many locations have a sync that is queued or under way now: all whose token allows it.
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
