//! Content tokens. The token itself is stored sealed; this crate never sees it open.

use crate::{Result, locations::Location};
use async_trait::async_trait;
use contract::{
    AccountId, LocationId, Page, TokenId, UnixMillis,
    tokens::{AccountType, EditToken, SyncRun, TokenDetail, TokenQuery, TokenRow, TokenState},
};

/// A token to be stored.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub id: TokenId,
    pub location: Location,
    pub name: String,
    pub apple_account: String,
    pub organisation: String,
    /// ISO alpha-2, chosen by the administrator.
    pub country: String,
    pub account_type: AccountType,
    pub automatic_updates: bool,
    /// `key id ‖ nonce ‖ ciphertext`, bound to the token's id.
    pub sealed: Vec<u8>,
    /// SHA-256 of the token text, to know the same file again.
    pub hash: Vec<u8>,
    pub expires_at: UnixMillis,
    pub state: TokenState,
    pub created_at: UnixMillis,
    pub created_by: AccountId,
    /// When the first sync of a new location may begin.
    pub syncs_at: UnixMillis,
    /// T4: whether it is kept beside another token of its location.
    pub keep_duplicate: bool,
}

impl NewToken {
    /// Who owns the location, by what the state says of it.
    pub(crate) fn owner(&self) -> Owner {
        Owner {
            mdm: self.location.owner.clone(),
            other: match &self.state {
                TokenState::AssignedToExternalMdm { mdm } => Some(mdm.clone()),
                _ => None,
            },
        }
    }
}

/// T6: what takes the place of a stored token.
#[derive(Clone, Debug)]
pub struct Renewal {
    pub organisation: String,
    /// As in [`NewToken`].
    pub sealed: Vec<u8>,
    pub hash: Vec<u8>,
    pub expires_at: UnixMillis,
    /// Who owns the location.
    pub owner: Owner,
}

/// T5: who owns a location, as an answer of Apple says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// Apple's `mdmInfo`: id, name, metadata.
    pub mdm: Option<(String, String, String)>,
    /// The name, for people, of an owner that is not this Pomona.
    pub other: Option<String>,
}

impl Owner {
    pub fn is_ours(&self) -> bool {
        self.mdm.is_some() && self.other.is_none()
    }

    /// For the location's columns.
    pub(crate) fn columns(&self) -> (Option<&str>, Option<&str>, Option<&str>) {
        match &self.mdm {
            Some((id, name, metadata)) => (Some(id), Some(name), Some(metadata)),
            None => (None, None, None),
        }
    }
}

/// T8: what a deletion left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    pub location: LocationId,
    /// It was the location's last token: its apps and licences are gone too.
    pub last: bool,
}

/// A token as the worker uses it.
#[derive(Clone, Debug)]
pub struct StoredToken {
    pub id: TokenId,
    pub location: LocationId,
    pub name: String,
    pub country: String,
    pub sealed: Vec<u8>,
    /// As in [`NewToken`].
    pub hash: Vec<u8>,
    pub state: TokenState,
    pub expires_at: UnixMillis,
    /// Apple's 9637 was its last answer to a change.
    pub read_only: bool,
}

#[async_trait]
pub trait Tokens: Send + Sync {
    /// In one transaction: the location (new, or the one with that `uId`) and the token, with a sync queued.
    /// [`contract::Code::NameTaken`], [`contract::Code::TokenAlreadyHere`] (same hash),
    /// [`contract::Code::LocationAlreadyHere`] (another token of that location, unless it is kept: then both become
    /// duplicates, and none is synced).
    async fn insert_token(&self, token: &NewToken) -> Result<LocationId>;
    /// [`contract::Code::NameTaken`]
    async fn edit_token(&self, id: &TokenId, form: &EditToken) -> Result<()>;
    /// T5: a good answer of Apple to this token. Its location's owner is kept, and the state of this token and of all
    /// that are not refused becomes valid, duplicate or assigned to an external MDM. Where that lets
    /// nothing be changed any more the location's operations are blocked; where it does again, they go on. Answers
    /// whether a state changed.
    async fn note_owner(&self, id: &TokenId, owner: &Owner, now: UnixMillis) -> Result<bool>;
    /// Apple refused this token, or its day is past: `state` is expired, unknown or revoked. The location's operations are
    /// blocked unless another token can do them. False, and nothing happens, if it was renewed or deleted meanwhile.
    async fn refuse_token(&self, token: &StoredToken, state: &TokenState, now: UnixMillis) -> Result<bool>;
    /// Apple's 9637, or that it changed something with the token after all. False, and nothing happens, if that is known, or
    /// if the token was renewed or deleted meanwhile.
    async fn note_read_only(&self, token: &StoredToken, read_only: bool) -> Result<bool>;
    /// Apple's `tokenExpirationDate`, which counts more than the file's; nothing happens if it was renewed meanwhile.
    async fn set_token_expiry(&self, token: &StoredToken, expires_at: UnixMillis) -> Result<()>;
    /// T6: in one transaction the new token and what it makes of state and operations; a sync is queued.
    /// [`contract::Code::TokenAlreadyHere`] if the file is another token's.
    async fn renew_token(&self, id: &TokenId, renewal: &Renewal, now: UnixMillis) -> Result<LocationId>;
    /// T8: in one transaction. Of a location's last token assets, licences and open operations go too (ledger:
    /// forgotten, by `by`; what had been asked for and not confirmed: failed); else the other is no duplicate any more
    /// and is synced.
    async fn delete_token(&self, id: &TokenId, by: &str, now: UnixMillis) -> Result<Deleted>;
    /// The tokens of a location, usable ones first.
    async fn tokens_of(&self, location: &LocationId) -> Result<Vec<StoredToken>>;
    /// Those whose day is past and that were not refused yet.
    async fn tokens_over(&self, now: UnixMillis) -> Result<Vec<StoredToken>>;
    /// By [`NewToken::hash`].
    async fn token_by_hash(&self, hash: &[u8]) -> Result<Option<StoredToken>>;
    async fn token_list(&self, query: &TokenQuery) -> Result<Page<TokenRow>>;
    /// `managed_by` and `notifications` are worked out by the caller: here they are always `Nobody` and `Waiting`.
    async fn token_detail(&self, id: &TokenId) -> Result<TokenDetail>;
    /// The newest ten.
    async fn sync_runs(&self, location: &LocationId) -> Result<Vec<SyncRun>>;
    /// Marks the location of this token as due for a sync; nothing happens if one is queued or running. With two tokens
    /// of the location it waits until one is removed.
    async fn queue_sync(&self, id: &TokenId, now: UnixMillis) -> Result<LocationId>;
    /// All locations with a usable token; answers which.
    async fn queue_sync_all(&self, now: UnixMillis) -> Result<Vec<LocationId>>;
}
