//! People at Apple: made, changed and retired in calls of as many as Apple allows, each written down before it is sent.
//! What came of a call is read from Apple's list of users, which tells what changed since it was read last.

mod leaving;
mod outcome;
mod reading;

pub use reading::seen_user;

use super::{
    Engine, apple_faults::fault_of, heal::refused, operate::patience, tokens::Connection, worker::millis,
};
use apple::{Answer, ClientUserId, EventId, FaultKind, Outcome, UserDetails};
use contract::{AppleError, Fault, live::LiveEvent, tokens::Deed};
use outcome::{ends, exists_already, ids_of, is_done, names, seen_in, unlisted};
use std::time::Duration;
use store::{
    locations::{Fence, Location},
    operations::BatchState,
    users::{Attempt, BatchUser, UserBatch, UserWish},
};

const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// What the token may not do waits until somebody may have changed that.
const FORBIDDEN: Duration = Duration::from_secs(60 * 60);
/// What cannot be begun waits as long as so many first pauses.
const PUT_OFF: u32 = 30;
/// An event that is pending longer is looked at in the list of users.
const LONGEST_PENDING: Duration = Duration::from_secs(10 * 60);
/// Whoever Apple says it made and does not list yet is looked for so many times.
const LOOKS: i64 = 8;

impl Engine {
    /// Does what is due about the location's users. What cannot be done now waits, and keeps nothing else waiting.
    pub(super) async fn manage_users(&self, fence: &Fence, location: &Location) -> Result<(), Fault> {
        let Err(fault) = self.do_about_users(fence, location).await else {
            return Ok(());
        };
        tracing::warn!(uid = location.uid, %fault, "nothing can be done about users; it is tried later");
        let pause = (self.settings.first_pause * PUT_OFF).min(LONGEST_PAUSE);
        let later = self.clock.now() + millis(pause);
        Ok(self.db.put_off_users(fence, later).await?)
    }

    async fn do_about_users(&self, fence: &Fence, location: &Location) -> Result<(), Fault> {
        self.let_leave(fence).await?;
        let now = self.clock.now();
        if self.db.users_wished(fence, now).await? {
            let config = self.apple.service_config().await;
            let most = config.map_err(|fault| fault_of(&fault))?.limits.max_users;
            self.db.prepare_user_batches(fence, most, now).await?;
        }
        let batches = self.db.open_user_batches(fence, now).await?;
        if batches.is_empty() {
            return Ok(());
        }
        let connection = self.connect(location).await?;
        if batches.iter().any(|batch| batch.state == BatchState::Prepared) {
            self.look(fence, location, &connection).await?;
        }
        let done = self.do_about_batches(fence, &connection, &batches).await;
        self.live.send(LiveEvent::Users);
        done
    }

    async fn do_about_batches(
        &self,
        fence: &Fence,
        connection: &Connection,
        batches: &[UserBatch],
    ) -> Result<(), Fault> {
        for batch in batches {
            // T5: as of the newest answer; what was lost waits in storage.
            if self.stop.is_cancelled() || !self.standing(connection).allows(Deed::Assign) {
                break;
            }
            match batch.state {
                BatchState::Prepared => self.send_users(fence, connection, batch).await?,
                BatchState::Sending | BatchState::Sent => {
                    self.follow_users(fence, connection, batch).await?;
                }
            }
            self.heed(connection).await?;
        }
        Ok(())
    }

    async fn send_users(
        &self,
        fence: &Fence,
        connection: &Connection,
        batch: &UserBatch,
    ) -> Result<(), Fault> {
        self.db
            .user_batch_sending(fence, batch.id, self.clock.now())
            .await?;
        match call(connection, batch).await {
            Ok(answer) => {
                let now = self.clock.now();
                self.db
                    .user_batch_sent(fence, batch.id, answer.body.as_str(), now)
                    .await?;
                let poll = now + millis(self.settings.first_poll);
                self.db
                    .user_batch_later(fence, batch.id, None, poll, Attempt::Open)
                    .await?;
                if connection.token.read_only {
                    self.note_read_only(&connection.token, false).await?;
                }
                Ok(())
            }
            Err(fault) if fault.outcome == Outcome::Unknown => {
                tracing::warn!(batch = batch.id, %fault, "the outcome of a call about users is unknown");
                let look = self.clock.now() + millis(self.settings.first_pause);
                Ok(self
                    .db
                    .user_batch_later(fence, batch.id, None, look, Attempt::Open)
                    .await?)
            }
            Err(fault) => self.users_refused(fence, connection, batch, &fault).await,
        }
    }

    /// Apple refused the whole call.
    async fn users_refused(
        &self,
        fence: &Fence,
        connection: &Connection,
        batch: &UserBatch,
        fault: &apple::Fault,
    ) -> Result<(), Fault> {
        match fault.kind {
            FaultKind::Argument | FaultKind::Shortage => {}
            kind => {
                let prepared = Some(BatchState::Prepared);
                self.users_later(fence, batch, prepared, fault).await?;
                let told = self.token_fault(&connection.token, fault).await?;
                return match kind {
                    FaultKind::Token => Err(told),
                    _ => Ok(()),
                };
            }
        }
        let named = |user: &&BatchUser| names(&fault.info.client_user_ids, &user.client_user_id);
        let culprits: Vec<BatchUser> = batch.users.iter().filter(named).cloned().collect();
        if culprits.is_empty() && batch.users.len() > 1 {
            return Ok(self
                .db
                .split_user_batch(fence, batch.id, self.clock.now())
                .await?);
        }
        let error = AppleError {
            number: fault.number.unwrap_or_default(),
            message: fault.message.clone(),
        };
        let mut culprits = match culprits.is_empty() {
            true => batch.users.clone(),
            false => culprits,
        };
        if fault.number == Some(apple::number::USER_EXISTS) {
            match self.read_users(fence, connection, &ids_of(&culprits)).await {
                Ok(seen) => culprits = seen_in(&culprits, &seen),
                Err(fault) => return self.users_unread(fence, connection, batch, &fault).await,
            }
        }
        let now = self.clock.now();
        let ends: Vec<_> = culprits
            .iter()
            .map(|user| refused(batch.kind, user, error.clone(), now))
            .collect();
        Ok(self.db.end_user_batch(fence, batch.id, &ends, now).await?)
    }

