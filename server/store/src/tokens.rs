//! Content tokens. The token itself is stored sealed; this crate never sees it open.

use crate::{Result, locations::Location};
use async_trait::async_trait;
use contract::{
    AccountId, LocationId, Page, TokenId, UnixMillis,
    tokens::{AccountType, EditToken, SyncRun, TokenDetail, TokenQuery, TokenRow, TokenState},
};

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
}

/// A token as the worker uses it.
#[derive(Clone, Debug)]
pub struct StoredToken {
    pub id: TokenId,
    pub location: LocationId,
    pub name: String,
    pub country: String,
    pub sealed: Vec<u8>,
    pub state: TokenState,
    pub expires_at: UnixMillis,
}

#[async_trait]
pub trait Tokens: Send + Sync {
    /// In one transaction: the location (new, or the one with that `uId`) and the token, with a sync queued.
    /// [`contract::Code::NameTaken`], [`contract::Code::TokenAlreadyHere`] (same hash),
    /// [`contract::Code::LocationAlreadyHere`] (another token of that location).
    async fn insert_token(&self, token: &NewToken) -> Result<LocationId>;
    async fn edit_token(&self, id: &TokenId, form: &EditToken) -> Result<()>;
    async fn set_token_state(&self, id: &TokenId, state: &TokenState) -> Result<()>;
    /// Apple's `tokenExpirationDate`, which counts more than the file's.
    async fn set_token_expiry(&self, id: &TokenId, expires_at: UnixMillis) -> Result<()>;
    /// The tokens of a location, usable ones first.
    async fn tokens_of(&self, location: &LocationId) -> Result<Vec<StoredToken>>;
    async fn token_by_hash(&self, hash: &[u8]) -> Result<Option<StoredToken>>;
    async fn token_list(&self, query: &TokenQuery) -> Result<Page<TokenRow>>;
    /// `managed_by` and `notifications` are worked out by the caller: here they are always `Nobody` and `Waiting`.
    async fn token_detail(&self, id: &TokenId) -> Result<TokenDetail>;
    /// The newest ten.
    async fn sync_runs(&self, location: &LocationId) -> Result<Vec<SyncRun>>;
    /// Marks the location of this token as due for a sync; nothing happens if one is queued or running.
    async fn queue_sync(&self, id: &TokenId, now: UnixMillis) -> Result<LocationId>;
    /// All locations with a usable token; answers which.
    async fn queue_sync_all(&self, now: UnixMillis) -> Result<Vec<LocationId>>;
}
