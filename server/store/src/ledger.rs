//! L2: the ledger, append-only. Its lines are written by the methods that change licences, in the same transaction.

use crate::Result;
use async_trait::async_trait;
use contract::{
    Page,
    licenses::{LedgerQuery, LedgerRow},
};

#[async_trait]
pub trait Ledger: Send + Sync {
    /// The newest lines first.
    async fn ledger_list(&self, query: &LedgerQuery) -> Result<Page<LedgerRow>>;
}
