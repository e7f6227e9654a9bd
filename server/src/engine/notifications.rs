//! What Apple tells by itself (S4): taken up in the order of arrival, and shown on open pages.

use super::{
    Engine,
    lookup::{key_of, ours},
    outcome::is_passing,
    planning::SHORTAGE,
    progress::news,
    users::seen_user,
    worker::millis,
};
use apple::{AssetManagement, EventType, Notification};
use contract::{
    AppleError, AssetId, Fault, UnixMillis, activity::OperationKind, licenses::Holder, live::LiveEvent,
    users::UserStatus,
};
use std::{
    collections::{BTreeSet, HashMap},
    slice,
};
use store::{
    StoreError,
    checks::Doubt,
    locations::Fence,
    notifications::{Applied, Arrived, News, Understood},
    sync::AssetKey,
    users::SeenUser,
};

/// Notifications taken up in one transaction.
const AT_ONCE: u32 = 100;

/// What was taken up.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) notifications: usize,
    /// Whose counts or licences changed.
    pub(super) assets: BTreeSet<AssetId>,
}

impl Engine {
    /// Takes up what has arrived for the location.
    pub(super) async fn hear(&self, fence: &Fence) -> Result<Heard, Fault> {
        let mut heard = Heard::default();
        loop {
            let arrived = self.db.arrived_notifications(fence, AT_ONCE).await?;
            if arrived.is_empty() || self.stop.is_cancelled() {
                return Ok(heard);
            }
            heard.notifications += arrived.len();
            let told: Vec<_> = arrived.iter().map(told).collect();
            let refused: BTreeSet<_> = told.iter().flat_map(refused).collect();
            let applied = match self.take_up(fence, &arrived, &told).await {
                Err(StoreError::Failed(_)) => self.take_up_singly(fence, &arrived, told).await?,
                applied => applied?,
            };
            for applied in &applied {
                heard.assets.extend(&applied.assets);
                self.show_applied(applied).await?;
            }
            self.note_shortages(fence, &applied, &refused).await?;
        }
    }

    /// What Apple refused is asked for ever more rarely, what it gave has an end of that.
    async fn note_shortages(
        &self,
        fence: &Fence,
        applied: &[Applied],
        refused: &BTreeSet<(AssetKey, String)>,
    ) -> Result<(), StoreError> {
        let mut refusals = BTreeSet::new();
        if !refused.is_empty() {
            let stocks = self.db.stocks(fence).await?;
            let ids: HashMap<_, _> = stocks.iter().map(|stock| (&stock.asset.key, stock.id)).collect();
            let known = refused
                .iter()
                .filter_map(|(key, event)| Some((*ids.get(key)?, event.clone())));
            refusals.extend(known);
        }
        let short: BTreeSet<AssetId> = refusals.iter().map(|(asset, _)| *asset).collect();
        let others = applied.iter().flat_map(|applied| applied.assets.iter().copied());
        self.shortages
            .forget(others.filter(|asset| !short.contains(asset)));
        self.ask_later(fence, &refusals).await
    }

    async fn take_up(
        &self,
        fence: &Fence,
        arrived: &[Arrived],
        told: &[Understood],
    ) -> Result<Vec<Applied>, StoreError> {
        let now = self.clock.now();
        self.hear_of_users(fence, arrived, told, now).await?;
        // Apple has fewer licences left than is known here: its counts are read before more of them are given.
        let doubts: Vec<Doubt> = told
            .iter()
            .flat_map(refused)
            .map(|(key, _)| Doubt { key, holders: false })
            .collect();
        if !doubts.is_empty() {
            self.db.add_doubts(fence, &doubts, now).await?;
        }
        let check_at = now + millis(self.settings.settle);
        Ok(vec![
            self.db.apply_notifications(fence, told, now, check_at).await?,
        ])
    }

    /// One by one, so that one which storage cannot take stops no other: it is put aside, and the location is checked at
    /// once.
    async fn take_up_singly(
        &self,
        fence: &Fence,
        arrived: &[Arrived],
        told: Vec<Understood>,
    ) -> Result<Vec<Applied>, StoreError> {
        let mut all = Vec::new();
        for (arrived, mut told) in arrived.iter().zip(told) {
            let alone = self.take_up(fence, slice::from_ref(arrived), slice::from_ref(&told));
            match alone.await {
                Err(StoreError::Failed(error)) => {
                    tracing::warn!(notification = told.number, error = %error, "a notification is put aside");
                    told.news = News::Nothing;
                    let now = self.clock.now();
                    all.push(self.db.apply_notifications(fence, &[told], now, now).await?);
                }
                applied => all.extend(applied?),
            }
        }
        Ok(all)
    }

