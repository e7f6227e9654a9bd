use crate::setup::{
    DAY, HOUR, NOW, app, assets, batch, detail, device, devices, digest, id_of, leased, licenses, named,
    on_each, operation, pairs, states, synced, used, walk,
};
use contract::{
    AppleError, AssetId, Code, Fault,
    activity::OperationKind,
    catalog::ProductType,
    licenses::{Act, Holder, LedgerQuery, LicenseQuery, LicenseState, Origin},
    tokens::SyncState,
};
use store::{
    Db, StoreError,
    locations::Fence,
    metadata::AssetMetadata,
    operations::BatchResult,
    sync::{AppleAsset, Corrected, Publish},
};

pub async fn publish(db: &Db, fence: &Fence, assets: Vec<(AssetId, AppleAsset)>) {
    let publish = Publish {
        finished_at: NOW + DAY,
        assets,
        digests: vec![],
        assignments: 5,
        added: 2,
        removed: 1,
        app_errors: 3,
    };
    db.publish_sync(fence, &publish).await.unwrap();
}

async fn acts(db: &Db) -> Vec<(Act, String)> {
    let rows = walk(async |page| {
        db.ledger_list(&LedgerQuery {
            page,
            ..LedgerQuery::default()
        })
        .await
    })
    .await;
    rows.into_iter()
        .rev()
        .map(|row| (row.act, row.holder.id().to_owned()))
        .collect()
}

#[test]
fn s2_nobody_sees_half_of_a_first_sync() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        assert!(db.begin_sync(&fence, NOW).await.unwrap().is_empty());
        let ids = db
            .insert_assets(&fence, &[used(app(1), 2), app(2)], NOW)
            .await
            .unwrap();
        let found = pairs(&batch(&ids[..1], &devices(0..2)));
        db.insert_found_licenses(&fence, &found, NOW).await.unwrap();
        db.describe_assets(&fence, &[(ids[0], Some(named("Maps")))], NOW)
            .await
            .unwrap();
        assert!(assets(&db).await.is_empty());
        assert!(licenses(&db).await.is_empty());
        assert!(db.assets(&ids).await.unwrap().is_empty());
        assert!(matches!(db.asset_detail(ids[0]).await, Err(StoreError::NotFound)));
        assert!(db.held_of_asset(ids[0]).await.unwrap().is_empty());
        assert!(db.held_licenses(&found).await.unwrap().is_empty());
        let row = db.token_detail(&id_of("A")).await.unwrap().row;
        assert_eq!((row.apps, row.used), (0, 0));
        publish(&db, &fence, vec![(ids[0], used(app(1), 2)), (ids[1], app(2))]).await;
        assert_eq!(assets(&db).await, ["400000002", "Maps"]);
        assert_eq!(licenses(&db).await.len(), 2);
        let row = db.token_detail(&id_of("A")).await.unwrap().row;
        assert_eq!((row.apps, row.used, row.total), (2, 2, 20));
        let SyncState::Completed {
            finished_at,
            took,
            app_errors,
        } = row.sync
        else {
            panic!("{:?}", row.sync)
        };
        assert_eq!((finished_at, took, app_errors), (NOW + DAY, DAY, 3));
        let run = &db.sync_runs(&fence.location).await.unwrap()[0];
        assert_eq!(
            (run.assets, run.assignments, run.added, run.removed),
            (2, 5, 2, 1)
        );
        assert_eq!(
            db.token_detail(&id_of("A")).await.unwrap().next_sync_at,
            Some(NOW + DAY + 12 * HOUR)
        );
    });
}

#[test]
fn s2_what_an_interrupted_sync_left_is_removed_by_the_next() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let shown = synced(&db, &fence, &[(app(1), devices(0..1))]).await;
        db.begin_sync(&fence, NOW).await.unwrap();
        let left = db.insert_assets(&fence, &[app(2)], NOW).await.unwrap();
        db.insert_found_licenses(&fence, &pairs(&batch(&left, &devices(0..3))), NOW)
            .await
            .unwrap();
        let known = db.begin_sync(&fence, NOW + 5).await.unwrap();
        assert_eq!(known.iter().map(|asset| asset.id).collect::<Vec<_>>(), shown);
        assert_eq!(known[0].digest, Some(digest(&devices(0..1))));
        let again = db.insert_assets(&fence, &[app(2)], NOW).await.unwrap();
        assert_ne!(again, left, "an id is never used twice");
        publish(&db, &fence, vec![(shown[0], used(app(1), 1)), (again[0], app(2))]).await;
        assert!(states(&db, again[0]).await.is_empty());
        assert_eq!(db.sync_runs(&fence.location).await.unwrap().len(), 2);
    });
}

