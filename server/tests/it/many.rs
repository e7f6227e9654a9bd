//! Hundreds of locations (T9): *Sync all* gets to each, in turn, and never to more at once than there are workers.

use crate::stand::{Stand, engine, form, usual};
use contract::{
    LocationId, TokenId,
    live::LiveEvent,
    tokens::{SyncState, Tokens},
};
use futures::{StreamExt, stream};
use sandbox::{Faults, Organisation};
use server::engine::EngineSettings;
use std::{collections::HashSet, time::Duration};
use tokio::sync::broadcast::{Receiver, error::RecvError};

const LOCATIONS: u32 = 300;
const WORKERS: usize = 4;
/// How long the syncs of all locations may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// What open pages hear of the syncs.
struct Watch {
    news: Receiver<LiveEvent>,
    active: HashSet<LocationId>,
    most_active: usize,
    /// In the order of their beginnings.
    begun: Vec<LocationId>,
    ended: HashSet<LocationId>,
}

impl Watch {
    fn new(stand: &Stand) -> Self {
        Self {
            news: stand.portal.live.listen(),
            active: HashSet::new(),
            most_active: 0,
            begun: Vec::new(),
            ended: HashSet::new(),
        }
    }

    /// Until the next sync ends; answers whose. An end is told twice: with the counts, and with all names.
    async fn next_end(&mut self) -> LocationId {
        loop {
            match self.news.recv().await {
                Ok(LiveEvent::Sync {
                    location,
                    state: SyncState::InProgress { .. },
                }) => {
                    if self.active.insert(location.clone()) {
                        self.begun.push(location);
                    }
                    self.most_active = self.most_active.max(self.active.len());
                }
                Ok(LiveEvent::Sync {
                    location,
                    state: SyncState::Completed { .. },
                }) => {
                    if self.active.remove(&location) {
                        self.ended.insert(location.clone());
                        return location;
                    }
                }
                Ok(LiveEvent::Sync {
                    state: SyncState::Failed { fault, .. },
                    ..
                }) => panic!("a sync failed: {fault}"),
                Ok(_) => {}
                Err(RecvError::Lagged(missed)) => panic!("{missed} changes were missed"),
                Err(RecvError::Closed) => panic!("the portal has stopped"),
            }
        }
    }

    /// Until each of so many locations has been synced.
    async fn each_ended(&mut self, locations: usize) {
        while self.ended.len() < locations {
            self.next_end().await;
        }
    }
}

async fn create(stand: &Stand, uid: &str, name: &str) -> TokenId {
    let file = stand.sandbox.control().issue_token(uid).unwrap();
    Tokens::create(&stand.portal, &stand.owner, form(&file, name))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn t9_sync_all_gets_to_every_location_in_turn_and_to_no_more_at_once_than_there_are_workers() {
    let organisation = Organisation {
        apps: 2,
        devices: LOCATIONS,
        // Some have one app that is for users alone.
        assignments: 1,
        ..Organisation::many_locations(LOCATIONS)
    };
    let faults = Faults {
        // So that syncs overlap.
        latency_ms: 3,
        ..usual()
    };
    let engine = EngineSettings {
        workers: WORKERS,
        ..engine()
    };
    let stand = Stand::start_as(organisation, faults, engine).await;
    let mut watch = Watch::new(&stand);
    let locations = stand.sandbox.control().locations();
    let greedy = create(&stand, &locations[0].uid, &locations[0].name).await;
    let greedy_location = watch.next_end().await;
    let stand = &stand;
    stream::iter(locations.iter().skip(1))
        .for_each_concurrent(WORKERS, |location| async move {
            create(stand, &location.uid, &location.name).await;
        })
        .await;
    let all = LOCATIONS as usize;
    tokio::time::timeout(PATIENCE, watch.each_ended(all))
        .await
        .expect("the first syncs end");

    let mut watch = Watch::new(stand);
    let queued = Tokens::sync_all(&stand.portal, &stand.owner).await.unwrap();
    assert_eq!(queued, i64::from(LOCATIONS));
    let syncs = async {
        while watch.ended.len() < all {
            // Somebody has nothing better to do than to press *Sync now*.
            if watch.next_end().await == greedy_location {
                Tokens::sync(&stand.portal, &stand.owner, &greedy).await.unwrap();
            }
        }
    };
    tokio::time::timeout(PATIENCE, syncs)
        .await
        .expect("every location is synced");

    assert!(
        (2..=WORKERS).contains(&watch.most_active),
        "{} syncs at once",
        watch.most_active
    );
    let second = watch
        .begun
        .iter()
        .enumerate()
        .filter(|(_, location)| **location == greedy_location)
        .map(|(turn, _)| turn)
        .nth(1);
    // Its second turn is after everybody's first; beginnings are told a little out of order.
    if let Some(turn) = second {
        let others: HashSet<_> = watch.begun.iter().take(turn).collect();
        assert!(
            others.len() + WORKERS >= all,
            "only {} before the second turn",
            others.len()
        );
    }
    let others = watch
        .begun
        .iter()
        .filter(|location| **location != greedy_location);
    assert_eq!(others.count(), all - 1, "each of the others was synced once");
}
