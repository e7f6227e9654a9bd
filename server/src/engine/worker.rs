//! The workers: each leases one location at a time and does everything for it, until there is nothing left to do.

use super::{Shortages, Wake, live::Live, subscribe::RECEIVER_PATH};
use crate::{clock::SharedClock, mail::Outbox, secrets::Vault, storage_watch::StorageWatch};
use apple::{Apple, MdmInfo};
use contract::{Fault, UnixMillis};
use std::{sync::Arc, time::Duration};
use store::{
    Db, StoreError,
    locations::{Fence, Leased},
};
use tokio_util::sync::CancellationToken;

/// How the engine works.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// Locations attended to at once.
    pub workers: usize,
    /// How long a lease lasts without a sign of life.
    pub lease: Duration,
    /// After a call whose outcome is unknown: how long Apple may take to show it, before it counts as not processed.
    pub outcome_wait: Duration,
    /// The first look at an event after it was sent.
    pub first_poll: Duration,
    /// Between two looks at an event that is pending. Apple asks for 30 seconds at least.
    pub next_poll: Duration,
    /// How old metadata of the store may become.
    pub metadata_age: Duration,
    /// Tries of one call before the operation is stalled.
    pub attempts: i64,
    /// The first pause after a failed try; it doubles up to a minute.
    pub first_pause: Duration,
    /// Between two cheap looks at whether anything changed at Apple.
    pub check: Duration,
    /// Between two looks at whether somebody is to be told of a withdrawn app.
    pub tell: Duration,
    /// After a notification: what it told is compared with Apple's counts.
    pub settle: Duration,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            workers: 8,
            lease: Duration::from_secs(30),
            outcome_wait: Duration::from_secs(120),
            first_poll: Duration::from_secs(3),
            next_poll: Duration::from_secs(30),
            metadata_age: Duration::from_secs(24 * 60 * 60),
            attempts: 10,
            first_pause: Duration::from_secs(1),
            check: Duration::from_secs(15 * 60),
            tell: Duration::from_secs(60),
            settle: Duration::from_secs(30),
        }
    }
}

/// Everything a worker needs.
pub struct Engine {
    pub db: Db,
    pub apple: Apple,
    pub vault: Arc<Vault>,
    pub clock: SharedClock,
    pub live: Live,
    pub wake: Wake,
    pub identity: MdmInfo,
    /// Where Apple can reach Pomona, if it can: scheme, host and port.
    pub receiver: Option<String>,
    /// Where mails are left to be sent; none: no mail is set up.
    pub outbox: Option<Outbox>,
    pub shortages: Shortages,
    pub storage: StorageWatch,
    pub settings: EngineSettings,
    /// Cancelled when the server stops: workers end at the next safe point.
    pub stop: CancellationToken,
}

/// Longest sleep of a worker that nobody wakes.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
const AFTER_A_FAULT: Duration = Duration::from_secs(2);

impl Engine {
    /// Works until stopped.
    pub async fn run(self: Arc<Self>) {
        if let Some(base) = &self.receiver {
            // The address changed, or is new: Apple is told at once.
            let prefix = format!("{base}{RECEIVER_PATH}");
            if let Err(error) = self.db.check_receivers(&prefix, self.clock.now()).await {
                tracing::error!(%error, "locations with another address for notifications are unknown");
            }
        }
        let workers: Vec<_> = (0..self.settings.workers)
            .map(|number| {
                let engine = self.clone();
                let name = crate::clock::new_id(engine.clock.now());
                tokio::spawn(async move { engine.work(&format!("{name}/{number}")).await })
            })
            .collect();
        tokio::join!(futures::future::join_all(workers), self.tell(), self.neighbours());
    }