#[test]
fn found_licences_are_for_arriving_assets_of_the_location_alone() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let shown = synced(&db, &fence, &[(app(1), vec![])]).await;
        let found = pairs(&batch(&shown, &devices(0..1)));
        assert!(matches!(
            db.insert_found_licenses(&fence, &found, NOW).await,
            Err(StoreError::NotFound)
        ));
        assert!(licenses(&db).await.is_empty());
    });
}

#[test]
fn a_page_of_many_assets_is_written_like_one_of_few_and_known_licences_stay() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        db.begin_sync(&fence, NOW).await.unwrap();
        let apps: Vec<_> = (0..20).map(app).collect();
        let ids = db.insert_assets(&fence, &apps, NOW).await.unwrap();
        let mut holders = devices(0..3);
        holders.push(Holder::User("user \"1\"".to_owned()));
        for some in [&ids[..], &ids[..1]] {
            db.insert_found_licenses(&fence, &pairs(&batch(some, &holders)), NOW)
                .await
                .unwrap();
        }
        publish(&db, &fence, ids.iter().copied().zip(apps).collect()).await;
        let all = licenses(&db).await;
        assert_eq!(all.len(), 80);
        assert!(all.iter().all(|row| row.2 == LicenseState::Held));
        assert_eq!(db.digest(ids[0]).await.unwrap(), digest(&holders));
        assert_eq!(db.digest(ids[19]).await.unwrap(), digest(&holders));
    });
}

#[test]
fn s4_counts_come_with_the_end_of_the_sync() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..2))]).await;
        db.begin_sync(&fence, NOW + HOUR).await.unwrap();
        let corrected = db
            .correct_licenses(&fence, ids[0], &devices(0..4), NOW + HOUR)
            .await
            .unwrap();
        assert_eq!(corrected, Corrected { added: 2, removed: 0 });
        assert_eq!(detail(&db, ids[0]).await.row.counts.used, 2);
        let mut asset = used(app(1), 4);
        asset.product = ProductType::Book;
        asset.retired = 1;
        publish(&db, &fence, vec![(ids[0], asset)]).await;
        let row = detail(&db, ids[0]).await.row;
        assert_eq!(
            (row.counts.used, row.counts.available, row.counts.retired),
            (4, 6, 1)
        );
        assert_eq!((row.product, row.counted_at), (ProductType::Book, NOW + DAY));
    });
}

#[test]
fn s2_a_failed_sync_changes_nothing_that_is_seen() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..2))]).await;
        db.begin_sync(&fence, NOW + HOUR).await.unwrap();
        let new = db.insert_assets(&fence, &[app(2)], NOW).await.unwrap();
        db.insert_found_licenses(&fence, &pairs(&batch(&new, &devices(0..3))), NOW)
            .await
            .unwrap();
        let fault = Fault::new(Code::AppleFailing).from_apple(9603, "no");
        db.fail_sync(&fence, &fault, NOW + HOUR + 5, NOW + 2 * HOUR)
            .await
            .unwrap();
        assert_eq!(assets(&db).await.len(), 1);
        assert_eq!(states(&db, ids[0]).await.len(), 2);
        let token = db.token_detail(&id_of("A")).await.unwrap();
        assert_eq!(
            token.row.sync,
            SyncState::Failed {
                finished_at: NOW + HOUR + 5,
                fault
            }
        );
        assert_eq!(
            (token.next_sync_at, token.row.synced_at),
            (Some(NOW + 2 * HOUR), Some(NOW + 1000))
        );
    });
}

