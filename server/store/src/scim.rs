//! What the SCIM service asks for: its tokens, and people and groups by any filter (RFC 7644, 3.4.2.2).

mod filter;

pub use filter::{Compare, Field, Filter, GroupField, PersonField, Value};
pub(crate) use filter::{Dialect, push_filter};

use crate::Result;
use async_trait::async_trait;
use contract::{ScimTokenId, UnixMillis, scim::ScimTokenRow};

/// Which of the found ones to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    pub skip: i64,
    pub take: i64,
}

/// Some of what was found, and how many there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<T> {
    pub total: i64,
    pub rows: Vec<T>,
}

#[async_trait]
pub trait Scim: Send + Sync {
    /// The newest first.
    async fn scim_tokens(&self) -> Result<Vec<ScimTokenRow>>;
    /// `hash` is the SHA-256 of the secret.
    async fn insert_scim_token(&self, token: &ScimTokenRow, hash: &[u8]) -> Result<()>;
    /// [`crate::StoreError::NotFound`]
    async fn delete_scim_token(&self, id: &ScimTokenId) -> Result<()>;
    /// The token with this hash; that it was used is written down once a minute.
    async fn use_scim_token(&self, hash: &[u8], now: UnixMillis) -> Result<Option<ScimTokenRow>>;
}
