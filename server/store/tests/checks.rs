use crate::setup::{
    DAY, HOUR, NOW, app, batch, detail, device, devices, lease, leased, named, on_each, operation, states,
    synced, used,
};
use contract::{activity::OperationKind, licenses::Holder};
use store::{
    Db,
    checks::{Doubt, Versions, Watch},
    locations::Fence,
    sync::{AppleAsset, AssetKey, Corrected},
};

fn doubt(key: AssetKey) -> Doubt {
    Doubt { key, holders: false }
}

async fn doubts(db: &Db, fence: &Fence) -> Vec<Doubt> {
    db.doubts(fence, NOW + DAY, 10)
        .await
        .unwrap()
        .into_iter()
        .map(|(doubt, _)| doubt)
        .collect()
}

#[test]
fn a_check_is_due_when_it_was_planned() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        synced(&db, &fence, &[]).await;
        assert_eq!(db.watch(&fence.location).await.unwrap(), Watch::default());
        let versions = Versions {
            assets: Some("v".to_owned()),
            assignments: None,
        };
        db.keep_watch(&fence, &versions, Some(NOW), NOW + HOUR)
            .await
            .unwrap();
        let watch = db.watch(&fence.location).await.unwrap();
        assert_eq!(
            (watch.check_at, watch.versions),
            (Some(NOW + HOUR), versions.clone())
        );
        db.release_lease(&fence).await.unwrap();
        assert!(
            db.lease_next("w", NOW + 2000, NOW + 9000)
                .await
                .unwrap()
                .is_none()
        );
        assert_eq!(db.next_due(NOW + 2000).await.unwrap(), Some(NOW + HOUR));
        let fence = lease(&db, &fence.location, NOW + HOUR).await;
        db.check_later(&fence, NOW + 2 * HOUR).await.unwrap();
        let watch = db.watch(&fence.location).await.unwrap();
        assert_eq!((watch.check_at, watch.versions), (Some(NOW + 2 * HOUR), versions));
    });
}

#[test]
fn stocks_are_the_shown_assets_and_say_what_apple_is_at_work_on() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..2)), (app(2), vec![])]).await;
        db.insert_assets(&fence, &[app(3)], NOW).await.unwrap();
        let stocks = db.stocks(&fence).await.unwrap();
        assert_eq!(stocks.len(), 2);
        assert_eq!(
            (stocks[0].id, &stocks[0].asset, stocks[0].in_flight),
            (ids[0], &used(app(1), 2), false)
        );
        let new = operation(
            &fence,
            "op",
            OperationKind::Assign,
            vec![batch(&ids[1..], &devices(0..2))],
        );
        db.insert_operations(&[new], None).await.unwrap();
        assert!(
            !db.stocks(&fence).await.unwrap()[1].in_flight,
            "Apple knows nothing of it yet"
        );
        let open = db.open_batches(&fence, NOW + DAY, 1).await.unwrap().remove(0);
        db.batch_sending(&fence, open.id, NOW).await.unwrap();
        let stocks = db.stocks(&fence).await.unwrap();
        assert_eq!((stocks[0].in_flight, stocks[1].in_flight), (false, true));
    });
}

#[test]
fn assets_that_lack_a_pair_are_found() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..2)), (app(2), devices(0..2))]).await;
        let lacking = async |pairs: &[(usize, Holder)]| {
            let pairs: Vec<_> = pairs
                .iter()
                .map(|(at, holder)| (ids[*at], holder.clone()))
                .collect();
            db.assets_lacking(&fence, &pairs).await.unwrap()
        };
        assert!(lacking(&[]).await.is_empty());
        assert!(lacking(&[(0, device(0)), (1, device(1))]).await.is_empty());
        assert_eq!(lacking(&[(0, device(1)), (1, device(5))]).await, [ids[1]]);
        assert_eq!(
            lacking(&[(0, Holder::User("x\0".into())), (0, device(6)), (1, device(5))]).await,
            ids
        );
    });
}

#[test]
fn a_doubt_is_due_until_it_is_settled() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        synced(&db, &fence, &[]).await;
        let (a, b) = (app(1).key, app(2).key);
        db.add_doubts(&fence, &[doubt(a.clone()), doubt(b.clone())], NOW)
            .await
            .unwrap();
        let again = Doubt {
            key: a.clone(),
            holders: true,
        };
        db.add_doubts(&fence, std::slice::from_ref(&again), NOW)
            .await
            .unwrap();
        db.add_doubts(&fence, &[doubt(a.clone())], NOW).await.unwrap();
        assert_eq!(doubts(&db, &fence).await, [again, doubt(b.clone())]);
        db.release_lease(&fence).await.unwrap();
        let fence = lease(&db, &fence.location, NOW + 2000).await;
        db.doubt_later(&fence, Some(&a), NOW + DAY + 1).await.unwrap();
        assert_eq!(doubts(&db, &fence).await, [doubt(b.clone())], "one waits alone");
        db.doubt_later(&fence, None, NOW + DAY + 1).await.unwrap();
        assert!(doubts(&db, &fence).await.is_empty());
        db.release_lease(&fence).await.unwrap();
        assert_eq!(
            db.next_due(NOW + 2000).await.unwrap(),
            Some(NOW + 1000 + 12 * HOUR),
            "the next sync comes before"
        );
        let fence = lease(&db, &fence.location, NOW + 2 * DAY).await;
        db.drop_doubt(&fence, &a).await.unwrap();
        db.drop_doubt(&fence, &b).await.unwrap();
        assert!(db.doubts(&fence, NOW + 3 * DAY, 10).await.unwrap().is_empty());
    });
}

