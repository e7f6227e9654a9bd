//! Signed-in sessions. The cookie's value is never stored, only its SHA-256.

use crate::Result;
use async_trait::async_trait;
use contract::{AccountId, UnixMillis};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// SHA-256 of the session id.
    pub hash: Vec<u8>,
    pub account: Option<AccountId>,
    /// As the session layer writes it.
    pub data: Vec<u8>,
    pub expires_at: UnixMillis,
}

#[async_trait]
pub trait Sessions: Send + Sync {
    async fn insert_session(&self, record: &SessionRecord) -> Result<()>;
    /// Replaces what is there. A session that has ended meanwhile stays so.
    async fn save_session(&self, record: &SessionRecord) -> Result<()>;
    /// None if expired.
    async fn session(&self, hash: &[u8], now: UnixMillis) -> Result<Option<SessionRecord>>;
    async fn delete_session(&self, hash: &[u8]) -> Result<()>;
    /// Answers how many.
    async fn delete_expired_sessions(&self, now: UnixMillis) -> Result<u64>;
}