    async fn work(&self, name: &str) {
        while !self.stop.is_cancelled() {
            self.storage.look(&self.db).await;
            if let Err(error) = self.db.queue_changed_groups().await {
                self.storage.failed("what groups changed is unknown", &error);
            }
            if let Err(error) = self.expire().await {
                self.storage
                    .failed("which tokens have expired is unknown", &error);
            }
            let now = self.clock.now();
            match self.db.end_graces(now).await {
                Ok(0) => {}
                Ok(apps) => tracing::info!(apps, "Macs lost apps whose licences went 30 days ago"),
                Err(error) => self.storage.failed("which Macs lose apps is unknown", &error),
            }
            match self
                .db
                .lease_next(name, now, now + millis(self.settings.lease))
                .await
            {
                Ok(Some(leased)) => {
                    // There may be more: another worker has a look.
                    self.wake.ring();
                    self.attend(leased).await;
                }
                Ok(None) => self.sleep(now).await,
                Err(error) => {
                    self.storage.failed("no lease could be had", &error);
                    self.pause(AFTER_A_FAULT).await;
                }
            }
        }
    }

    /// Until something is due, or the bell rings.
    async fn sleep(&self, now: UnixMillis) {
        let longest = match self.db.next_due(now).await {
            Ok(Some(due)) => Duration::from_millis(u64::try_from(due - now).unwrap_or(1)).min(LONGEST_SLEEP),
            Ok(None) => LONGEST_SLEEP,
            Err(error) => {
                self.storage.failed("the next due location is unknown", &error);
                AFTER_A_FAULT
            }
        };
        tokio::select! {
            () = self.wake.heard() => {}
            () = self.pause(longest) => {}
        }
    }

    async fn pause(&self, time: Duration) {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = self.stop.cancelled() => {}
        }
    }

    /// Does what is due for one location, with the lease renewed meanwhile, and lets it go.
    async fn attend(&self, leased: Leased) {
        let fence = leased.fence.clone();
        let location = leased.location.uid.clone();
        let done = tokio::select! {
            done = self.do_due(&leased) => done,
            () = self.keep_lease(&fence) => {
                tracing::info!(location, "another worker has taken the location over");
                return;
            }
        };
        if let Err(fault) = done {
            let what = format!("the location {location} could not be attended to");
            self.storage.failed_with(&what, &fault, &self.db).await;
            // What is due stays due; without this pause the worker would spin.
            self.pause(AFTER_A_FAULT).await;
        }
        if let Err(error) = self.db.release_lease(&fence).await
            && !matches!(error, StoreError::Fenced)
        {
            let what = format!("the lease of {location} could not be released and will expire");
            self.storage.failed(&what, &error);
        }
    }

    /// Ends only when the lease is lost.
    async fn keep_lease(&self, fence: &Fence) {
        loop {
            tokio::time::sleep(self.settings.lease / 3).await;
            match self
                .db
                .renew_lease(fence, self.clock.now() + millis(self.settings.lease))
                .await
            {
                Err(StoreError::Fenced) => return,
                Err(error) => self.storage.failed("a lease could not be renewed", &error),
                Ok(()) => {}
            }
        }
    }

    async fn do_due(&self, leased: &Leased) -> Result<(), Fault> {
        self.hear(&leased.fence).await?;
        self.manage_users(&leased.fence, &leased.location).await?;
        self.invite(&leased.location.id).await?;
        if leased.operations_due {
            self.operate(&leased.fence, &leased.location).await?;
        }
        if leased.sync_due && !self.stop.is_cancelled() {
            self.sync(&leased.fence, &leased.location).await?;
            self.keep(&leased.fence, &leased.location).await?;
            self.reclaim(&leased.fence, &leased.location).await?;
            return self.move_on(&leased.fence, &leased.location).await;
        }
        self.check(&leased.fence, &leased.location).await?;
        self.reread(&leased.fence, &leased.location).await?;
        self.keep(&leased.fence, &leased.location).await?;
        self.reclaim(&leased.fence, &leased.location).await?;
        self.move_on(&leased.fence, &leased.location).await?;
        if leased.describe_due && !self.stop.is_cancelled() {
            self.describe_again(&leased.fence, &leased.location).await?;
        }
        Ok(())
    }
}

/// As the database counts.
pub(super) fn millis(time: Duration) -> UnixMillis {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
