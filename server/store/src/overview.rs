//! The numbers of the first page.

use crate::Result;
use async_trait::async_trait;
use contract::{UnixMillis, overview::Summary};

/// What the menu counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Badges {
    /// Tokens that are not valid, whose last sync failed, or that expire within 60 days.
    pub tokens_needing_action: i64,
    /// What people asked for and nobody has answered.
    pub open_requests: i64,
}

#[async_trait]
pub trait Overview: Send + Sync {
    /// `licenses_left`: an app with fewer is running out.
    async fn summary(&self, now: UnixMillis, licenses_left: i64) -> Result<Summary>;
    /// What every page's menu counts, in one question.
    async fn badges(&self, now: UnixMillis) -> Result<Badges>;
}
