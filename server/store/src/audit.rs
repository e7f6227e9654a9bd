//! Z3: who did what, when, from where. Append-only.

use crate::Result;
use async_trait::async_trait;
use contract::{AccountId, UnixMillis};
use std::cell::RefCell;

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

tokio::task_local! {
    /// What is to be written down of what this task does.
    static DUE: RefCell<Option<AuditLine>>;
}

/// Does it, and writes the line in the same transaction, the first that it begins: there is neither the one nor the other
/// without both. Answers the line, too, if it wrote nothing.
pub async fn audited<T>(line: AuditLine, act: impl Future<Output = T>) -> (T, Option<AuditLine>) {
    let act = async {
        let done = act.await;
        (done, due())
    };
    DUE.scope(RefCell::new(Some(line)), act).await
}

/// For whoever begins a transaction: the line that it is to write first.
pub(crate) fn due() -> Option<AuditLine> {
    DUE.try_with(|due| due.borrow_mut().take()).ok().flatten()
}

#[async_trait]
pub trait Audit: Send + Sync {
    /// A durable commit.
    async fn append_audit(&self, line: &AuditLine) -> Result<()>;
    /// The newest lines first.
    async fn audit(&self, limit: u32) -> Result<Vec<AuditLine>>;
}
