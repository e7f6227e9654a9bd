use crate::setup::{
    DAY, HOUR, NOW, app, arrived, batch, detail, device, devices, lease, leased, on_each, operation, states,
    synced,
};
use contract::{
    AppleError, Code, Fault,
    activity::{ItemQuery, ItemState, OperationKind, OperationState},
    licenses::{Act, Holder, LedgerQuery, LicenseState, Origin},
};
use store::{
    Db, StoreError,
    checks::Versions,
    locations::Fence,
    notifications::{Applied, NewNotification, News, ReceiverState, Understood},
    operations::BatchResult,
    sync::AssetKey,
};

use OperationKind::{Assign, Revoke};

fn arrival(fence: &Fence, id: &str) -> NewNotification {
    NewNotification {
        location: fence.location.clone(),
        id: id.to_owned(),
        kind: "ASSET_COUNT".to_owned(),
        body: format!("{{\"notificationId\":\"{id}\"}}"),
        received_at: NOW + 5000,
    }
}

/// Keeps them and takes them up, as if each were what `news` says.
async fn tell(db: &Db, fence: &Fence, news: Vec<News>) -> Applied {
    for number in 0..news.len() {
        let id = format!("{number}-{}", news.len());
        db.keep_notification(&arrival(fence, &id)).await.unwrap();
    }
    let arrived = db.arrived_notifications(fence, 100).await.unwrap();
    let told: Vec<_> = arrived
        .iter()
        .zip(news)
        .map(|(arrived, news)| Understood {
            number: arrived.number,
            received_at: arrived.received_at,
            news,
        })
        .collect();
    let applied = db
        .apply_notifications(fence, &told, NOW + 6000, NOW + 9000)
        .await
        .unwrap();
    db.delete_notifications_before(i64::MAX).await.unwrap();
    applied
}

fn count(number: u32, delta: i64) -> News {
    News::Count {
        key: app(number).key,
        delta,
    }
}

fn tasks(event: Option<&str>, kind: OperationKind, number: u32, holders: &[Holder]) -> News {
    News::Pairs {
        event: event.map(str::to_owned),
        kind,
        error: None,
        pairs: holders
            .iter()
            .map(|holder| (app(number).key, holder.clone()))
            .collect(),
    }
}

fn failing(news: News) -> News {
    match news {
        News::Pairs {
            event, kind, pairs, ..
        } => News::Pairs {
            event,
            kind,
            error: Some(AppleError {
                number: 9709,
                message: "none left".to_owned(),
            }),
            pairs,
        },
        other => other,
    }
}

/// An operation whose one batch Apple has, under the event `event`.
async fn sent(db: &Db, fence: &Fence, kind: OperationKind, new: store::operations::NewBatch) {
    db.insert_operations(&[operation(fence, "op", kind, vec![new])], None)
        .await
        .unwrap();
    let open = db.open_batches(fence, NOW + DAY, 10).await.unwrap().remove(0);
    db.batch_sending(fence, open.id, NOW + 3000).await.unwrap();
    db.batch_sent(fence, open.id, "event", NOW + 4000).await.unwrap();
}

async fn acts(db: &Db) -> Vec<(String, Act, Option<String>)> {
    let mut query = LedgerQuery::default();
    query.page.rows = Some(100);
    let rows = db.ledger_list(&query).await.unwrap().rows;
    rows.into_iter()
        .map(|row| (row.holder.id().to_owned(), row.act, row.event))
        .collect()
}

#[test]
fn a_notification_is_kept_once_and_taken_up_in_order() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        assert!(db.keep_notification(&arrival(&fence, "a")).await.unwrap());
        assert!(!db.keep_notification(&arrival(&fence, "a")).await.unwrap());
        assert!(db.keep_notification(&arrival(&fence, "b\0")).await.unwrap());
        let arrived = db.arrived_notifications(&fence, 100).await.unwrap();
        assert_eq!(arrived.len(), 2);
        assert!(arrived[0].number < arrived[1].number);
        assert_eq!(arrived[0].body, "{\"notificationId\":\"a\"}");
        assert_eq!(db.arrived_notifications(&fence, 1).await.unwrap(), arrived[..1]);
        let told = |at: usize, news| Understood {
            number: arrived[at].number,
            received_at: arrived[at].received_at,
            news,
        };
        let told = [told(0, News::Nothing), told(1, News::Users)];
        db.apply_notifications(&fence, &told, NOW, NOW).await.unwrap();
        assert!(db.arrived_notifications(&fence, 100).await.unwrap().is_empty());
        assert!(
            !db.keep_notification(&arrival(&fence, "a")).await.unwrap(),
            "done, and still known"
        );
        assert_eq!(db.delete_notifications_before(NOW + 5000).await.unwrap(), 0);
        assert_eq!(db.delete_notifications_before(NOW + 5001).await.unwrap(), 2);
    });
}

