//! Operations at Apple: every batch is written down before it is sent, sent once, and ended by what Apple confirms.
//!
//! The only doubtful moment is between "about to send" and "Apple has it": after a crash or a broken connection there,
//! the worker reads at Apple what came of it, gives Apple time to show it, and sends only what is missing.

use super::{Engine, Limits, apple_faults::fault_of, group, tokens::Connection, worker::millis};
use apple::{
    Answer, Association, DeviceAssignableAsset, Disassociation, EventFailure, EventId, EventStatus,
    FaultKind, Holders, Outcome, RevocableAsset,
};
use contract::{
    AppleError, Code, Fault, UnixMillis,
    activity::{OperationKind, OperationState},
    licenses::Holder,
    tokens::SyncState,
};
use std::{collections::HashSet, time::Duration};
use store::{
    locations::{Fence, Location},
    operations::{Batch, BatchResult, BatchState, NewBatch, Pair},
};

/// Batches taken up at once; between them notifications are heard.
const AT_ONCE: u32 = 10;
const SHORTEST_LOOK: Duration = Duration::from_millis(250);
/// Looks at what came of a doubtful call are never further apart.
const LONGEST_LOOK: Duration = Duration::from_secs(10);
/// Apple's advice: an event that is pending longer is to be sent again.
const LONGEST_PENDING: Duration = Duration::from_secs(10 * 60);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What a batch's worker knows.
struct At<'a> {
    fence: &'a Fence,
    connection: &'a Connection,
    limits: Limits,
    /// When the counts were last read from Apple.
    counted_at: UnixMillis,
}

impl Engine {
    /// Sends and follows the location's batches until none is due.
    pub(super) async fn operate(&self, fence: &Fence, location: &Location) -> Result<(), Fault> {
        let first = self.db.open_batches(fence, self.clock.now(), 1).await?;
        let Some(first) = first.first() else { return Ok(()) };
        let connection = match self.connect(location).await {
            Ok(connection) => connection,
            Err(fault) => return self.halt(fence, first, OperationState::Blocked, &fault).await,
        };
        let limits = match self.apple.service_config().await {
            Ok(config) => Limits {
                assets: config.limits.max_assets as usize,
                holders: config
                    .limits
                    .max_serial_numbers
                    .min(config.limits.max_client_user_ids) as usize,
            },
            Err(fault) => return self.try_later(fence, first, None, &fault).await,
        };
        let counted_at = match self.db.sync_state(&location.id).await? {
            SyncState::Completed { finished_at, .. } => finished_at,
            _ => 0,
        };
        let at = At {
            fence,
            connection: &connection,
            limits,
            counted_at,
        };
        let mut may_send = false;
        while !self.stop.is_cancelled() {
            self.hear(fence).await?;
            let batches = self.db.open_batches(fence, self.clock.now(), AT_ONCE).await?;
            if batches.is_empty() {
                break;
            }
            for batch in &batches {
                if self.stop.is_cancelled() {
                    break;
                }
                if batch.state == BatchState::Prepared && !may_send {
                    // T5: who owns the location is read before anything is changed.
                    if let Err(fault) = self.look_before_sending(fence, location, &connection).await {
                        self.not_now(fence, batch, &fault).await?;
                        return Ok(());
                    }
                    may_send = true;
                }
                self.step(&at, batch).await?;
                self.show_operation(batch).await?;
            }
        }
        Ok(())
    }

    async fn look_before_sending(
        &self,
        fence: &Fence,
        location: &Location,
        connection: &Connection,
    ) -> Result<(), Fault> {
        let seen = self.look(fence, location, connection).await?;
        self.may_write(&seen.envelope)
    }

    /// A fault before anything was sent: a token or owner blocks the operation, anything else passes.
    async fn not_now(&self, fence: &Fence, batch: &Batch, fault: &Fault) -> Result<(), Fault> {
        match fault.code {
            Code::AppleBusy | Code::AppleFailing | Code::AppleUnreachable | Code::AppleUnclear => {
                self.count_attempt(fence, batch, None, fault, None).await
            }
            _ => self.halt(fence, batch, OperationState::Blocked, fault).await,
        }
    }

    async fn step(&self, at: &At<'_>, batch: &Batch) -> Result<(), Fault> {
        match (batch.state, &batch.event) {
            (BatchState::Prepared, _) => self.send(at, batch).await,
            (BatchState::Sending, _) | (BatchState::Sent, None) => self.settle(at, batch).await,
            (BatchState::Sent, Some(event)) => self.follow(at, batch, event).await,
        }
    }