    /// Sent, or perhaps sent: asks Apple how far it is, and reads what came of it.
    async fn follow_users(
        &self,
        fence: &Fence,
        connection: &Connection,
        batch: &UserBatch,
    ) -> Result<(), Fault> {
        let now = self.clock.now();
        let mut status = None;
        if let Some(Ok(event)) = batch.event.as_deref().map(EventId::new) {
            match connection.client.event_status(&event).await {
                Ok(answer) if answer.body.is_over() => status = Some(answer.body),
                Ok(_) if now - batch.since > millis(LONGEST_PENDING) => {}
                Ok(_) => {
                    let next = now + millis(self.settings.next_poll);
                    return Ok(self
                        .db
                        .user_batch_later(fence, batch.id, None, next, Attempt::Open)
                        .await?);
                }
                // Apple no longer knows the event: what it did is seen in the list.
                Err(fault) if fault.number == Some(apple::number::UNKNOWN_EVENT) => {}
                Err(fault) => return self.users_unread(fence, connection, batch, &fault).await,
            }
        }
        let existing = status
            .iter()
            .flat_map(|status| exists_already(&batch.users, status))
            .collect::<Vec<_>>();
        let seen = match self.read_users(fence, connection, &existing).await {
            Ok(seen) => seen,
            Err(fault) => return self.users_unread(fence, connection, batch, &fault).await,
        };
        let users = seen_in(&batch.users, &seen);
        let missing = users.iter().filter(|user| !is_done(batch.kind, user)).count();
        let patience = patience(self.settings.outcome_wait, users.len(), missing == users.len());
        if status.is_none() && missing > 0 && now - batch.since < patience {
            let look = now + (now - batch.since).clamp(millis(self.settings.first_pause), 10_000);
            return Ok(self
                .db
                .user_batch_later(fence, batch.id, None, look, Attempt::Open)
                .await?);
        }
        if batch.attempts < LOOKS
            && status
                .as_ref()
                .is_some_and(|status| unlisted(batch.kind, &users, status))
        {
            let look = now + millis(self.pause_after(batch.attempts).min(LONGEST_PAUSE));
            return Ok(self
                .db
                .user_batch_later(fence, batch.id, None, look, Attempt::Failed)
                .await?);
        }
        let now = self.clock.now();
        let again = |rounds: i64| {
            let pause = self.pause_after(rounds).min(LONGEST_PAUSE);
            (rounds + 1 < self.settings.attempts).then(|| now + millis(pause))
        };
        let ends = ends(batch.kind, &users, status.as_ref(), again, now);
        tracing::info!(batch = batch.id, kind = ?batch.kind, users = users.len(), ended = ends.len(), "users at Apple");
        Ok(self.db.end_user_batch(fence, batch.id, &ends, now).await?)
    }

    /// What came of a batch could not be read: later, and with another token if this one is refused (T3).
    async fn users_unread(
        &self,
        fence: &Fence,
        connection: &Connection,
        batch: &UserBatch,
        fault: &apple::Fault,
    ) -> Result<(), Fault> {
        self.users_later(fence, batch, None, fault).await?;
        match fault.kind {
            FaultKind::Token => Err(self.token_fault(&connection.token, fault).await?),
            _ => Ok(()),
        }
    }

    async fn users_later(
        &self,
        fence: &Fence,
        batch: &UserBatch,
        to: Option<BatchState>,
        fault: &apple::Fault,
    ) -> Result<(), Fault> {
        tracing::info!(batch = batch.id, %fault, "users at Apple are tried later");
        let pause = match fault.kind {
            FaultKind::Forbidden | FaultKind::Ownership | FaultKind::Elsewhere => FORBIDDEN,
            _ => self.pause_after(batch.attempts).min(LONGEST_PAUSE),
        };
        let pause = pause.max(fault.retry_after.unwrap_or_default());
        let next = self.clock.now() + millis(pause);
        Ok(self
            .db
            .user_batch_later(fence, batch.id, to, next, Attempt::Failed)
            .await?)
    }
}

/// The call itself.
async fn call(connection: &Connection, batch: &UserBatch) -> Result<Answer<EventId>, apple::Fault> {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let ids = batch
        .users
        .iter()
        .map(|user| ClientUserId::new(&user.client_user_id))
        .collect::<Result<Vec<_>, _>>()?;
    if batch.kind == UserWish::Retire {
        return connection.client.retire_users(&ids).await;
    }
    let users: Vec<_> = ids
        .into_iter()
        .zip(&batch.users)
        .map(|(client_user_id, user)| UserDetails {
            client_user_id,
            email: some(&user.email),
            managed_apple_account: some(&user.managed),
        })
        .collect();
    match batch.kind {
        UserWish::Create => connection.client.create_users(&users).await,
        _ => connection.client.update_users(&users).await,
    }
}
