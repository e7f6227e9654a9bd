//! People at Apple: made, changed and retired in calls of as many as Apple allows, each written down before it is sent.
//! What came of a call is read from Apple's list of users, which tells what changed since it was read last.

use super::{
    Engine, Limits,
    apple_faults::fault_of,
    batches::operation,
    heal::{refused, unseen},
    planning::{Actor, LEFT},
    tokens::Connection,
    worker::millis,
};
use apple::{
    Answer, ClientUserId, EventFailure, EventId, EventStatus, FaultKind, Outcome, User, UserDetails,
    UserFilter, UserScope,
};
use contract::{
    AppleError, AssetId, Fault, UnixMillis, activity::OperationKind, licenses::Holder, live::LiveEvent,
    tokens::Deed, users::UserStatus,
};
use std::{collections::BTreeMap, time::Duration};
use store::{
    assignments::{Errand, Fulfilment, Leave},
    locations::{Fence, Location},
    operations::BatchState,
    users::{BatchUser, Leaver, SeenUser, UserBatch, UserEnd, UserWish},
};

/// Whether those who have left hold nothing any more is looked at as often as this at least.
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 60);
/// People who have left, taken up at once.
const LEAVERS: u32 = 1000;
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
                    .user_batch_later(fence, batch.id, None, poll, false)
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
                    .user_batch_later(fence, batch.id, None, look, false)
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
        let culprits: Vec<&BatchUser> = batch.users.iter().filter(named).collect();
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
        let culprits = match culprits.is_empty() {
            true => batch.users.iter().collect(),
            false => culprits,
        };
        let now = self.clock.now();
        let ends: Vec<_> = culprits
            .into_iter()
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
                        .user_batch_later(fence, batch.id, None, next, false)
                        .await?);
                }
                // Apple no longer knows the event: what it did is seen in the list.
                Err(fault) if fault.number == Some(apple::number::UNKNOWN_EVENT) => {}
                Err(fault) => return self.users_later(fence, batch, None, &fault).await,
            }
        }
        let existing = status.iter().flat_map(exists_already).collect::<Vec<_>>();
        let seen = match self.read_users(fence, connection, &existing).await {
            Ok(seen) => seen,
            Err(fault) => return self.users_later(fence, batch, None, &fault).await,
        };
        let users = seen_in(&batch.users, &seen);
        let missing = users.iter().filter(|user| !is_done(batch.kind, user)).count();
        if status.is_none() && missing > 0 && now - batch.since < millis(self.settings.outcome_wait) {
            let look = now + (now - batch.since).clamp(millis(self.settings.first_pause), 10_000);
            return Ok(self
                .db
                .user_batch_later(fence, batch.id, None, look, false)
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
                .user_batch_later(fence, batch.id, None, look, true)
                .await?);
        }
        let ends = ends(batch.kind, &users, status.as_ref(), self.clock.now());
        tracing::info!(batch = batch.id, kind = ?batch.kind, users = users.len(), ended = ends.len(), "users at Apple");
        Ok(self
            .db
            .end_user_batch(fence, batch.id, &ends, self.clock.now())
            .await?)
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
            FaultKind::Forbidden | FaultKind::Ownership => FORBIDDEN,
            _ => self.pause_after(batch.attempts).min(LONGEST_PAUSE),
        };
        let pause = pause.max(fault.retry_after.unwrap_or_default());
        let next = self.clock.now() + millis(pause);
        Ok(self.db.user_batch_later(fence, batch.id, to, next, true).await?)
    }

    /// Reads what changed in Apple's list of users, and these in any case, and takes it up.
    pub(super) async fn read_users(
        &self,
        fence: &Fence,
        connection: &Connection,
        anyhow: &[ClientUserId],
    ) -> Result<Vec<SeenUser>, apple::Fault> {
        let stored = |error: store::StoreError| unstored(&error);
        let mut since = self.db.users_version(&fence.location).await.map_err(stored)?;
        let mut seen = Vec::new();
        let version = loop {
            let filter = UserFilter {
                since_version: since.clone(),
                ..UserFilter::default()
            };
            let mut walk = connection.client.users(&filter);
            let read = async {
                while let Some(page) = walk.next().await {
                    seen.extend(page?.body.items.iter().map(seen_user));
                }
                Ok(())
            };
            match read.await {
                Ok(()) => break walk.end().and_then(|end| end.first_version.clone()),
                Err(apple::Fault {
                    number: Some(apple::number::VERSION_INVALID),
                    ..
                }) if since.take().is_some() => seen.clear(),
                Err(fault) => return Err(fault),
            }
        };
        for id in anyhow {
            let filter = UserFilter {
                client_user_id: Some(id.clone()),
                scope: UserScope::ActiveOnly,
                since_version: None,
            };
            let mut walk = connection.client.users(&filter);
            while let Some(page) = walk.next().await {
                seen.extend(page?.body.items.iter().map(seen_user));
            }
        }
        self.db
            .note_users(fence, &seen, version.as_deref(), self.clock.now())
            .await
            .map_err(stored)?;
        if !seen.is_empty() {
            self.live.send(LiveEvent::Users);
        }
        Ok(seen)
    }

    /// D4: takes back what those who have left hold; who holds nothing any more is to be retired.
    async fn let_leave(&self, fence: &Fence) -> Result<(), Fault> {
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

fn names(ids: &[ClientUserId], id: &str) -> bool {
    ids.iter().any(|named| named.as_str() == id)
}

/// The users whose creation failed because they are there.
fn exists_already(status: &EventStatus) -> Vec<ClientUserId> {
    let failures = status.failures.iter();
    failures
        .filter(|failure| failure.number == Some(apple::number::USER_EXISTS))
        .flat_map(|failure| failure.info.client_user_ids.clone())
        .collect()
}

/// Apple's user as storage takes it.
pub(super) fn seen_user(user: &User) -> SeenUser {
    SeenUser {
        client_user_id: user.client_user_id.as_str().to_owned(),
        status: match user.status {
            apple::UserStatus::Associated => UserStatus::Associated,
            apple::UserStatus::Retired | apple::UserStatus::Deleted => UserStatus::Retired,
            _ => UserStatus::Registered,
        },
        invite_code: user.invite_code.as_ref().map(|code| code.expose().to_owned()),
    }
}

/// The batch's users with the status that was just seen; an active one beats those that are retired.
fn seen_in(users: &[BatchUser], seen: &[SeenUser]) -> Vec<BatchUser> {
    let mut statuses: BTreeMap<&str, UserStatus> = BTreeMap::new();
    for user in seen {
        let status = statuses.entry(&user.client_user_id).or_insert(user.status);
        if *status == UserStatus::Retired {
            *status = user.status;
        }
    }
    users
        .iter()
        .map(|user| {
            let status = statuses.get(user.client_user_id.as_str()).copied();
            // One that is yet to be made is not retired by the list's memory of its former self.
            let former = user.status == UserStatus::Wanted && status == Some(UserStatus::Retired);
            BatchUser {
                status: status.filter(|_| !former).unwrap_or(user.status),
                ..user.clone()
            }
        })
        .collect()
}

fn is_done(kind: UserWish, user: &BatchUser) -> bool {
    let active = matches!(user.status, UserStatus::Registered | UserStatus::Associated);
    match kind {
        UserWish::Create => active,
        // That the address is another one is not to be seen: it is sent again, which does no harm.
        UserWish::Update => false,
        UserWish::Retire => user.status == UserStatus::Retired,
    }
}

/// Apple says that it made all of them, and does not list them all yet.
fn unlisted(kind: UserWish, users: &[BatchUser], status: &EventStatus) -> bool {
    kind == UserWish::Create && status.is_success() && !users.iter().all(|user| is_done(kind, user))
}

/// What is said of this user, or of nobody by name.
fn failure_of<'a>(user: &BatchUser, status: &'a EventStatus) -> Option<&'a EventFailure> {
    let named = |failure: &&EventFailure| names(&failure.info.client_user_ids, &user.client_user_id);
    let unnamed = |failure: &&EventFailure| failure.info.client_user_ids.is_empty();
    let failures = status.failures.iter();
    failures
        .clone()
        .find(named)
        .or_else(|| failures.clone().find(unnamed))
}