#[test]
fn s6_correcting_settles_every_state_that_a_licence_can_be_in() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let mut all = app(1);
        all.total = 100;
        // 0 and 1 held.
        let ids = synced(&db, &fence, &[(all, devices(0..6))]).await;
        let asset = ids[0];
        // 2, 3 releasing; 10, 11 requested; 20, 21 waiting; 30, 31 failed.
        let revoke = operation(
            &fence,
            "revoke",
            OperationKind::Revoke,
            vec![batch(&ids, &devices(2..4))],
        );
        let mut assign = operation(
            &fence,
            "assign",
            OperationKind::Assign,
            vec![batch(&ids, &devices(30..32)), batch(&ids, &devices(10..12))],
        );
        assign.waiting = pairs(&batch(&ids, &devices(20..22)));
        db.insert_operations(&[revoke, assign], None).await.unwrap();
        let open = db.open_batches(&fence, NOW + HOUR, 9).await.unwrap();
        let failing = open
            .iter()
            .find(|batch| batch.holders == devices(30..32))
            .unwrap();
        let error = AppleError {
            number: 9709,
            message: "none left".to_owned(),
        };
        let failed = devices(30..32)
            .into_iter()
            .map(|holder| ((asset, holder), error.clone()))
            .collect();
        let result = BatchResult {
            failed,
            ..BatchResult::default()
        };
        db.end_batch(&fence, failing.id, &result, NOW + 3000)
            .await
            .unwrap();
        let before = detail(&db, asset).await.row.counts;
        assert_eq!((before.pending, before.waiting), (4, 2));

        // Apple has the first of each, and 40, which nobody knew.
        let apple: Vec<_> = [0, 2, 4, 5, 10, 20, 30, 40].map(device).to_vec();
        db.begin_sync(&fence, NOW + HOUR).await.unwrap();
        let corrected = db
            .correct_licenses(&fence, asset, &apple, NOW + HOUR)
            .await
            .unwrap();
        assert_eq!(corrected, Corrected { added: 3, removed: 1 });
        use LicenseState as S;
        let expected = [
            (0, S::Held),
            (2, S::Releasing),
            (3, S::Releasing),
            (4, S::Held),
            (5, S::Held),
            (10, S::Requested),
            (11, S::Requested),
            (20, S::Held),
            (21, S::Waiting),
            (30, S::Held),
            (31, S::Failed),
            (40, S::Held),
        ];
        assert_eq!(
            states(&db, asset).await,
            expected.map(|(n, state)| (device(n), state))
        );
        let counts = detail(&db, asset).await.row.counts;
        assert_eq!((counts.pending, counts.waiting), (4, 1));
        let found = db
            .license_list(&LicenseQuery {
                holder: device(20).id().to_owned(),
                ..LicenseQuery::default()
            })
            .await
            .unwrap();
        assert_eq!(found.rows[0].origin, Origin::Unknown);
        assert_eq!(
            (found.rows[0].since, found.rows[0].error.clone()),
            (NOW + HOUR, None)
        );
        let told: Vec<_> = acts(&db)
            .await
            .into_iter()
            .rev()
            .take(4)
            .map(|(act, holder)| (holder, act))
            .collect();
        for (n, act) in [
            (1, Act::Gone),
            (20, Act::Found),
            (30, Act::Found),
            (40, Act::Found),
        ] {
            assert!(told.contains(&(device(n).id().to_owned(), act)), "{n}");
        }
        // The same again changes nothing and tells nothing.
        let lines = acts(&db).await.len();
        let again = db
            .correct_licenses(&fence, asset, &apple, NOW + HOUR)
            .await
            .unwrap();
        assert_eq!(again, Corrected::default());
        assert_eq!(acts(&db).await.len(), lines);
        assert_eq!(
            db.begin_sync(&fence, NOW).await.unwrap()[0].digest,
            Some(digest(&apple))
        );
    });
}

#[test]
fn device_and_user_of_the_same_id_are_two_holders() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let twins = vec![device(1), Holder::User(device(1).id().to_owned())];
        let ids = synced(&db, &fence, &[(app(1), twins.clone())]).await;
        assert_eq!(states(&db, ids[0]).await.len(), 2);
        db.begin_sync(&fence, NOW).await.unwrap();
        let corrected = db
            .correct_licenses(&fence, ids[0], &twins[1..], NOW)
            .await
            .unwrap();
        assert_eq!(corrected, Corrected { added: 0, removed: 1 });
        assert_eq!(
            states(&db, ids[0]).await,
            [(twins[1].clone(), LicenseState::Held)]
        );
    });
}

#[test]
fn assets_that_apple_no_longer_lists_go_and_come_back_as_new_ones() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..2)), (app(2), devices(0..1))]).await;
        db.begin_sync(&fence, NOW).await.unwrap();
        publish(&db, &fence, vec![(ids[1], used(app(2), 1))]).await;
        assert_eq!(assets(&db).await, ["400000002"]);
        assert_eq!(licenses(&db).await.len(), 1);
        let gone = [
            (Act::Gone, device(0).id().to_owned()),
            (Act::Gone, device(1).id().to_owned()),
        ];
        assert_eq!(acts(&db).await, gone);
        let page = db.ledger_list(&LedgerQuery::default()).await.unwrap();
        assert_eq!(
            (page.rows[0].asset_name.as_str(), page.rows[0].actor.as_str()),
            ("400000001", "Apple")
        );
        let row = db.token_detail(&id_of("A")).await.unwrap().row;
        assert_eq!((row.apps, row.used), (1, 1));
        let known = db.begin_sync(&fence, NOW).await.unwrap();
        assert_eq!(known.len(), 1);
        let back = db.insert_assets(&fence, &[app(1)], NOW).await.unwrap();
        assert_ne!(back[0], ids[0]);
        publish(&db, &fence, vec![(ids[1], used(app(2), 1)), (back[0], app(1))]).await;
        assert_eq!(assets(&db).await.len(), 2);
    });
}

