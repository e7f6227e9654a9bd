//! Batches that Apple does not take: later, with another token, in smaller calls, or never.

use super::{At, Next};
use crate::engine::{
    Engine,
    apple_faults::token_state_of,
    calls,
    outcome::{divide, may_be_so_already, sort_out},
};
use apple::FaultKind;
use contract::{Fault, activity::OperationState};
use store::{
    checks::Doubt,
    operations::{Batch, BatchResult, BatchState, Pair},
};

impl Engine {
    /// Apple refused the whole call: nothing of it was processed.
    pub(super) async fn refused(
        &self,
        at: &At<'_>,
        batch: &Batch,
        fault: &apple::Fault,
    ) -> Result<Next, Fault> {
        match fault.kind {
            FaultKind::Retry | FaultKind::Wait | FaultKind::Unreachable | FaultKind::Protocol => {
                self.try_later(at.fence, batch, Some(BatchState::Prepared), fault)
                    .await
            }
            FaultKind::Token | FaultKind::Forbidden | FaultKind::Ownership | FaultKind::Elsewhere => {
                let now = self.clock.now();
                self.db
                    .batch_later(at.fence, batch.id, Some(BatchState::Prepared), now, None)
                    .await?;
                self.token_refused(at, batch, fault).await
            }
            FaultKind::Argument | FaultKind::Shortage => self.refused_as_such(at, batch, fault).await,
        }
    }

    /// Apple will never take the call as it is. What it has as it should be already is done; of the others those concerned
    /// fail.
    async fn refused_as_such(&self, at: &At<'_>, batch: &Batch, fault: &apple::Fault) -> Result<Next, Fault> {
        if may_be_so_already(batch, fault) {
            let there = match self.read_pairs(at.connection, batch).await {
                Ok(there) => there,
                Err(fault) => return self.unread(at, batch, &fault).await,
            };
            let (done, missing) = divide(batch, &there);
            if !done.is_empty() {
                return self.was_so_already(at, batch, done, missing).await;
            }
        }
        let result = sort_out(batch, fault, at.limits, &mut at.refusals());
        self.end(at, batch, &result).await
    }

    /// Apple's counts had these before they were given or taken back here, so they are read again.
    async fn was_so_already(
        &self,
        at: &At<'_>,
        batch: &Batch,
        done: Vec<Pair>,
        missing: Vec<Pair>,
    ) -> Result<Next, Fault> {
        at.refusals().taken(batch);
        let concerned = batch
            .assets
            .iter()
            .filter(|(asset, _)| done.iter().any(|(of, _)| of == asset));
        let doubts: Vec<Doubt> = concerned
            .map(|(_, key)| Doubt {
                key: key.clone(),
                holders: false,
            })
            .collect();
        let result = BatchResult {
            done,
            again: calls(missing, at.limits),
            ..BatchResult::default()
        };
        let next = self.end(at, batch, &result).await?;
        self.db.add_doubts(at.fence, &doubts, self.clock.now()).await?;
        Ok(next)
    }

    /// Nothing more can be done with this token. What its state says has blocked the operations, unless the location has
    /// another token, which takes up the work; what else was refused blocks this one.
    pub(super) async fn token_refused(
        &self,
        at: &At<'_>,
        batch: &Batch,
        fault: &apple::Fault,
    ) -> Result<Next, Fault> {
        let told = self.token_fault(&at.connection.token, fault).await?;
        if token_state_of(fault).is_none() {
            self.halt(at.fence, batch, OperationState::Blocked, &told).await?;
        }
        Ok(Next::Leave)
    }
}