#[test]
fn an_asset_is_refreshed_with_or_without_its_holders() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..3))]).await;
        db.add_doubts(&fence, &[doubt(app(1).key)], NOW).await.unwrap();
        let larger = AppleAsset {
            total: 20,
            available: 17,
            assigned: 3,
            revocable: false,
            platforms: vec!["tvOS".to_owned()],
            ..app(1)
        };
        let refresh = async |asset: &AppleAsset, holders: Option<&[Holder]>| {
            db.refresh_asset(&fence, ids[0], asset, holders, NOW + 5000, NOW + 6000)
                .await
                .unwrap()
        };
        assert_eq!(refresh(&larger, None).await, Corrected::default());
        let row = detail(&db, ids[0]).await;
        assert_eq!(
            (row.row.counts.total, row.row.counts.available, row.revocable),
            (20, 17, false)
        );
        assert_eq!(row.row.platforms, ["tvOS"]);
        assert!(doubts(&db, &fence).await.is_empty());

        let four = used(app(1), 4);
        let holders = devices(1..5);
        assert_eq!(
            refresh(&four, Some(&holders)).await,
            Corrected { added: 2, removed: 1 }
        );
        assert_eq!(states(&db, ids[0]).await.len(), 4);
        assert_eq!(detail(&db, ids[0]).await.row.counts.used, 4);
        let known = db.begin_sync(&fence, NOW + 7000).await.unwrap();
        assert_eq!(known[0].digest, Some(crate::setup::digest(&holders)));
    });
}

#[test]
fn a_new_asset_is_shown_with_its_holders_even_after_half_a_sync() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        synced(&db, &fence, &[(app(1), vec![])]).await;
        db.begin_sync(&fence, NOW).await.unwrap();
        let left = db.insert_assets(&fence, &[app(2)], NOW).await.unwrap();
        db.insert_found_licenses(&fence, &[(left[0], device(9))], NOW)
            .await
            .unwrap();
        db.add_doubts(&fence, &[doubt(app(2).key)], NOW).await.unwrap();
        let mut holders = devices(0..2);
        holders.push(Holder::User("u".into()));
        holders.push(device(0));
        let id = db
            .add_asset(&fence, &used(app(2), 3), &holders, NOW + 5000, NOW + 6000)
            .await
            .unwrap();
        assert_eq!(states(&db, id).await.len(), 3);
        assert_eq!(detail(&db, id).await.row.counts.used, 3);
        assert!(doubts(&db, &fence).await.is_empty());
        let row = db.token_list(&Default::default()).await.unwrap().rows.remove(0);
        assert_eq!((row.apps, row.used, row.total), (2, 3, 20));
        let due = db.assets_to_describe(&fence, NOW, 10).await.unwrap();
        assert!(due.iter().any(|(due, ..)| *due == id));
        db.describe_assets(&fence, &[(id, Some(named("Pear")))], NOW)
            .await
            .unwrap();
        assert_eq!(detail(&db, id).await.row.name, "Pear");
        let known = db.begin_sync(&fence, NOW + 7000).await.unwrap();
        assert_eq!(known.len(), 2);
        assert_eq!(known[1].digest.unwrap().count, 3);
    });
}

#[test]
fn a_doubt_that_is_put_off_stands_behind_the_others_and_counts_its_tries() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        synced(&db, &fence, &[]).await;
        let (a, b) = (app(1).key, app(2).key);
        db.add_doubts(&fence, &[doubt(a.clone()), doubt(b.clone())], NOW)
            .await
            .unwrap();
        for _ in 0..2 {
            db.doubt_later(&fence, Some(&a), NOW + 60).await.unwrap();
        }
        db.doubt_later(&fence, None, NOW + 50).await.unwrap();
        assert_eq!(
            db.doubts(&fence, NOW + DAY, 10).await.unwrap(),
            [(doubt(b.clone()), 0), (doubt(a.clone()), 2)]
        );
        // It is as doubtful as before.
        db.add_doubts(&fence, &[doubt(a.clone())], NOW + 1).await.unwrap();
        assert_eq!(db.doubts(&fence, NOW + 59, 10).await.unwrap().len(), 1);
        // Once it is settled, it begins anew.
        db.drop_doubt(&fence, &a).await.unwrap();
        db.add_doubts(&fence, &[doubt(a.clone())], NOW + 1).await.unwrap();
        assert_eq!(
            db.doubts(&fence, NOW + 59, 10).await.unwrap(),
            [(doubt(a), 0), (doubt(b), 0)]
        );
    });
}
