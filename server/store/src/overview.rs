//! The numbers of the first page.

use crate::Result;
use async_trait::async_trait;
use contract::{UnixMillis, overview::Summary};

#[async_trait]
pub trait Overview: Send + Sync {
    /// `licenses_left`: an app with fewer is running out.
    async fn summary(&self, now: UnixMillis, licenses_left: i64) -> Result<Summary>;
    /// Tokens that are not valid, whose last sync failed, or that expire within 60 days.
    async fn tokens_needing_action(&self, now: UnixMillis) -> Result<i64>;
}