#[test]
fn an_operation_on_an_asset_that_went_can_still_end() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..1))]).await;
        let new = operation(
            &fence,
            "op",
            OperationKind::Assign,
            vec![batch(&ids, &devices(5..6))],
        );
        db.insert_operations(&[new], None).await.unwrap();
        db.begin_sync(&fence, NOW).await.unwrap();
        publish(&db, &fence, vec![]).await;
        let open = db.open_batches(&fence, NOW + HOUR, 9).await.unwrap();
        assert_eq!(open[0].assets[0].1, app(1).key);
        let result = BatchResult {
            done: vec![(ids[0], device(5))],
            ..BatchResult::default()
        };
        db.end_batch(&fence, open[0].id, &result, NOW).await.unwrap();
        assert!(licenses(&db).await.is_empty());
        assert_eq!(db.operation(&"op".into()).await.unwrap().done, 1);
    });
}

#[test]
fn s4_an_act_since_the_last_look_makes_the_digest_unknown() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..1)), (app(2), devices(0..1))]).await;
        let new = operation(
            &fence,
            "op",
            OperationKind::Assign,
            vec![batch(&ids[..1], &devices(5..6))],
        );
        db.insert_operations(&[new], None).await.unwrap();
        let open = db.open_batches(&fence, NOW + HOUR, 9).await.unwrap();
        let result = BatchResult {
            done: vec![(ids[0], device(5))],
            ..BatchResult::default()
        };
        db.end_batch(&fence, open[0].id, &result, NOW).await.unwrap();
        let known = db.begin_sync(&fence, NOW).await.unwrap();
        assert_eq!(known[0].digest, None);
        assert_eq!(known[1].digest, Some(digest(&devices(0..1))));
        assert_eq!(db.digest(ids[0]).await.unwrap().count, 2);
    });
}

#[test]
fn metadata_is_asked_for_where_it_is_missing_or_old_and_stays_where_apple_has_none() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(
            &db,
            &fence,
            &[(app(1), vec![]), (app(2), vec![]), (app(3), vec![])],
        )
        .await;
        let wanted = async |older_than, limit| {
            let assets = db.assets_to_describe(&fence, older_than, limit).await.unwrap();
            assets.into_iter().map(|asset| asset.0).collect::<Vec<_>>()
        };
        assert_eq!(wanted(NOW, 2).await, ids[..2]);
        db.describe_assets(&fence, &[(ids[0], Some(named("Maps"))), (ids[1], None)], NOW)
            .await
            .unwrap();
        assert_eq!(wanted(NOW, 9).await, ids[2..]);
        assert_eq!(wanted(NOW + 1, 9).await, [ids[2], ids[0], ids[1]]);
        db.describe_assets(&fence, &[(ids[0], None)], NOW + 5)
            .await
            .unwrap();
        let asset = detail(&db, ids[0]).await;
        assert_eq!(
            (asset.row.name.as_str(), asset.bundle_id.as_str()),
            ("Maps", "com.example.maps")
        );
        assert_eq!(
            asset.row.icon.as_deref(),
            Some("https://example.com/128x128bb.png")
        );
        assert_eq!(asset.described_at, Some(NOW));
        let bare = detail(&db, ids[1]).await;
        assert_eq!((bare.row.name.as_str(), bare.described_at), ("400000002", None));
        // C5: what its owners alone are told of is described, and missing since it was first seen to be.
        let removed = AssetMetadata {
            removed: true,
            ..named("Atlas")
        };
        let flags = async || {
            let row = detail(&db, ids[0]).await.row;
            (row.name, row.missing_since, row.removed)
        };
        assert_eq!(flags().await, ("Maps".into(), Some(NOW + 5), false));
        for at in [NOW + 6, NOW + 7] {
            db.describe_assets(&fence, &[(ids[0], Some(removed.clone()))], at)
                .await
                .unwrap();
            assert_eq!(flags().await, ("Atlas".into(), Some(NOW + 5), true));
        }
        db.describe_assets(&fence, &[(ids[0], Some(named("Maps")))], NOW + 8)
            .await
            .unwrap();
        assert_eq!(flags().await, ("Maps".into(), None, false));
        // What the store does not answer for keeps what it has, and has its next turn by that look.
        db.undescribed(&fence, &ids[..1], NOW + 20).await.unwrap();
        assert_eq!(flags().await, ("Maps".into(), None, false));
        assert_eq!(detail(&db, ids[0]).await.described_at, Some(NOW + 8));
        assert_eq!(wanted(NOW + 20, 9).await, [ids[2], ids[1]]);
        let first = db.assets_to_describe(&fence, NOW + 9, 1).await.unwrap().remove(0);
        assert_eq!(
            (first.1, first.2, first.3),
            (app(3).key, ProductType::App, app(3).platforms)
        );
    });
}
