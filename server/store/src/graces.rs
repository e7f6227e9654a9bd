//! Macs whose app goes on for 30 days after its licence is gone (R2). The clock begins and is called off by triggers of the
//! ledger, so that no writer can forget it. Whether a Mac keeps the app by a user licence of its person is looked at when that is asked.

use crate::Result;
use async_trait::async_trait;
use contract::{
    Page, UnixMillis,
    licenses::{MacGrace, MacGraceQuery},
};

#[async_trait]
pub trait Graces: Send + Sync {
    /// Those that end first come first.
    async fn grace_list(&self, query: &MacGraceQuery) -> Result<Page<MacGrace>>;
    /// Ends those whose time has come, with a line in the ledger each; answers how many there were.
    async fn end_graces(&self, now: UnixMillis) -> Result<u64>;
}
