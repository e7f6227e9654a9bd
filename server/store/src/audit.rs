//! Z3: who did what, when, from where. Append-only.

use crate::Result;
use async_trait::async_trait;
use contract::{AccountId, UnixMillis};
use serde::Serialize;
use serde_json::Value;
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
    /// Before and after, by name, without any secret.
    pub details: Value,
}

tokio::task_local! {
    /// What is to be written down of what this task does.
    static DUE: RefCell<Due>;
}

struct Due {
    /// None once it is written.
    line: Option<AuditLine>,
    /// A transaction began. One that is not committed did nothing, and there is nothing to write down.
    begun: bool,
}

impl Due {
    fn left(&mut self) -> Option<AuditLine> {
        self.line.take_if(|_| !self.begun)
    }
}

/// Does it, and writes the line in the same transaction, the first that it commits: there is neither the one nor the other
/// without both. Answers the line, too, if it began none.
pub async fn audited<T>(line: AuditLine, act: impl Future<Output = T>) -> (T, Option<AuditLine>) {
    let due = RefCell::new(Due {
        line: Some(line),
        begun: false,
    });
    let act = async {
        let done = act.await;
        let left = DUE.with(|due| due.borrow_mut().left());
        (done, left)
    };
    DUE.scope(due, act).await
}

/// Adds to the line that is due what only whoever does it knows: how many there were, what became of them.
pub(crate) fn tell(name: &str, details: impl Serialize) -> Result<()> {
    let details = serde_json::to_value(details)?;
    // Nothing is due of what nobody in particular does.
    _ = DUE.try_with(|due| {
        let line = &mut due.borrow_mut().line;
        if let Some(known) = line.as_mut().and_then(|line| line.details.as_object_mut()) {
            known.insert(name.to_owned(), details);
        }
    });
    Ok(())
}

/// For whoever begins a transaction: whether it is to write a line.
pub(crate) fn begun() -> bool {
    let begin = |due: &RefCell<Due>| {
        let mut due = due.borrow_mut();
        due.begun = true;
        due.line.is_some()
    };
    DUE.try_with(begin).unwrap_or(false)
}

/// For whoever commits a transaction: the line that it is to write last.
pub(crate) fn due() -> Option<AuditLine> {
    DUE.try_with(|due| due.borrow_mut().line.take()).ok().flatten()
}

#[async_trait]
pub trait Audit: Send + Sync {
    /// A durable commit.
    async fn append_audit(&self, line: &AuditLine) -> Result<()>;
    /// The newest lines first.
    async fn audit(&self, limit: u32) -> Result<Vec<AuditLine>>;
}