    /// Prepared: sends it, once.
    async fn send(&self, at: &At<'_>, batch: &Batch) -> Result<(), Fault> {
        self.db
            .batch_sending(at.fence, batch.id, self.clock.now())
            .await?;
        match call(at.connection, batch).await {
            Ok(answer) => {
                let now = self.clock.now();
                self.db
                    .batch_sent(at.fence, batch.id, answer.body.as_str(), now)
                    .await?;
                self.db
                    .batch_later(
                        at.fence,
                        batch.id,
                        None,
                        now + millis(self.settings.first_poll),
                        None,
                    )
                    .await?;
                self.observe(&at.connection.token, &answer.envelope).await
            }
            Err(fault) if fault.outcome == Outcome::Unknown => {
                tracing::warn!(batch = batch.id, %fault, "the outcome of a call is unknown");
                let look = self.clock.now() + millis(SHORTEST_LOOK);
                Ok(self.db.batch_later(at.fence, batch.id, None, look, None).await?)
            }
            Err(fault) => self.refused(at, batch, &fault).await,
        }
    }

    /// Apple refused the whole call: nothing of it was processed.
    async fn refused(&self, at: &At<'_>, batch: &Batch, fault: &apple::Fault) -> Result<(), Fault> {
        match fault.kind {
            FaultKind::Retry | FaultKind::Wait | FaultKind::Unreachable | FaultKind::Protocol => {
                self.try_later(at.fence, batch, Some(BatchState::Prepared), fault)
                    .await
            }
            FaultKind::Token | FaultKind::Forbidden | FaultKind::Ownership => {
                let told = self.token_fault(&at.connection.token, fault).await?;
                let now = self.clock.now();
                self.db
                    .batch_later(at.fence, batch.id, Some(BatchState::Prepared), now, None)
                    .await?;
                self.halt(at.fence, batch, OperationState::Blocked, &told).await
            }
            FaultKind::Argument | FaultKind::Shortage => {
                let result = sort_out(batch, fault, at.limits);
                self.end(at, batch, &result).await
            }
        }
    }

    /// Sending, and perhaps sent: reads at Apple what came of it.
    async fn settle(&self, at: &At<'_>, batch: &Batch) -> Result<(), Fault> {
        let there = match self.read_pairs(at.connection, batch).await {
            Ok(there) => there,
            Err(fault) => return self.try_later(at.fence, batch, None, &fault).await,
        };
        let (done, missing) = divide(batch, &there);
        let now = self.clock.now();
        let waited = now - batch.since;
        if !missing.is_empty() && waited < millis(self.settings.outcome_wait) {
            let look = now + (waited / 2).clamp(millis(SHORTEST_LOOK), millis(LONGEST_LOOK));
            return Ok(self.db.batch_later(at.fence, batch.id, None, look, None).await?);
        }
        let again = regroup(missing, at.limits);
        tracing::info!(
            batch = batch.id,
            done = done.len(),
            again = again.len(),
            "a doubtful call was settled"
        );
        self.end(
            at,
            batch,
            &BatchResult {
                done,
                failed: Vec::new(),
                again,
            },
        )
        .await
    }

    /// Sent: asks Apple how far it is.
    async fn follow(&self, at: &At<'_>, batch: &Batch, event: &str) -> Result<(), Fault> {
        let Ok(event) = EventId::new(event) else {
            return self.settle(at, batch).await;
        };
        let answer = match at.connection.client.event_status(&event).await {
            Ok(answer) => answer,
            // Apple no longer knows the event: what it did is seen in the assignments.
            Err(fault) if fault.number == Some(apple::number::UNKNOWN_EVENT) => {
                return self.settle(at, batch).await;
            }
            Err(fault) if fault.kind == FaultKind::Token => {
                let told = self.token_fault(&at.connection.token, &fault).await?;
                return self.halt(at.fence, batch, OperationState::Blocked, &told).await;
            }
            Err(fault) => return self.try_later(at.fence, batch, None, &fault).await,
        };
        self.observe(&at.connection.token, &answer.envelope).await?;
        let now = self.clock.now();
        let waited = now - batch.since;
        if !answer.body.is_over() {
            if waited > millis(LONGEST_PENDING) {
                return self.settle(at, batch).await;
            }
            let next = now + millis(self.settings.next_poll);
            return Ok(self.db.batch_later(at.fence, batch.id, None, next, None).await?);
        }
        self.finish(at, batch, &answer.body).await
    }

