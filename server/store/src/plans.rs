//! Saved plans: what was asked, and what the data was like.

use crate::Result;
use async_trait::async_trait;
use contract::{AccountId, OperationId, PlanId, UnixMillis, assignments::Planned};

#[derive(Clone, Debug, PartialEq)]
pub struct SavedPlan {
    pub id: PlanId,
    pub account: AccountId,
    /// The account's name.
    pub by: String,
    pub made_at: UnixMillis,
    pub request: Planned,
    /// SHA-256 of everything the plan was worked out from.
    pub fingerprint: Vec<u8>,
    /// By which operation; its id is empty if there was nothing to be done at Apple.
    pub applied: Option<OperationId>,
    /// What it said when it was applied: of a change of assignments a [`contract::assignments::ChangeView`] as JSON.
    pub shown: Option<String>,
}

#[async_trait]
pub trait Plans: Send + Sync {
    async fn insert_plan(&self, plan: &SavedPlan) -> Result<()>;
    async fn saved_plan(&self, id: &PlanId) -> Result<Option<SavedPlan>>;
    async fn delete_plans_before(&self, before: UnixMillis) -> Result<u64>;
}