/// What becomes of each. Without a status, those that are not done are sent again.
fn ends(kind: UserWish, users: &[BatchUser], status: Option<&EventStatus>, now: UnixMillis) -> Vec<UserEnd> {
    let Some(status) = status else {
        let done = users.iter().filter(|user| is_done(kind, user));
        return done.map(UserEnd::done).collect();
    };
    let named =
        |failure: &EventFailure, user: &BatchUser| names(&failure.info.client_user_ids, &user.client_user_id);
    users
        .iter()
        .filter_map(|user| {
            let failure = failure_of(user, status);
            let failure = failure.filter(|failure| named(failure, user) || !is_done(kind, user));
            let Some(failure) = failure else {
                return match kind {
                    _ if is_done(kind, user) || kind == UserWish::Update => Some(UserEnd::done(user)),
                    UserWish::Create => status.is_success().then(|| unseen(user)),
                    _ => status.is_success().then(|| UserEnd::done(user)),
                };
            };
            let error = AppleError {
                number: failure.number.unwrap_or_default(),
                message: failure.message.clone(),
            };
            Some(refused(kind, user, error, now))
        })
        .collect()
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

/// Storage failed while Apple was read: the same is tried later.
fn unstored(error: &store::StoreError) -> apple::Fault {
    tracing::error!(
        error = error as &dyn std::error::Error,
        "what Apple says of users could not be kept"
    );
    apple::Fault {
        kind: FaultKind::Retry,
        number: None,
        message: "storage failed".to_owned(),
        http_status: None,
        retry_after: None,
        info: Box::default(),
        outcome: Outcome::NotProcessed,
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

    #[test]
    fn whoever_apple_made_and_does_not_list_is_looked_for_then_made_once_more_then_said() {
        let user = |status, healed| BatchUser {
            client_user_id: format!("{status:?}"),
            email: String::new(),
            managed: String::new(),
            status,
            healed,
        };
        let complete = EventStatus {
            state: apple::EventState::Complete,
            event_type: None,
            completed: 2,
            requested: 2,
            failures: Vec::new(),
        };
        let listed = user(UserStatus::Registered, false);
        let users = [listed.clone(), user(UserStatus::Wanted, false)];
        assert!(unlisted(UserWish::Create, &users, &complete));
        assert!(!unlisted(UserWish::Create, &[listed], &complete));
        assert!(!unlisted(UserWish::Update, &users, &complete));
        let again = ends(UserWish::Create, &users, Some(&complete), 0);
        let told: Vec<_> = again.iter().map(|end| (end.wish, end.error.is_some())).collect();
        assert_eq!(told, [(None, false), (Some(UserWish::Create), false)]);
        let last = ends(
            UserWish::Create,
            &[user(UserStatus::Wanted, true)],
            Some(&complete),
            0,
        );
        assert_eq!((last[0].wish, last[0].error.is_some()), (None, true));
    }
}
