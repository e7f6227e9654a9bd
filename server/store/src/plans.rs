//! Saved plans: what was asked, and what the data was like.

use crate::Result;
use async_trait::async_trait;
use contract::{AccountId, OperationId, PlanId, UnixMillis, assignments::Planned};

/// A plan as it was made, and what became of it.
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
    /// What it said when it was applied, as JSON: a [`contract::assignments::PlanView`], or of a change of assignments a
    /// [`contract::assignments::ChangeView`].
    pub shown: Option<String>,
}

/// A plan that becomes applied with what is written.
#[derive(Clone, Copy, Debug)]
pub struct Applies<'a> {
    pub plan: &'a PlanId,
    /// [`SavedPlan::shown`] from then on.
    pub shown: &'a str,
}

#[async_trait]
pub trait Plans: Send + Sync {
    async fn insert_plan(&self, plan: &SavedPlan) -> Result<()>;
    /// None: there is none any more.
    async fn saved_plan(&self, id: &PlanId) -> Result<Option<SavedPlan>>;
    /// Those made before that moment, applied or not; answers how many.
    async fn delete_plans_before(&self, before: UnixMillis) -> Result<u64>;
}
