//! Where Apple and Pomona differ about licences (S5, S6). What they are is written by the methods that change licences;
//! here it is read and settled.

use crate::Result;
use async_trait::async_trait;
use contract::{
    AccountId, LocationId, OperationId, Page, UnixMillis,
    activity::OperationKind,
    drift::{DriftHolder, DriftHolderQuery, DriftQuery, DriftRow, DriftScope, Side},
};

/// Of one location: so many licences of so many apps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drifted {
    pub location: LocationId,
    pub licenses: i64,
    pub apps: i64,
}

/// Taking Apple's word for what only one side knows of, at one location: an operation that is done at once.
#[derive(Clone, Debug)]
pub struct Adoption {
    pub id: OperationId,
    pub location: LocationId,
    /// [`Side::Apple`]: the licences become ours. [`Side::Pomona`]: they are forgotten.
    pub side: Side,
    pub scope: DriftScope,
    pub account: AccountId,
    /// The account's name, for the ledger.
    pub by: String,
    pub reason: String,
    pub created_at: UnixMillis,
}

impl Adoption {
    pub(crate) fn kind(&self) -> OperationKind {
        match self.side {
            Side::Apple => OperationKind::Adopt,
            Side::Pomona => OperationKind::LetGo,
        }
    }
}

#[async_trait]
pub trait Drift: Send + Sync {
    /// Shown assets on which the two differ, by name.
    async fn drift_list(&self, query: &DriftQuery) -> Result<Page<DriftRow>>;
    /// Licences that one side alone knows of, by app and holder.
    async fn drift_holders(&self, query: &DriftHolderQuery) -> Result<Page<DriftHolder>>;
    /// How many of these licences there are, at each location that has some.
    async fn drifted(&self, scope: &DriftScope, side: Side) -> Result<Vec<Drifted>>;
    /// Licences that only Pomona knows of.
    async fn lost_licenses(&self, scope: &DriftScope) -> Result<Vec<crate::operations::Pair>>;
    /// In one durable transaction: the licences' origin, the assets' sums, and for each an operation of kind "adopt" or
    /// "let go" that is done, with its items and ledger lines. Where nothing is left to adopt no operation is written; answers those
    /// that were.
    async fn adopt(&self, adoptions: &[Adoption]) -> Result<Vec<OperationId>>;
}