#[test]
fn a_location_with_a_notification_has_something_to_do() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        synced(&db, &fence, &[]).await;
        db.release_lease(&fence).await.unwrap();
        assert!(
            db.lease_next("worker", NOW + 2000, NOW + HOUR)
                .await
                .unwrap()
                .is_none()
        );
        db.keep_notification(&arrival(&fence, "a")).await.unwrap();
        assert_eq!(db.next_due(NOW + 2000).await.unwrap(), Some(NOW + 2001));
        let fence = lease(&db, &fence.location, NOW + 2000).await;
        assert_eq!(db.arrived_notifications(&fence, 9).await.unwrap().len(), 1);
    });
}

#[test]
fn another_worker_changes_nothing() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let stale = Fence {
            epoch: fence.epoch - 1,
            ..fence.clone()
        };
        let refused = db.apply_notifications(&stale, &[], NOW, NOW).await;
        assert!(matches!(refused, Err(StoreError::Fenced)));
        assert!(matches!(
            db.ask_receiver(&stale, "https://a", b"s", NOW).await,
            Err(StoreError::Fenced)
        ));
    });
}

#[test]
fn a_pool_grows_and_shrinks_by_the_delta() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..3))]).await;
        let applied = tell(&db, &fence, vec![count(1, 5), count(1, -2)]).await;
        assert_eq!((applied.assets, applied.operations), (ids.clone(), vec![]));
        let counts = detail(&db, ids[0]).await.row.counts;
        assert_eq!((counts.total, counts.used, counts.available), (13, 3, 10));
        assert!(db.doubts(&fence, NOW + DAY, 9).await.unwrap().is_empty());
        let row = db.token_list(&Default::default()).await.unwrap().rows.remove(0);
        assert_eq!(row.total, 13, "the list of tokens counts it too");
    });
}

#[test]
fn a_delta_that_cannot_be_puts_the_asset_in_doubt_and_changes_nothing() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..3))]).await;
        let applied = tell(&db, &fence, vec![count(1, -8), count(7, 3)]).await;
        assert!(applied.assets.is_empty());
        assert_eq!(detail(&db, ids[0]).await.row.counts.total, 10);
        let doubts = db.doubts(&fence, NOW + DAY, 9).await.unwrap();
        let keys: Vec<AssetKey> = doubts.into_iter().map(|(doubt, _)| doubt.key).collect();
        assert_eq!(keys, [app(1).key, app(7).key]);
        assert_eq!(
            db.watch(&fence.location).await.unwrap().check_at,
            Some(NOW + 9000)
        );
    });
}

#[test]
fn what_apple_told_before_it_was_counted_is_in_the_counts() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..3))]).await;
        let versions = Versions {
            assets: Some("v1".to_owned()),
            assignments: Some("v2".to_owned()),
        };
        db.keep_watch(&fence, &versions, Some(NOW + 5000), NOW + DAY)
            .await
            .unwrap();
        assert_eq!(tell(&db, &fence, vec![count(1, 5)]).await, Applied::default());
        assert_eq!(detail(&db, ids[0]).await.row.counts.total, 10);
        assert_eq!(db.watch(&fence.location).await.unwrap().versions, versions);

        db.keep_watch(&fence, &versions, Some(NOW + 4999), NOW + DAY)
            .await
            .unwrap();
        tell(&db, &fence, vec![count(1, 5)]).await;
        assert_eq!(detail(&db, ids[0]).await.row.counts.total, 15);
        let watch = db.watch(&fence.location).await.unwrap();
        assert_eq!(watch.check_at, Some(NOW + 9000), "sooner than planned");
        assert_eq!(
            watch.versions.assets, None,
            "the counts are compared whatever Apple's version"
        );
    });
}

