//! Z3: who did what, when, from where. Append-only.

use crate::Result;
use async_trait::async_trait;
use contract::{AccountId, UnixMillis};

#[derive(Clone, Debug)]
pub struct AuditLine {
    pub at: UnixMillis,
    pub account: Option<AccountId>,
    /// The account's name at that time, or what acted.
    pub actor: String,
    /// The client's address, if a request led to it.
    pub address: Option<String>,
    /// `<slice>.<verb>`: `tokens.create`.
    pub action: String,
    /// What it was done to, by id or name.
    pub object: String,
    /// Before and after, as JSON text without any secret.
    pub details: String,
}

#[async_trait]
pub trait Audit: Send + Sync {
    async fn append_audit(&self, line: &AuditLine) -> Result<()>;
    /// The newest lines first.
    async fn audit(&self, limit: u32) -> Result<Vec<AuditLine>>;
}
