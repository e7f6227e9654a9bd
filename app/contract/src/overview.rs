//! The first page: H1 as far as tokens, apps running out and operations go.

use crate::{Caller, Fault, activity::OperationRow, catalog::AssetRow, tokens::TokenRow};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub tokens: i64,
    pub apps: i64,
    pub books: i64,
    pub devices: i64,
    pub used: i64,
    pub total: i64,
    pub waiting: i64,
    /// Tokens that are not valid, whose sync failed, or that expire within 60 days; the most urgent first, at most ten.
    pub tokens_needing_action: Vec<TokenRow>,
    /// Apps with few or no licences left, at most ten.
    pub running_out: Vec<AssetRow>,
    /// Operations that have not ended, and the last that have; at most ten.
    pub operations: Vec<OperationRow>,
}

#[async_trait]
pub trait Overview: Send + Sync {
    async fn summary(&self, caller: &Caller) -> Result<Summary, Fault>;
}