#[test]
fn an_operation_ends_pair_by_pair_with_its_last_notification() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        let holders = devices(0..5);
        sent(&db, &fence, Assign, batch(&ids, &holders)).await;
        let part = |from: usize, to: usize| tasks(Some("event"), Assign, 1, &holders[from..to]);
        let applied = tell(&db, &fence, vec![part(0, 2), part(1, 3)]).await;
        assert_eq!(applied.operations, ["op".into()]);
        let row = db.operation(&"op".into()).await.unwrap();
        assert_eq!((row.state, row.done, row.failed), (OperationState::Running, 3, 0));
        let counts = detail(&db, ids[0]).await.row.counts;
        assert_eq!((counts.used, counts.available, counts.pending), (3, 7, 2));

        let applied = tell(&db, &fence, vec![failing(part(3, 4)), part(4, 5), part(0, 5)]).await;
        assert_eq!(applied.operations, ["op".into()]);
        let row = db.operation(&"op".into()).await.unwrap();
        assert_eq!((row.state, row.done, row.failed), (OperationState::Done, 4, 1));
        let counts = detail(&db, ids[0]).await.row.counts;
        assert_eq!((counts.used, counts.available, counts.pending), (4, 6, 0));
        assert!(db.open_batches(&fence, NOW + DAY, 10).await.unwrap().is_empty());
        assert_eq!(states(&db, ids[0]).await[3], (device(3), LicenseState::Failed));
        let failed = ItemQuery {
            state: Some(ItemState::Failed),
            ..ItemQuery::default()
        };
        let items = db.operation_items(&"op".into(), &failed).await.unwrap().rows;
        assert_eq!(items[0].error.as_ref().unwrap().number, 9709);
        let held: Vec<_> = acts(&db)
            .await
            .into_iter()
            .filter(|(_, act, _)| *act == Act::Held)
            .collect();
        assert_eq!(held.len(), 4, "each once: {held:?}");
        assert!(held.iter().all(|(_, _, event)| event.as_deref() == Some("event")));
    });
}

#[test]
fn what_notifications_left_open_ends_with_the_status_and_counts_once() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..6))]).await;
        let holders = devices(0..4);
        sent(&db, &fence, Revoke, batch(&ids, &holders)).await;
        tell(&db, &fence, vec![tasks(Some("event"), Revoke, 1, &holders[..3])]).await;
        let open = db.open_batches(&fence, NOW + DAY, 10).await.unwrap().remove(0);
        let result = BatchResult {
            done: holders.iter().map(|holder| (ids[0], holder.clone())).collect(),
            ..BatchResult::default()
        };
        db.end_batch(&fence, open.id, &result, NOW + 7000).await.unwrap();
        let row = db.operation(&"op".into()).await.unwrap();
        assert_eq!((row.state, row.done, row.failed), (OperationState::Done, 4, 0));
        let counts = detail(&db, ids[0]).await.row.counts;
        assert_eq!((counts.used, counts.available, counts.pending), (2, 8, 0));
        assert_eq!(states(&db, ids[0]).await.len(), 2);
        // And a late one changes nothing, even if the licence was given again since.
        let late = tell(&db, &fence, vec![tasks(Some("event"), Revoke, 1, &devices(0..6))]).await;
        assert_eq!(late, Applied::default());
        assert_eq!(states(&db, ids[0]).await.len(), 2);
    });
}

#[test]
fn what_others_gave_and_took_is_found_and_gone() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..2))]).await;
        tell(
            &db,
            &fence,
            vec![
                tasks(Some("theirs"), Assign, 1, &devices(1..4)),
                tasks(None, Assign, 1, &[Holder::User("u".into())]),
                failing(tasks(Some("theirs"), Assign, 1, &devices(7..9))),
                tasks(Some("other"), Revoke, 1, &[device(0), device(9)]),
            ],
        )
        .await;
        let expected: Vec<_> = [device(1), device(2), device(3), Holder::User("u".into())]
            .into_iter()
            .map(|holder| (holder, LicenseState::Held))
            .collect();
        assert_eq!(states(&db, ids[0]).await, expected);
        let counts = detail(&db, ids[0]).await.row.counts;
        assert_eq!((counts.total, counts.used, counts.available), (10, 4, 6));
        let found = db.license_list(&Default::default()).await.unwrap().rows;
        assert!(found.iter().all(|row| row.origin == Origin::Unknown));
        let mut told: Vec<_> = acts(&db)
            .await
            .into_iter()
            .map(|(id, act, _)| (id, act))
            .collect();
        told.reverse();
        assert_eq!(
            told,
            [
                (device(2).id().to_owned(), Act::Found),
                (device(3).id().to_owned(), Act::Found),
                ("u".to_owned(), Act::Found),
                (device(0).id().to_owned(), Act::Gone),
            ]
        );
        assert_eq!(db.digest(ids[0]).await.unwrap().count, 4);
    });
}

#[test]
fn what_an_operation_works_on_is_left_to_it() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        sent(&db, &fence, Assign, batch(&ids, &devices(0..2))).await;
        tell(
            &db,
            &fence,
            vec![tasks(Some("theirs"), Assign, 1, &devices(0..1))],
        )
        .await;
        assert_eq!(states(&db, ids[0]).await[0].1, LicenseState::Requested);
        // More than there are: the pool is read again.
        tell(&db, &fence, vec![tasks(None, Assign, 1, &devices(10..21))]).await;
        assert!(
            db.doubts(&fence, NOW + DAY, 9).await.unwrap().is_empty(),
            "not while Apple is at work"
        );
        tell(&db, &fence, vec![tasks(Some("event"), Assign, 1, &devices(0..2))]).await;
        let doubts = db.doubts(&fence, NOW + DAY, 9).await.unwrap();
        assert_eq!(doubts.len(), 1);
    });
}

