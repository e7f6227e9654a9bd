//! What comes of plans of assignments: written in one transaction, or not at all.

use crate::{
    Result, assignments::StoredAssignment, locations::Fence, numbers, operations::NewOperation,
    plan_queue::Queued, users::NewUser,
};

use async_trait::async_trait;
use contract::{
    AssetId, DeviceId, LocationId, PlanId, UnixMillis,
    assignments::Change,
    licenses::{Errand, Holder},
};
use std::collections::{BTreeMap, BTreeSet};

/// The number of an assignment that is not stored yet.
pub const NEW_ASSIGNMENT: i64 = i64::MAX;

/// What plans came to, to be written in one transaction.
#[derive(Clone, Debug, Default)]
pub struct Fulfilment {
    pub at: UnixMillis,
    /// Whom the ledger names where no operation does.
    pub by: String,
    pub applied: Option<Applied>,
    /// What was planned, as it was queued when the facts were read. Where something else came since, the plan has lapsed.
    pub planned: Vec<Queued>,
    /// What the lists below count in.
    pub holders: Vec<Holder>,
    /// People who join at a location, so that they can hold licences.
    pub joining: Option<(LocationId, Vec<NewUser>)>,
    pub operations: Vec<NewOperation>,
    pub marks: Vec<Mark>,
    /// Leave the waiting list.
    pub leaves: Vec<Leave>,
    /// Fail, since none is left: with the assignment that says so.
    pub fails: Vec<Mark>,
    /// Since when those of the above are in the line who asked before they were planned: the asset, and the place in
    /// [`Fulfilment::holders`].
    pub since: Vec<(AssetId, u32, UnixMillis)>,
    /// None: there is nothing to do any more.
    pub errands: Vec<(AssetId, DeviceId, Option<Errand>)>,
}

/// A change of assignments by somebody.
#[derive(Clone, Debug)]
pub struct Applied {
    pub plan: PlanId,
    pub change: Change,
    pub by: String,
    /// The asset's assignments as the plan knows them, [`among`] which the change was looked at.
    pub among: Vec<(i64, UnixMillis)>,
    /// What the plan says: [`crate::plans::SavedPlan::shown`].
    pub shown: String,
}

/// What tells one state of an asset's assignments from another: their numbers, sorted, and when each was saved.
pub fn among(assignments: &[StoredAssignment]) -> Vec<(i64, UnixMillis)> {
    let all = assignments.iter();
    let mut all: Vec<_> = all.map(|one| (one.number, one.changed_at)).collect();
    all.sort_unstable();
    all
}

/// Licences of one asset that an assignment gives, or has waiting; none: by hand, as before.
#[derive(Clone, Debug)]
pub struct Mark {
    pub asset: AssetId,
    /// [`NEW_ASSIGNMENT`] for the one that is saved along.
    pub assignment: i64,
    /// In [`Fulfilment::holders`].
    pub holders: Vec<u32>,
}

/// Licences of one asset that are no longer waited for, or failed and are over.
#[derive(Clone, Debug)]
pub struct Leave {
    pub asset: AssetId,
    /// For the ledger.
    pub reason: String,
    /// In [`Fulfilment::holders`].
    pub holders: Vec<u32>,
}

#[async_trait]
pub trait Fulfil: Send + Sync {
    /// In one durable transaction: the change and its plan, operations, marks, the waiting list, failures, errands. With
    /// a fence, as its worker. [`contract::Code::PlanLapsed`] if the plan is applied already, if the group is gone that is to
    /// be assigned to, if the asset's assignments are not those that the plan knows, if more would be given than there is now, or if what was planned has been queued again, or is assigned to a group that changed.
    async fn fulfil(&self, fence: Option<&Fence>, fulfilment: &Fulfilment) -> Result<()>;
    /// T8: the operations, with which everything of the location's is taken back. In the same durable transaction nothing
    /// of it is assigned, asked or waited for any more, by other locations neither, and no migration goes on, so that
    /// nothing is given again. Answers how many assignments there were.
    async fn revoke_everything(
        &self,
        location: &LocationId,
        operations: &[NewOperation],
        by: &str,
        now: UnixMillis,
    ) -> Result<u64>;
}

impl Fulfilment {
    /// The holders at these positions, by kind.
    pub(crate) fn by_kind(&self, positions: &[u32]) -> BTreeMap<i64, Vec<&str>> {
        let mut kinds: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
        for holder in positions.iter().filter_map(|at| self.holders.get(*at as usize)) {
            kinds.entry(numbers::kind(holder)).or_default().push(holder.id());
        }
        kinds
    }

    /// [`Fulfilment::since`] with the holders themselves.
    pub(crate) fn placed(&self) -> impl Iterator<Item = (AssetId, &Holder, UnixMillis)> {
        let placed = self.since.iter();
        placed.filter_map(|(asset, at, since)| Some((*asset, self.holders.get(*at as usize)?, *since)))
    }

    /// Assets of which other licences are listed afterwards, beside those of operations.
    pub(crate) fn listed(&self) -> BTreeSet<AssetId> {
        let leaving = self.leaves.iter().map(|leave| leave.asset);
        leaving.chain(self.fails.iter().map(|mark| mark.asset)).collect()
    }
}

impl Mark {
    /// The assignment's number in storage, if it has one; `new` is that of the one saved along.
    pub(crate) fn stored(&self, new: Option<i64>) -> Option<i64> {
        match self.assignment {
            NEW_ASSIGNMENT => new,
            number => Some(number),
        }
    }
}