    /// Apple is through with it. Success is taken at its word, anything else is compared pair by pair.
    async fn finish(&self, at: &At<'_>, batch: &Batch, status: &EventStatus) -> Result<(), Fault> {
        let result = if status.is_success() {
            BatchResult {
                done: pairs(batch).collect(),
                ..BatchResult::default()
            }
        } else {
            match self.read_pairs(at.connection, batch).await {
                Ok(there) => blame(batch, &there, &status.failures),
                Err(fault) => return self.try_later(at.fence, batch, None, &fault).await,
            }
        };
        self.end(at, batch, &result).await
    }

    /// Writes the result down. If Apple was counted while the batch was under way, its pairs may be in the counts already:
    /// a sync then counts again.
    async fn end(&self, at: &At<'_>, batch: &Batch, result: &BatchResult) -> Result<(), Fault> {
        let now = self.clock.now();
        self.db.end_batch(at.fence, batch.id, result, now).await?;
        if batch.state != BatchState::Prepared && batch.since <= at.counted_at {
            self.db.queue_sync(&at.connection.token.id, now).await?;
        }
        Ok(())
    }

    /// After a fault of Apple's that passes: later, a bounded number of times.
    async fn try_later(
        &self,
        fence: &Fence,
        batch: &Batch,
        to: Option<BatchState>,
        fault: &apple::Fault,
    ) -> Result<(), Fault> {
        self.count_attempt(fence, batch, to, &fault_of(fault), fault.retry_after)
            .await
    }

    async fn count_attempt(
        &self,
        fence: &Fence,
        batch: &Batch,
        to: Option<BatchState>,
        fault: &Fault,
        at_least: Option<Duration>,
    ) -> Result<(), Fault> {
        let doubled =
            self.settings.first_pause * 2_u32.pow(u32::try_from(batch.attempts.clamp(0, 10)).unwrap_or(0));
        let pause = doubled.min(LONGEST_PAUSE).max(at_least.unwrap_or_default());
        let next: UnixMillis = self.clock.now() + millis(pause);
        self.db
            .batch_later(fence, batch.id, to, next, Some(fault))
            .await?;
        if batch.attempts + 1 >= self.settings.attempts {
            self.halt(fence, batch, OperationState::Stalled, fault).await?;
        }
        Ok(())
    }

    async fn halt(
        &self,
        fence: &Fence,
        batch: &Batch,
        state: OperationState,
        fault: &Fault,
    ) -> Result<(), Fault> {
        tracing::warn!(operation = %batch.operation, state = state.as_str(), %fault, "an operation was halted");
        self.db
            .halt_operation(fence, &batch.operation, state, fault)
            .await?;
        self.show_operation(batch).await
    }
}

/// The call itself. What cannot be revoked or assigned was sorted out when the operation was written down; the types
/// see to it that it is said once more.
async fn call(connection: &Connection, batch: &Batch) -> Result<Answer<EventId>, apple::Fault> {
    let assets = batch
        .assets
        .iter()
        .map(|(_, key)| apple_asset(key))
        .collect::<Result<Vec<_>, _>>()?;
    let holders = apple_holders(&batch.holders)?;
    match batch.kind {
        OperationKind::Assign => {
            let assets = assets.into_iter().map(DeviceAssignableAsset::known).collect();
            connection
                .client
                .associate(&Association::for_devices(assets, holders.serials))
                .await
        }
        OperationKind::Revoke => {
            let assets = assets.into_iter().map(RevocableAsset::known).collect();
            connection
                .client
                .disassociate(&Disassociation::new(assets, holders))
                .await
        }
    }
}

pub(super) fn apple_asset(key: &store::sync::AssetKey) -> Result<apple::AssetId, apple::Fault> {
    let adam_id = apple::AdamId::new(&key.adam_id)?;
    Ok(apple::AssetId {
        adam_id,
        pricing: key.pricing_param.as_str().into(),
    })
}

fn apple_holders(holders: &[Holder]) -> Result<Holders, apple::Fault> {
    let mut sorted = Holders::default();
    for holder in holders {
        match holder {
            Holder::Device(serial) => sorted.serials.push(apple::Serial::new(serial.as_str())?),
            Holder::User(id) => sorted.client_user_ids.push(apple::ClientUserId::new(id)?),
        }
    }
    Ok(sorted)
}