#[test]
fn an_operation_has_no_fault_any_more_once_apple_tells_of_a_success() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        sent(&db, &fence, Assign, batch(&ids, &devices(0..3))).await;
        let open = db.open_batches(&fence, NOW + DAY, 10).await.unwrap().remove(0);
        let fault = contract::Fault::new(contract::Code::AppleFailing);
        db.batch_later(&fence, open.id, None, NOW + 9000, Some(&fault))
            .await
            .unwrap();
        let shown = async || db.operation(&"op".into()).await.unwrap().fault;
        let one = |number| tasks(Some("event"), Assign, 1, &devices(number..number + 1));
        tell(&db, &fence, vec![failing(one(0))]).await;
        assert_eq!(shown().await, Some(fault), "nothing has succeeded");
        tell(&db, &fence, vec![one(1)]).await;
        assert_eq!(shown().await, None);
        assert_eq!(
            states(&db, ids[0]).await[2].1,
            LicenseState::Requested,
            "it goes on"
        );
    });
}

#[test]
fn pairs_confirmed_after_a_count_that_may_hold_them_put_the_asset_in_doubt() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        sent(&db, &fence, Assign, batch(&ids, &devices(0..1))).await;
        db.begin_sync(&fence, NOW + 4500).await.unwrap();
        let publish = store::sync::Publish {
            finished_at: NOW + 5000,
            assets: vec![(ids[0], app(1))],
            digests: vec![],
            assignments: 0,
            added: 0,
            removed: 0,
            app_errors: 0,
        };
        db.publish_sync(&fence, &publish).await.unwrap();
        tell(&db, &fence, vec![tasks(Some("event"), Assign, 1, &devices(0..1))]).await;
        assert_eq!(
            db.operation(&"op".into()).await.unwrap().state,
            OperationState::Done
        );
        assert_eq!(db.doubts(&fence, NOW + DAY, 9).await.unwrap().len(), 1);
    });
}

#[test]
fn a_receiver_is_asked_for_answered_and_forgotten() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        synced(&db, &fence, &[]).await;
        assert_eq!(db.receiver(&fence.location).await.unwrap(), None);
        assert_eq!(
            db.check_receivers("https://a.example/", NOW + 1).await.unwrap(),
            1
        );
        db.ask_receiver(&fence, "https://a.example/n", b"sealed", NOW)
            .await
            .unwrap();
        let receiver = db.receiver(&fence.location).await.unwrap().unwrap();
        assert_eq!(
            (receiver.url.as_str(), receiver.sealed.as_slice(), receiver.state),
            ("https://a.example/n", b"sealed".as_slice(), ReceiverState::Asked)
        );
        assert_eq!(
            db.check_receivers("https://a.example/", NOW + 2).await.unwrap(),
            0
        );
        assert_eq!(
            db.check_receivers("https://b.example/", NOW + 2).await.unwrap(),
            1
        );
        assert_eq!(db.watch(&fence.location).await.unwrap().check_at, Some(NOW + 2));

        let fault = Fault::new(Code::AppleRefused).from_apple(9728, "unreachable");
        db.answer_receiver(&fence, Some(&fault), NOW + 3).await.unwrap();
        db.answer_receiver(&fence, Some(&fault), NOW + 4).await.unwrap();
        let receiver = db.receiver(&fence.location).await.unwrap().unwrap();
        assert_eq!(
            (receiver.state, receiver.since),
            (ReceiverState::Refused(fault), NOW + 3)
        );
        db.answer_receiver(&fence, None, NOW + 5).await.unwrap();
        tell(&db, &fence, vec![News::Nothing]).await;
        let receiver = db.receiver(&fence.location).await.unwrap().unwrap();
        assert_eq!(
            (receiver.state, receiver.since, receiver.received_at),
            (ReceiverState::Active, NOW + 5, Some(NOW + 5000))
        );
        assert!(db.forget_receiver(&fence).await.unwrap());
        assert!(!db.forget_receiver(&fence).await.unwrap());
    });
}

#[test]
fn a_notification_changes_something_once() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..3))]).await;
        let told = [arrived(&db, &fence, count(1, 5), NOW + 5000).await];
        for assets in [ids.clone(), vec![]] {
            let applied = db.apply_notifications(&fence, &told, NOW, NOW).await.unwrap();
            assert_eq!(applied.assets, assets);
            assert_eq!(detail(&db, ids[0]).await.row.counts.total, 15);
        }
    });
}
