//! S4: Apple's notifications, stored before they are acknowledged, and what they change.

use crate::{Result, locations::Fence, sync::AssetKey};
use async_trait::async_trait;
use contract::{
    AppleError, AssetId, Fault, LocationId, OperationId, UnixMillis, activity::OperationKind,
    licenses::Holder,
};

/// Where Apple sends a location's notifications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// As it was last given to Apple.
    pub url: String,
    /// The secret that Apple sends along, sealed.
    pub sealed: Vec<u8>,
    pub state: ReceiverState,
    /// When the state began.
    pub since: UnixMillis,
    /// The newest notification that was taken up.
    pub received_at: Option<UnixMillis>,
}

/// How far Apple knows of a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiverState {
    /// About to be given to Apple, or given without an answer.
    Asked,
    /// Apple sends.
    Active,
    /// Apple would not.
    Refused(Fault),
}

impl ReceiverState {
    /// The name in storage.
    pub fn as_str(&self) -> &'static str {
        match self {
            ReceiverState::Asked => "asked",
            ReceiverState::Active => "active",
            ReceiverState::Refused(_) => "refused",
        }
    }
}

/// As it came.
#[derive(Clone, Debug)]
pub struct NewNotification {
    pub location: LocationId,
    /// Apple's `notificationId`.
    pub id: String,
    /// Apple's `notificationType`.
    pub kind: String,
    /// The whole JSON.
    pub body: String,
    pub received_at: UnixMillis,
}

/// One that nobody has taken up yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    pub number: i64,
    pub body: String,
    pub received_at: UnixMillis,
}

/// One as the worker understands it.
#[derive(Clone, Debug)]
pub struct Understood {
    pub number: i64,
    pub received_at: UnixMillis,
    pub news: News,
}

/// What a notification tells.
#[derive(Clone, Debug)]
pub enum News {
    /// A pool became larger or smaller.
    Count { key: AssetKey, delta: i64 },
    /// Tasks of an event of ours or of somebody else; all of them failed if there is an error.
    Pairs {
        event: Option<String>,
        kind: OperationKind,
        error: Option<AppleError>,
        pairs: Vec<(AssetKey, Holder)>,
    },
    /// About users: [`crate::users::Users::users_told`] has it.
    Users,
    /// Nothing that could be understood.
    Nothing,
}

/// What notifications changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Assets with other counts, sorted.
    pub assets: Vec<AssetId>,
    /// Operations that went on.
    pub operations: Vec<OperationId>,
}

impl Applied {
    pub(crate) fn touch(&mut self, asset: AssetId) {
        if let Err(at) = self.assets.binary_search(&asset) {
            self.assets.insert(at, asset);
        }
    }

    pub(crate) fn moved(&mut self, operation: OperationId) {
        if !self.operations.contains(&operation) {
            self.operations.push(operation);
        }
    }
}

/// A pool as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pool {
    pub assigned: i64,
    pub available: i64,
    pub total: i64,
}

impl Pool {
    /// The pool with so many licences more. None if that cannot be: then something was missed, and the asset is read again.
    /// Apple counts in 32 bits, so that the sums of many pools fit here.
    pub fn changed(self, delta: i64) -> Option<Pool> {
        let changed = Pool {
            available: self.available.checked_add(delta)?,
            total: self.total.checked_add(delta)?,
            ..self
        };
        let possible = changed.available >= 0
            && (0..=i64::from(i32::MAX)).contains(&changed.total)
            && changed.assigned.checked_add(changed.available) == Some(changed.total);
        possible.then_some(changed)
    }
}

/// What is known of the event of a notification.
pub(crate) enum Event {
    /// This open batch's.
    Open { batch: i64, since: UnixMillis },
    /// Of a batch that has ended, or was sent for another location.
    Past,
    /// Nobody here has sent it.
    Foreign,
}

#[async_trait]
pub trait Notifications: Send + Sync {
    /// None: Apple was given none, or another MDM took over.
    async fn receiver(&self, location: &LocationId) -> Result<Option<Receiver>>;
    /// About to be given to Apple: from now on the receiver takes this secret. A durable commit.
    async fn ask_receiver(&self, fence: &Fence, url: &str, sealed: &[u8], now: UnixMillis) -> Result<()>;
    /// Apple has taken it, or refused it. `since` stays if the state does.
    async fn answer_receiver(&self, fence: &Fence, refused: Option<&Fault>, now: UnixMillis) -> Result<()>;
    /// Another MDM took over: the secret is no longer good. Answers whether there was one.
    async fn forget_receiver(&self, fence: &Fence) -> Result<bool>;
    /// Locations whose receiver has another address than one that begins with `base`, or none, are to be checked at once.
    async fn check_receivers(&self, base: &str, now: UnixMillis) -> Result<u64>;

    /// A durable commit. False if one with this id is here already.
    async fn keep_notification(&self, notification: &NewNotification) -> Result<bool>;
    /// The oldest that nobody has taken up yet.
    async fn arrived_notifications(&self, fence: &Fence, limit: u32) -> Result<Vec<Arrived>>;
    /// In one durable transaction, in the order given: counts, confirmed pairs with items, licences and ledger lines, what
    /// others assigned (ledger: found, gone), doubts where the counts cannot be right, and that these notifications are done
    /// with. The location is checked at `check_at` at the latest if anything was changed. Those that are done with already
    /// change nothing.
    async fn apply_notifications(
        &self,
        fence: &Fence,
        told: &[Understood],
        now: UnixMillis,
        check_at: UnixMillis,
    ) -> Result<Applied>;
    /// Forgets those that are done with and came before `at`; answers how many.
    async fn delete_notifications_before(&self, at: UnixMillis) -> Result<u64>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_changes_only_as_it_can() {
        let pool = |assigned, available, total| Pool {
            assigned,
            available,
            total,
        };
        assert_eq!(pool(3, 7, 10).changed(5), Some(pool(3, 12, 15)));
        assert_eq!(pool(3, 7, 10).changed(-7), Some(pool(3, 0, 3)));
        assert_eq!(pool(3, 7, 10).changed(-8), None, "more than there are");
        assert_eq!(pool(3, 7, 11).changed(1), None, "the sum was wrong before");
        assert_eq!(pool(3, 7, 10).changed(i64::MAX), None);
        let most = i64::from(i32::MAX);
        assert_eq!(
            pool(3, 7, 10).changed(most - 10),
            Some(pool(3, most - 3, most)),
            "as many as Apple can count"
        );
        assert_eq!(pool(3, 7, 10).changed(most - 9), None);
    }
}