fn pairs(batch: &Batch) -> impl Iterator<Item = Pair> + '_ {
    batch
        .assets
        .iter()
        .flat_map(|(asset, _)| batch.holders.iter().map(move |holder| (*asset, holder.clone())))
}

/// What is as it should be, and what is not: assigned pairs should be there, revoked ones should not.
fn divide(batch: &Batch, there: &HashSet<Pair>) -> (Vec<Pair>, Vec<Pair>) {
    let wanted = batch.kind == OperationKind::Assign;
    pairs(batch).partition(|pair| there.contains(pair) == wanted)
}

fn regroup(pairs: Vec<Pair>, limits: Limits) -> Vec<NewBatch> {
    group(pairs, limits)
        .into_iter()
        .map(|(assets, holders)| NewBatch { assets, holders })
        .collect()
}

/// Apple names at most one error for many entities: each missing pair gets the error that names it, or the first.
fn blame(batch: &Batch, there: &HashSet<Pair>, failures: &[EventFailure]) -> BatchResult {
    let (done, missing) = divide(batch, there);
    let failed = missing
        .into_iter()
        .map(|pair| {
            let named = failures.iter().find(|failure| names(batch, &failure.info, &pair));
            let error = match named.or_else(|| failures.first()) {
                Some(failure) => AppleError {
                    number: failure.number.unwrap_or_default(),
                    message: failure.message.clone(),
                },
                None => AppleError {
                    number: 0,
                    message: Code::AppleDidOtherwise.as_str().to_owned(),
                },
            };
            (pair, error)
        })
        .collect();
    BatchResult {
        done,
        failed,
        again: Vec::new(),
    }
}

/// Whether Apple's `errorInfo` names the pair: by its asset and its holder where both are listed, else by the one that
/// is.
fn names(batch: &Batch, info: &apple::ErrorInfo, (asset, holder): &Pair) -> bool {
    let key = batch
        .assets
        .iter()
        .find(|(id, _)| id == asset)
        .map(|(_, key)| key);
    let asset_named = info.assets.iter().any(|named| {
        key.is_some_and(|key| {
            key.adam_id == named.adam_id.as_str() && key.pricing_param == named.pricing.as_str()
        })
    });
    let holder_named = match holder {
        Holder::Device(serial) => info.serials.iter().any(|named| named.as_str() == serial.as_str()),
        Holder::User(id) => info.client_user_ids.iter().any(|named| named.as_str() == id),
    };
    let no_holders = info.serials.is_empty() && info.client_user_ids.is_empty();
    match (info.assets.is_empty(), no_holders) {
        (true, true) => false,
        (true, false) => holder_named,
        (false, true) => asset_named,
        (false, false) => asset_named && holder_named,
    }
}

/// Apple refused the call for some of its pairs: those named fail, the others are sent again. If it names none, the
/// batch is halved until the culprit stands alone.
fn sort_out(batch: &Batch, fault: &apple::Fault, limits: Limits) -> BatchResult {
    let error = AppleError {
        number: fault.number.unwrap_or_default(),
        message: fault.message.clone(),
    };
    let (named, others): (Vec<Pair>, Vec<Pair>) =
        pairs(batch).partition(|pair| names(batch, &fault.info, pair));
    let failed = |pairs: Vec<Pair>| pairs.into_iter().map(|pair| (pair, error.clone())).collect();
    if !named.is_empty() {
        return BatchResult {
            done: Vec::new(),
            failed: failed(named),
            again: regroup(others, limits),
        };
    }
    if others.len() <= 1 {
        return BatchResult {
            done: Vec::new(),
            failed: failed(others),
            again: Vec::new(),
        };
    }
    let assets: Vec<_> = batch.assets.iter().map(|(id, _)| *id).collect();
    let halves = if assets.len() > 1 {
        let (left, right) = assets.split_at(assets.len() / 2);
        [left, right].map(|assets| NewBatch {
            assets: assets.to_vec(),
            holders: batch.holders.clone(),
        })
    } else {
        let (left, right) = batch.holders.split_at(batch.holders.len() / 2);
        [left, right].map(|holders| NewBatch {
            assets: assets.clone(),
            holders: holders.to_vec(),
        })
    };
    BatchResult {
        done: Vec::new(),
        failed: Vec::new(),
        again: halves.to_vec(),
    }
}
