//! Whatever happens in whatever order, the counts say what the licences are.

use crate::setup::{
    HOUR, NOW, app, batch, detail, device, devices, digest, leased, licenses, on_each, operation, synced,
    used,
};
use contract::{
    AppleError, AssetId, Code,
    activity::{ItemQuery, OperationKind, OperationState},
    drift::{DriftHolderQuery, DriftQuery, Side},
    licenses::{Holder, LicenseQuery, LicenseRow, LicenseState, Origin},
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use store::{
    Db, StoreError,
    locations::Fence,
    operations::{BatchResult, NewOperation, Pair},
    sync::Publish,
};

#[derive(Clone, Debug)]
enum Step {
    Assign {
        assets: u8,
        from: u32,
        number: u32,
        waiting: u32,
    },
    Revoke {
        assets: u8,
        from: u32,
        number: u32,
    },
    /// Ends the open batch of that number: of each ten pairs so many are done, so many failed.
    End {
        batch: usize,
        done: usize,
        failed: usize,
    },
    Sync {
        from: u32,
        number: u32,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (1u8..8, 0u32..12, 1u32..6, 0u32..4).prop_map(|(assets, from, number, waiting)| Step::Assign {
            assets,
            from,
            number,
            waiting
        }),
        (1u8..8, 0u32..12, 1u32..6).prop_map(|(assets, from, number)| Step::Revoke { assets, from, number }),
        (0usize..3, 0usize..11, 0usize..5).prop_map(|(batch, done, failed)| Step::End {
            batch,
            done,
            failed
        }),
        (0u32..12, 0u32..6).prop_map(|(from, number)| Step::Sync { from, number }),
    ];
    proptest::collection::vec(step, 1..14)
}

/// Apple's side: who has what.
type Apple = BTreeSet<Pair>;

struct World {
    db: Db,
    fence: Fence,
    ids: Vec<AssetId>,
    apple: Apple,
    operations: usize,
}

impl World {
    fn chosen(&self, assets: u8) -> Vec<AssetId> {
        self.ids
            .iter()
            .enumerate()
            .filter(|(n, _)| assets & (1 << n) != 0)
            .map(|(_, id)| *id)
            .collect()
    }

    async fn step(&mut self, step: &Step) {
        let name = format!("op{}", self.operations + 1);
        match *step {
            Step::Assign {
                assets,
                from,
                number,
                waiting,
            } => {
                let assets = self.chosen(assets);
                let batches = vec![batch(&assets, &devices(from..from + number))];
                let mut new = operation(&self.fence, &name, OperationKind::Assign, batches);
                new.waiting = crate::setup::pairs(&batch(
                    &assets[..1],
                    &devices(from + number..from + number + waiting),
                ));
                self.insert(new).await;
            }
            Step::Revoke { assets, from, number } => {
                let batches = vec![batch(&self.chosen(assets), &devices(from..from + number))];
                let new = operation(&self.fence, &name, OperationKind::Revoke, batches);
                self.insert(new).await;
            }
            Step::End { batch, done, failed } => self.end(batch, done, failed).await,
            Step::Sync { from, number } => self.sync(from, number).await,
        }
    }

    /// Where nothing is left of it, it is refused.
    async fn insert(&mut self, new: NewOperation) {
        match self.db.insert_operations(&[new], None).await {
            Ok(()) => self.operations += 1,
            Err(StoreError::Refused(Code::NothingChosen)) => {}
            Err(error) => panic!("{error}"),
        }
    }

    async fn end(&mut self, batch: usize, done: usize, failed: usize) {
        let open = self.db.open_batches(&self.fence, NOW + HOUR, 9).await.unwrap();
        let Some(batch) = open.get(batch) else { return };
        let error = AppleError {
            number: 9709,
            message: "none left".to_owned(),
        };
        let mut result = BatchResult::default();
        let pairs = batch
            .assets
            .iter()
            .flat_map(|asset| batch.holders.iter().map(move |h| (asset.0, h.clone())));
        for (n, pair) in pairs.enumerate() {
            match n * 7 % 10 {
                n if n < done => result.done.push(pair),
                n if n < done + failed => result.failed.push((pair, error.clone())),
                _ => {}
            }
        }
        for pair in &result.done {
            match batch.kind {
                OperationKind::Assign => self.apple.insert(pair.clone()),
                OperationKind::Revoke => self.apple.remove(pair),
                OperationKind::Adopt | OperationKind::LetGo => panic!("an adoption has no batches"),
            };
        }
        self.db
            .batch_sent(&self.fence, batch.id, "event", NOW + HOUR)
            .await
            .unwrap();
        self.db
            .end_batch(&self.fence, batch.id, &result, NOW + HOUR)
            .await
            .unwrap();
    }

    /// Apple gives some licences of the first app by itself, and takes others away; not those under way here, which
    /// Apple's counts do not have until they are confirmed.
    async fn sync(&mut self, from: u32, number: u32) {
        let first = self.ids[0];
        let under_way: BTreeSet<Holder> = licenses(&self.db)
            .await
            .into_iter()
            .filter(|row| {
                row.0 == first && matches!(row.2, LicenseState::Requested | LicenseState::Releasing)
            })
            .map(|row| row.1)
            .collect();
        let gone = |holder: &Holder| holder.id() < device(from / 2).id() && !under_way.contains(holder);
        self.apple
            .retain(|(asset, holder)| *asset != first || !gone(holder));
        let new = devices(from..from + number)
            .into_iter()
            .filter(|holder| !under_way.contains(holder));
        self.apple.extend(new.map(|holder| (first, holder)));
        self.db.begin_sync(&self.fence, NOW).await.unwrap();
        let mut assets = Vec::new();
        let mut digests = Vec::new();
        for (n, id) in self.ids.iter().enumerate() {
            let holders: Vec<Holder> = self
                .apple
                .iter()
                .filter(|(asset, _)| asset == id)
                .map(|pair| pair.1.clone())
                .collect();
            self.db
                .correct_licenses(&self.fence, *id, &holders, NOW)
                .await
                .unwrap();
            digests.push((*id, digest(&holders)));
            assets.push((*id, used(app(n as u32), holders.len())));
        }
        let publish = Publish {
            finished_at: NOW,
            assets,
            digests,
            assignments: 0,
            added: 0,
            removed: 0,
            app_errors: 0,
        };
        self.db.publish_sync(&self.fence, &publish).await.unwrap();
    }

    /// The sums of what was found and what was given are those of the licences.
    async fn check_origins(&self, id: AssetId) {
        let query = LicenseQuery {
            asset: Some(id),
            ..LicenseQuery::default()
        };
        let rows = self.db.license_list(&query).await.unwrap().rows;
        let held = |row: &&LicenseRow| matches!(row.state, LicenseState::Held | LicenseState::Releasing);
        let (found, given): (Vec<_>, Vec<_>) = rows
            .iter()
            .filter(held)
            .partition(|row| row.origin == Origin::Unknown);
        let lost = DriftHolderQuery {
            side: Side::Pomona,
            asset: Some(id),
            ..DriftHolderQuery::default()
        };
        let lost = self.db.drift_holders(&lost).await.unwrap().rows.len();
        let drift = self.db.drift_list(&DriftQuery::default()).await.unwrap().rows;
        match drift.iter().find(|row| row.asset == id) {
            Some(row) => assert_eq!(
                (row.found, row.pomona, row.lost),
                (found.len() as i64, (given.len() + lost) as i64, lost as i64)
            ),
            None => assert_eq!((found.len(), lost), (0, 0)),
        }
    }

    async fn check(&self) {
        let rows = licenses(&self.db).await;
        let mut of: BTreeMap<AssetId, BTreeMap<&str, i64>> = BTreeMap::new();
        for (asset, _, state) in &rows {
            *of.entry(*asset).or_default().entry(state.as_str()).or_default() += 1;
        }
        let mut open: BTreeMap<AssetId, i64> = BTreeMap::new();
        for batch in self.db.open_batches(&self.fence, NOW + HOUR, 100).await.unwrap() {
            for asset in &batch.assets {
                *open.entry(asset.0).or_default() += batch.holders.len() as i64;
            }
        }
        for id in &self.ids {
            let counts = detail(&self.db, *id).await.row.counts;
            let number = |state: LicenseState| {
                of.get(id)
                    .and_then(|it| it.get(state.as_str()))
                    .copied()
                    .unwrap_or(0)
            };
            let apple = self.apple.iter().filter(|(asset, _)| asset == id).count() as i64;
            assert_eq!(counts.used, apple, "used");
            assert_eq!(counts.available, counts.total - apple, "available");
            assert_eq!(counts.waiting, number(LicenseState::Waiting), "waiting");
            assert_eq!(
                counts.pending,
                number(LicenseState::Requested) + number(LicenseState::Releasing),
                "pending"
            );
            assert_eq!(counts.pending, open.get(id).copied().unwrap_or(0), "open pairs");
            self.check_origins(*id).await;
            let page = self
                .db
                .license_list(&LicenseQuery {
                    asset: Some(*id),
                    ..LicenseQuery::default()
                })
                .await
                .unwrap();
            assert_eq!(
                page.total,
                Some(rows.iter().filter(|row| row.0 == *id).count() as i64),
                "listed"
            );
        }
        let token = self
            .db
            .token_list(&Default::default())
            .await
            .unwrap()
            .rows
            .remove(0);
        assert_eq!(token.used, self.apple.len() as i64, "the location's sum");
        for number in 1..=self.operations {
            let row = self.db.operation(&format!("op{number}").into()).await.unwrap();
            let ended = row.done + row.failed + row.waiting;
            assert_eq!(row.state == OperationState::Done, ended == row.total);
            let items = self
                .db
                .operation_items(&row.id, &ItemQuery::default())
                .await
                .unwrap();
            assert_eq!(items.total, Some(row.total));
            assert!(items.rows.len() as i64 == row.total.min(50));
        }
    }
}

proptest! {
    // Over the wire a case takes a second.
    #![proptest_config(ProptestConfig {
        cases: if std::env::var("POMONA_TEST_POSTGRES_URL").is_ok() { 12 } else { 48 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn c3_counts_follow_the_licences(steps in steps()) {
        let steps = &steps;
        on_each(|db| async move {
            let fence = leased(&db, "A").await;
            let assets = [(app(0), devices(0..4)), (app(1), devices(2..5)), (app(2), vec![])];
            let ids = synced(&db, &fence, &assets).await;
            let apple = ids.iter().zip(&assets).flat_map(|(id, it)| it.1.iter().map(|h| (*id, h.clone()))).collect();
            let mut world = World { db, fence, ids, apple, operations: 0 };
            for step in steps {
                world.step(step).await;
                world.check().await;
            }
        });
    }
}
