//! Operations at Apple: every batch is written down before it is sent, sent once, and ended by what Apple confirms.
//!
//! The only doubtful moment is between "about to send" and "Apple has it": after a crash or a broken connection there,
//! the worker reads at Apple what came of it, gives Apple time to show it, and sends only what is missing.

mod refused;

use super::{
    Engine, Limits,
    apple_faults::{fault_of, token_state_of},
    calls,
    outcome::{Refusals, blame, divide, hides_some, pairs},
    planning::SHORTAGE,
    request::call,
    tokens::{Connection, Unanswered},
    worker::millis,
};
use apple::{EventId, EventStatus, FaultKind, Outcome};
use contract::{
    AssetId, Code, Fault, UnixMillis,
    activity::OperationState,
    licenses::Holder,
    tokens::{Deed, SyncState},
};
use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use store::{
    StoreError,
    checks::Doubt,
    locations::{Fence, Location},
    operations::{Batch, BatchResult, BatchState},
};

/// What Apple failed for the moment rests so many first pauses before it is sent again, at first.
const ROUND: u32 = 60;
const LONGEST_ROUND: Duration = Duration::from_secs(60 * 60);
/// Batches taken up at once; between them notifications are heard.
const AT_ONCE: u32 = 10;
const SHORTEST_LOOK: Duration = Duration::from_millis(250);
/// Looks at what came of a doubtful call are never further apart.
const LONGEST_LOOK: Duration = Duration::from_secs(10);
/// What Apple may take for one pair of a large call.
const EACH: Duration = Duration::from_millis(5);
/// What Apple says it did and does not show is looked for so many times.
const LOOKS: i64 = 5;
/// Apple's advice: an event that is pending longer is to be sent again.
const LONGEST_PENDING: Duration = Duration::from_secs(10 * 60);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// What was sent of an operation that is stalled is looked at so often.
const STALLED_LOOK: Duration = Duration::from_secs(10 * 60);

/// What a batch's worker knows.
struct At<'a> {
    fence: &'a Fence,
    connection: &'a Connection,
    limits: Limits,
    /// When the counts were last read from Apple.
    counted_at: UnixMillis,
    /// What Apple refused since the worker came.
    refusals: Mutex<Refusals>,
}

impl At<'_> {
    fn refusals(&self) -> MutexGuard<'_, Refusals> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What follows a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    GoOn,
    /// This token is of no more use.
    Leave,
}

/// How long Apple is given to show what came of a call of so many pairs or users, in milliseconds: it works on a large one for
/// a while, and one of which something shows is being worked on.
pub(super) fn patience(least: Duration, size: usize, nothing_shows: bool) -> i64 {
    let large = EACH * u32::try_from(size).unwrap_or(u32::MAX);
    millis((least + large) * if nothing_shows { 1 } else { 2 })
}