    /// What is told of users, and of users whom Apple does not know.
    async fn hear_of_users(
        &self,
        fence: &Fence,
        arrived: &[Arrived],
        told: &[Understood],
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        let about = arrived
            .iter()
            .zip(told)
            .filter(|(_, told)| matches!(told.news, News::Users));
        let (on, other): (Vec<_>, Vec<_>) = about
            .flat_map(|(arrived, _)| users(arrived))
            .partition(|user| matches!(user.status, UserStatus::Registered | UserStatus::Associated));
        if !on.is_empty() {
            self.db.users_told(fence, &on, now).await?;
            self.live.send(LiveEvent::Users);
        }
        // Whether a retirement came before somebody was made anew or after, only Apple's list tells.
        if !other.is_empty() {
            self.db.check_later(fence, now).await?;
        }
        let unknown: Vec<String> = told.iter().flat_map(unknown_users).collect();
        if !unknown.is_empty() {
            self.db.users_unknown(fence, &unknown, now).await?;
            self.live.send(LiveEvent::Users);
        }
        Ok(())
    }

    async fn show_applied(&self, applied: &Applied) -> Result<(), Fault> {
        self.show_counts(&applied.assets).await?;
        for operation in &applied.operations {
            self.live.send(news(self.db.operation(operation).await?));
        }
        Ok(())
    }
}

/// The assets that Apple told a shortage of, each with the event; what belongs to none stands for itself.
fn refused(told: &Understood) -> BTreeSet<(AssetKey, String)> {
    let (event, pairs) = match &told.news {
        News::Pairs {
            error: Some(error),
            event,
            pairs,
            ..
        } if error.number == SHORTAGE => (event.clone(), pairs.as_slice()),
        _ => return BTreeSet::new(),
    };
    let event = event.unwrap_or_else(|| told.number.to_string());
    pairs
        .iter()
        .map(|(key, _)| (key.clone(), event.clone()))
        .collect()
}

fn told(arrived: &Arrived) -> Understood {
    let news = match Notification::parse(arrived.body.as_bytes()).map(|notification| notification.news) {
        Ok(apple::News::AssetCount(count)) => News::Count {
            key: key_of(&count.asset),
            delta: count.delta,
        },
        Ok(apple::News::AssetManagement(told)) => tasks(told),
        Ok(apple::News::UserManagement(_) | apple::News::UserAssociated(_)) => News::Users,
        Ok(apple::News::Test) => News::Nothing,
        Ok(apple::News::Unknown) | Err(_) => {
            tracing::warn!(
                notification = arrived.number,
                "a notification is not understood; a check finds what changed"
            );
            News::Nothing
        }
    };
    Understood {
        number: arrived.number,
        received_at: arrived.received_at,
        news,
    }
}

/// The users as Apple tells them; those of a call that failed are not as it tells them.
fn users(arrived: &Arrived) -> Vec<SeenUser> {
    let told = match Notification::parse(arrived.body.as_bytes()).map(|notification| notification.news) {
        Ok(apple::News::UserManagement(told)) if told.error.is_none() => told.users,
        Ok(apple::News::UserAssociated(users)) => users,
        _ => Vec::new(),
    };
    told.iter().map(seen_user).collect()
}

/// The users whom Apple did not know.
fn unknown_users(told: &Understood) -> Vec<String> {
    let pairs = match &told.news {
        News::Pairs {
            error: Some(error),
            pairs,
            ..
        } if error.number == apple::number::UNKNOWN_USER => pairs.as_slice(),
        _ => &[],
    };
    let users = pairs.iter().filter_map(|(_, holder)| match holder {
        Holder::User(id) => Some(id.clone()),
        Holder::Device(_) => None,
    });
    users.collect()
}

fn tasks(told: AssetManagement) -> News {
    let kind = match told.event_type {
        EventType::Associate => OperationKind::Assign,
        EventType::Disassociate | EventType::Revoke => OperationKind::Revoke,
        _ => return News::Nothing,
    };
    if told.error.as_ref().is_some_and(is_passing) {
        // The event's status is asked for, and then it is sent again.
        return News::Nothing;
    }
    News::Pairs {
        event: told.event.map(|event| event.as_str().to_owned()),
        kind,
        error: told.error.map(|error| AppleError {
            number: error.number.unwrap_or_default(),
            message: error.message,
        }),
        pairs: told
            .assignments
            .iter()
            .map(|assignment| (key_of(&assignment.asset), ours(&assignment.holder)))
            .collect(),
    }
}
