//! People who have left (D4): what they hold comes back, and then they are retired.

use crate::engine::{
    Engine, Limits,
    batches::operation,
    planning::{Actor, LEFT},
    worker::millis,
};
use contract::{AssetId, Fault, UnixMillis, activity::OperationKind, licenses::Holder, live::LiveEvent};
use std::{collections::BTreeMap, time::Duration};
use store::{
    fulfilment::{Fulfilment, Leave},
    locations::Fence,
    planning::Errand,
    users::Leaver,
};

/// Whether those who have left hold nothing any more is looked at as often as this at least.
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 60);
/// People who have left, taken up at once.
const LEAVERS: u32 = 1000;

impl Engine {
    /// D4: takes back what those who have left hold; who holds nothing any more is to be retired.
    pub(super) async fn let_leave(&self, fence: &Fence) -> Result<(), Fault> {
        let now = self.clock.now();
        let leavers = self.db.leavers(&fence.location, now, LEAVERS).await?;
        if leavers.is_empty() {
            return Ok(());
        }
        let fulfilment = taken_back(fence, &leavers, self.limits().await?, now);
        if !fulfilment.operations.is_empty() || !fulfilment.leaves.is_empty() {
            self.db.fulfil(Some(fence), &fulfilment).await?;
            self.show_operations(&fence.location).await?;
        }
        let (wait, go): (Vec<&Leaver>, Vec<&Leaver>) = leavers
            .iter()
            .partition(|leaver| leaver.under_way || !leaver.held.is_empty());
        let ids = |leavers: Vec<&Leaver>| -> Vec<String> {
            leavers
                .into_iter()
                .map(|leaver| leaver.client_user_id.clone())
                .collect()
        };
        if !go.is_empty() {
            self.db.retire_users(fence, &ids(go), now).await?;
            self.live.send(LiveEvent::Users);
        }
        let pauses = (millis(self.settings.first_poll), millis(LONGEST_WAIT));
        Ok(self.db.leave_later(fence, &ids(wait), pauses, now).await?)
    }
}

/// What those who have left give back.
fn taken_back(fence: &Fence, leavers: &[Leaver], limits: Limits, now: UnixMillis) -> Fulfilment {
    let holders: Vec<Holder> = leavers
        .iter()
        .map(|leaver| Holder::User(leaver.client_user_id.clone()))
        .collect();
    let mut held = Vec::new();
    let mut leaves: BTreeMap<AssetId, Vec<u32>> = BTreeMap::new();
    for ((leaver, holder), place) in leavers.iter().zip(&holders).zip(0..) {
        held.extend(leaver.held.iter().map(|asset| (*asset, holder.clone())));
        for asset in &leaver.waiting {
            leaves.entry(*asset).or_default().push(place);
        }
    }
    let actor = Actor::pomona();
    let reason = LEFT.to_owned();
    let errands = leavers.iter().flat_map(|leaver| &leaver.apps_on);
    let operations = (!held.is_empty()).then(|| {
        operation(
            OperationKind::Revoke,
            &fence.location,
            &actor,
            reason,
            held,
            limits,
            now,
        )
    });
    Fulfilment {
        at: now,
        by: actor.name,
        holders,
        operations: operations.into_iter().collect(),
        leaves: leaves
            .into_iter()
            .map(|(asset, holders)| Leave {
                asset,
                reason: LEFT.to_owned(),
                holders,
            })
            .collect(),
        errands: errands
            .map(|(asset, device)| (*asset, device.clone(), Some(Errand::Uninstall)))
            .collect(),
        ..Fulfilment::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d4_what_many_leavers_give_back_stays_within_apples_limits() {
        let fence = Fence {
            location: "a".into(),
            owner: "w".to_owned(),
            epoch: 1,
        };
        let leaver = |number: u32| Leaver {
            client_user_id: format!("user-{number}"),
            held: vec![AssetId(1), AssetId(2)],
            waiting: Vec::new(),
            apps_on: Vec::new(),
            under_way: false,
        };
        let leavers: Vec<Leaver> = (0..60).map(leaver).collect();
        let limits = Limits {
            assets: 1,
            holders: 25,
        };
        let fulfilment = taken_back(&fence, &leavers, limits, 0);
        let batches = &fulfilment.operations[0].batches;
        let within =
            |batch: &store::operations::NewBatch| batch.assets.len() <= 1 && batch.holders.len() <= 25;
        assert!(batches.iter().all(within));
        let taken: usize = batches.iter().map(|batch| batch.holders.len()).sum();
        assert_eq!(taken, 120);
    }
}