impl Engine {
    /// Sends and follows the location's batches until none is due.
    pub(super) async fn operate(&self, fence: &Fence, location: &Location) -> Result<(), Fault> {
        let first = self.db.open_batches(fence, self.clock.now(), 1).await?;
        let Some(first) = first.first() else { return Ok(()) };
        let connection = match self.connect(location).await {
            Ok(connection) => connection,
            Err(fault) => return self.no_token(fence, first, fault).await,
        };
        let limits = match self.apple.service_config().await {
            Ok(config) => Limits::from(&config.limits),
            Err(fault) => {
                self.try_later(fence, first, None, &fault).await?;
                return self.show_operation(first).await;
            }
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
            refusals: Mutex::default(),
        };
        let mut looked = false;
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
                if batch.state == BatchState::Prepared {
                    if !looked && let Err(unanswered) = self.look(fence, location, &connection).await {
                        return self.not_now(fence, batch, unanswered).await;
                    }
                    looked = true;
                    // T5: as of the newest answer; what was lost waits in storage.
                    if !self.standing(&connection).allows(Deed::Assign) {
                        return Ok(());
                    }
                }
                let next = self.step(&at, batch).await?;
                self.heed(&connection).await?;
                self.show_operation(batch).await?;
                if next == Next::Leave {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// There is no token to work with. Where its state is why, storage has blocked the operations already; where storage
    /// failed, or has another key than its own, the operations go on as soon as it is well again.
    async fn no_token(&self, fence: &Fence, batch: &Batch, fault: Fault) -> Result<(), Fault> {
        match fault.code {
            Code::TokenExpired => return Ok(()),
            code if code.is_storage() => return Err(fault),
            Code::KeyWrong => self.hold(fence, LONGEST_PAUSE, &fault).await?,
            _ => {
                self.halt(fence, batch, OperationState::Blocked, &fault).await?;
            }
        }
        self.show_operation(batch).await
    }

    /// A fault before anything was sent: what is wrong with the token has blocked the operations already, what else Apple
    /// refuses blocks this one, anything else passes.
    async fn not_now(&self, fence: &Fence, batch: &Batch, unanswered: Unanswered) -> Result<(), Fault> {
        let Unanswered { told, apple } = unanswered;
        let Some(fault) = apple else { return Err(told) };
        if token_state_of(&fault).is_some() {
            return Ok(());
        }
        match fault.kind {
            FaultKind::Retry | FaultKind::Wait | FaultKind::Unreachable | FaultKind::Protocol => {
                self.try_later(fence, batch, None, &fault).await?;
            }
            FaultKind::Token
            | FaultKind::Forbidden
            | FaultKind::Ownership
            | FaultKind::Elsewhere
            | FaultKind::Argument
            | FaultKind::Shortage => {
                self.halt(fence, batch, OperationState::Blocked, &told).await?;
            }
        }
        self.show_operation(batch).await
    }

    async fn step(&self, at: &At<'_>, batch: &Batch) -> Result<Next, Fault> {
        match (batch.state, &batch.event) {
            (BatchState::Prepared, _) => self.send(at, batch).await,
            (BatchState::Sending, _) | (BatchState::Sent, None) => self.settle(at, batch).await,
            (BatchState::Sent, Some(event)) => self.follow(at, batch, event).await,
        }
    }

    /// Prepared: sends it, once.
    async fn send(&self, at: &At<'_>, batch: &Batch) -> Result<Next, Fault> {
        match self.db.batch_sending(at.fence, batch.id, self.clock.now()).await {
            // Cancelled or halted a moment ago.
            Err(StoreError::NotFound) => return Ok(Next::GoOn),
            written => written?,
        }
        match call(at.connection, batch).await {
            Ok(answer) => {
                at.refusals().taken(batch);
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
                if at.connection.token.read_only {
                    self.note_read_only(&at.connection.token, false).await?;
                }
            }
            Err(fault) if fault.outcome == Outcome::Unknown => {
                tracing::warn!(batch = batch.id, %fault, "the outcome of a call is unknown");
                let look = self.clock.now() + millis(SHORTEST_LOOK);
                self.db.batch_later(at.fence, batch.id, None, look, None).await?;
            }
            Err(fault) => return self.refused(at, batch, &fault).await,
        }
        Ok(Next::GoOn)
    }

    /// Sending, and perhaps sent: reads at Apple what came of it. What came of nothing is sent again, each time later, a
    /// bounded number of times.
    async fn settle(&self, at: &At<'_>, batch: &Batch) -> Result<Next, Fault> {
        let there = match self.read_pairs(at.connection, batch).await {
            Ok(there) => there,
            Err(fault) => return self.unread(at, batch, &fault).await,
        };
        let (done, missing) = divide(batch, &there);
        let now = self.clock.now();
        let waited = now - batch.since;
        let patience = patience(
            self.settings.outcome_wait,
            done.len() + missing.len(),
            done.is_empty(),
        );
        if !missing.is_empty() && waited < patience {
            let look = now + (waited / 2).clamp(millis(SHORTEST_LOOK), millis(LONGEST_LOOK));
            self.db.batch_later(at.fence, batch.id, None, look, None).await?;
            return Ok(Next::GoOn);
        }
        let again = calls(missing, at.limits);
        tracing::info!(
            batch = batch.id,
            done = done.len(),
            again = again.len(),
            "a doubtful call was settled"
        );
        let mut result = BatchResult {
            done,
            again,
            ..BatchResult::default()
        };
        if result.again.is_empty() {
            return self.end(at, batch, &result).await;
        }
        // One call without an answer, such as a server that ends leaves behind, is not worth a word.
        let fault = match &batch.event {
            Some(_) => Some(Code::AppleDidOtherwise.into()),
            None => (batch.rounds > 0).then(|| Code::AppleUnclear.into()),
        };
        let pause = self.pause_after(batch.rounds).min(LONGEST_PAUSE);
        result.later = Some(now + millis(pause));
        result.fault = fault.clone();
        let next = self.end(at, batch, &result).await?;
        if let Some(fault) = fault.filter(|_| batch.rounds + 1 >= self.settings.attempts) {
            self.halt(at.fence, batch, OperationState::Stalled, &fault)
                .await?;
        }
        Ok(next)
    }

    /// Sent: asks Apple how far it is.
    async fn follow(&self, at: &At<'_>, batch: &Batch, event: &str) -> Result<Next, Fault> {
        let Ok(event) = EventId::new(event) else {
            return self.settle(at, batch).await;
        };
        let answer = match at.connection.client.event_status(&event).await {
            Ok(answer) => answer,
            // Apple no longer knows the event: what it did is seen in the assignments.
            Err(fault) if fault.number == Some(apple::number::UNKNOWN_EVENT) => {
                return self.settle(at, batch).await;
            }
            Err(fault) => return self.unread(at, batch, &fault).await,
        };
        if answer.body.is_over() {
            return self.finish(at, batch, &answer.body).await;
        }
        let now = self.clock.now();
        if now - batch.since > millis(LONGEST_PENDING) {
            return self.settle(at, batch).await;
        }
        let next = now + millis(self.settings.next_poll);
        self.db.batch_later(at.fence, batch.id, None, next, None).await?;
        Ok(Next::GoOn)
    }

    /// Apple is through with it. Success is taken at its word, anything else is compared pair by pair.
    async fn finish(&self, at: &At<'_>, batch: &Batch, status: &EventStatus) -> Result<Next, Fault> {
        let mut result = if status.is_success() {
            BatchResult {
                done: pairs(batch).collect(),
                ..BatchResult::default()
            }
        } else {
            match self.read_pairs(at.connection, batch).await {
                Ok(there) if batch.attempts < LOOKS && hides_some(batch, &there, status) => {
                    return self.look_again(at, batch).await;
                }
                Ok(there) => blame(batch, &there, &status.failures, at.limits),
                Err(fault) => return self.unread(at, batch, &fault).await,
            }
        };
        if !result.again.is_empty() {
            let pause = self.pause_after(batch.rounds) * ROUND;
            result.later = Some(self.clock.now() + millis(pause.min(LONGEST_ROUND)));
        }
        self.end(at, batch, &result).await
    }

    /// Apple does not show yet all that it says it did.
    async fn look_again(&self, at: &At<'_>, batch: &Batch) -> Result<Next, Fault> {
        let pause = self.pause_after(batch.attempts).min(LONGEST_LOOK);
        let look = self.clock.now() + millis(pause);
        let fault = Code::AppleDidOtherwise.into();
        self.db
            .batch_later(at.fence, batch.id, None, look, Some(&fault))
            .await?;
        Ok(Next::GoOn)
    }

    /// What came of a batch could not be read: with another token, or later.
    async fn unread(&self, at: &At<'_>, batch: &Batch, fault: &apple::Fault) -> Result<Next, Fault> {
        if matches!(fault.kind, FaultKind::Token | FaultKind::Elsewhere) {
            return self.token_refused(at, batch, fault).await;
        }
        self.try_later(at.fence, batch, None, fault).await
    }

    /// Writes the result down. If Apple was counted while the batch was under way, its pairs may be in the counts already:
    /// a sync then counts again.
    async fn end(&self, at: &At<'_>, batch: &Batch, result: &BatchResult) -> Result<Next, Fault> {
        let now = self.clock.now();
        // Before the batch ends: after a crash in between it is ended once more, and who is unknown is so still.
        let unknown: Vec<String> = unknown_users(result).collect();
        if !unknown.is_empty() {
            self.db.users_unknown(at.fence, &unknown, now).await?;
        }
        self.db.end_batch(at.fence, batch.id, result, now).await?;
        self.doubt_shortage(at, batch, result).await?;
        if batch.state != BatchState::Prepared && batch.since <= at.counted_at {
            self.db.queue_sync(&at.connection.token.id, now).await?;
        }
        if !result.again.is_empty()
            && let Err(lost) = self.standing(at.connection).need(Deed::Assign)
        {
            self.halt(at.fence, batch, OperationState::Blocked, &lost).await?;
        }
        Ok(Next::GoOn)
    }

    /// Apple has fewer licences left than is known here: its counts are read before more of them are given.
    async fn doubt_shortage(&self, at: &At<'_>, batch: &Batch, result: &BatchResult) -> Result<(), Fault> {
        let short: BTreeSet<AssetId> = result
            .failed
            .iter()
            .filter(|(_, error)| error.number == SHORTAGE)
            .map(|((asset, _), _)| *asset)
            .collect();
        let done = result.done.iter().map(|(asset, _)| *asset);
        self.shortages.forget(done.filter(|asset| !short.contains(asset)));
        let named = batch.assets.iter().filter(|(asset, _)| short.contains(asset));
        let doubts: Vec<Doubt> = named
            .map(|(_, key)| Doubt {
                key: key.clone(),
                holders: false,
            })
            .collect();
        if doubts.is_empty() {
            return Ok(());
        }
        self.db.add_doubts(at.fence, &doubts, self.clock.now()).await?;
        let event = batch.event.as_deref().unwrap_or(batch.operation.as_str());
        let refusals = short.into_iter().map(|asset| (asset, event.to_owned()));
        Ok(self.ask_later(at.fence, &refusals.collect()).await?)
    }

    /// After a fault of Apple's that passes: later, a bounded number of times. While Apple has asked for a pause nothing is
    /// sent at all: that is no attempt, and all of the location waits.
    async fn try_later(
        &self,
        fence: &Fence,
        batch: &Batch,
        to: Option<BatchState>,
        fault: &apple::Fault,
    ) -> Result<Next, Fault> {
        let told = fault_of(fault);
        if let Some(left) = fault.held() {
            if to.is_some() {
                let now = self.clock.now();
                unless_cancelled(self.db.batch_later(fence, batch.id, to, now, None).await)?;
            }
            self.hold(fence, left, &told).await?;
            return Ok(Next::Leave);
        }
        let last = batch.attempts + 1 >= self.settings.attempts;
        let pause = match last {
            true => STALLED_LOOK,
            false => self.pause_after(batch.attempts).min(LONGEST_PAUSE),
        };
        let next = self.clock.now() + millis(pause.max(fault.retry_after.unwrap_or_default()));
        unless_cancelled(self.db.batch_later(fence, batch.id, to, next, Some(&told)).await)?;
        if last {
            self.halt(fence, batch, OperationState::Stalled, &told).await?;
        }
        Ok(Next::GoOn)
    }

    /// All of the location waits so long.
    async fn hold(&self, fence: &Fence, pause: Duration, told: &Fault) -> Result<(), StoreError> {
        tracing::info!(location = %fence.location, %told, ?pause, "the location's operations wait");
        let until = self.clock.now() + millis(pause);
        self.db.hold_batches(fence, until, told).await?;
        self.show_operations(&fence.location).await
    }

    /// It doubles with each try.
    pub(super) fn pause_after(&self, tries: i64) -> Duration {
        self.settings.first_pause * 2_u32.pow(u32::try_from(tries.clamp(0, 10)).unwrap_or(0))
    }

    async fn halt(
        &self,
        fence: &Fence,
        batch: &Batch,
        state: OperationState,
        fault: &Fault,
    ) -> Result<(), StoreError> {
        tracing::warn!(operation = %batch.operation, state = state.as_str(), %fault, "an operation was halted");
        unless_cancelled(
            self.db
                .halt_operation(fence, &batch.operation, state, fault)
                .await,
        )
    }
}

/// What was cancelled a moment ago waits for nothing.
fn unless_cancelled(written: Result<(), StoreError>) -> Result<(), StoreError> {
    match written {
        Err(StoreError::NotFound) => Ok(()),
        written => written,
    }
}

/// The users whom Apple does not know.
fn unknown_users(result: &BatchResult) -> impl Iterator<Item = String> {
    let failed = result
        .failed
        .iter()
        .filter(|(_, error)| error.number == apple::number::UNKNOWN_USER);
    failed.filter_map(|((_, holder), _)| match holder {
        Holder::User(id) => Some(id.clone()),
        Holder::Device(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_call_and_one_that_shows_are_waited_for_longer() {
        let least = Duration::from_secs(120);
        assert_eq!(patience(least, 1, true), 120_005);
        assert_eq!(patience(least, 25_000, true), 245_000);
        assert_eq!(patience(least, 25_000, false), 490_000);
    }
}
