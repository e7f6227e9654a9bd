//! Keeps assignments true: assets whose groups, assignments or free licences changed are planned again, and what the plan
//! says is written down as operations, which then are carried out like all others.

use super::{
    Engine, Limits,
    apple_faults::fault_of,
    planning::{Actor, Planning},
    worker::millis,
};
use contract::{AssetId, Code, Fault};
use std::time::Duration;
use store::{
    fulfilment::Fulfilment,
    locations::{Fence, Location},
    plan_queue::Queued,
};

/// Assets planned together: so many that go into one call.
const AT_ONCE: u32 = 25;
/// After something else took licences at the same moment.
const SOON: Duration = Duration::from_secs(1);
/// After a fault.
const LATER: Duration = Duration::from_secs(30);

impl Engine {
    /// Plans what is to be planned at this location, until nothing is left.
    pub(super) async fn keep(&self, fence: &Fence, location: &Location) -> Result<(), Fault> {
        let mut at_once = AT_ONCE;
        while !self.stop.is_cancelled() {
            self.db.queue_changed_groups().await?;
            let queued = self
                .db
                .assets_to_plan(&location.id, self.clock.now(), at_once)
                .await?;
            if queued.is_empty() {
                return Ok(());
            }
            let Err(fault) = self.plan_again(fence, &queued).await else {
                continue;
            };
            match (fault.code, queued.as_slice()) {
                (code, _) if code.is_storage() => return Err(fault),
                (Code::PlanLapsed, [(asset, _)]) => {
                    let soon = self.clock.now() + millis(SOON);
                    self.db.plan_later(fence, Some(*asset), soon).await?;
                }
                // One of them is in the way: the others do not wait for it.
                (Code::PlanLapsed, _) => at_once = 1,
                _ => {
                    tracing::info!(uid = location.uid, %fault, "assignments could not be planned");
                    let later = self.clock.now() + millis(LATER);
                    self.db.plan_later(fence, None, later).await?;
                }
            }
        }
        Ok(())
    }

    /// How large a call that names devices and users may be.
    pub(super) async fn limits(&self) -> Result<Limits, Fault> {
        let config = self
            .apple
            .service_config()
            .await
            .map_err(|fault| fault_of(&fault))?;
        Ok(Limits::from(&config.limits))
    }

    async fn plan_again(&self, fence: &Fence, queued: &[Queued]) -> Result<(), Fault> {
        let assets: Vec<AssetId> = queued.iter().map(|(asset, _)| *asset).collect();
        let planning = Planning::read(&self.db, &assets, None).await?;
        let plans = planning.plans();
        let limits = self.limits().await?;
        let now = self.clock.now();
        let fulfilment = Fulfilment {
            planned: queued.to_vec(),
            ..planning.fulfilment(&plans, limits, &Actor::pomona(), now)
        };
        self.db.fulfil(Some(fence), &fulfilment).await?;
        self.db.planned(fence, queued).await?;
        for operation in &fulfilment.operations {
            tracing::info!(
                operation = %operation.id,
                kind = operation.kind.as_str(),
                batches = operation.batches.len(),
                waiting = operation.waiting.len(),
                "assignments are made true"
            );
        }
        self.show_counts(&assets).await?;
        Ok(self.show_operations(&fence.location).await?)
    }
}
