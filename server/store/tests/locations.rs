use crate::setup::{
    HOUR, NOW, app, batch, devices, id_of, lease, leased, location, on_each, operation, other_mdm, ours,
    refuse, synced, token,
};
use contract::{
    Code, Fault,
    activity::{OperationKind, OperationState},
    tokens::TokenState,
};
use store::{
    StoreError,
    locations::{Fence, Location},
    sync::Publish,
    tokens::NewToken,
};

fn publish() -> Publish {
    Publish {
        finished_at: NOW + 1000,
        assets: vec![],
        digests: vec![],
        assignments: 0,
        added: 0,
        removed: 0,
        app_errors: 0,
    }
}

#[test]
fn one_worker_has_a_location_until_its_lease_ends() {
    on_each(|db| async move {
        let location = db.insert_token(&token("A")).await.unwrap();
        let first = db.lease_next("one", NOW, NOW + 10).await.unwrap().unwrap();
        assert_eq!(
            (first.fence.epoch, first.sync_due, first.operations_due),
            (1, true, false)
        );
        assert_eq!(first.location.uid, "uid-A");
        assert!(db.lease_next("two", NOW + 9, NOW + 20).await.unwrap().is_none());
        db.renew_lease(&first.fence, NOW + 15).await.unwrap();
        assert!(db.lease_next("two", NOW + 10, NOW + 20).await.unwrap().is_none());
        let second = db.lease_next("two", NOW + 15, NOW + 30).await.unwrap().unwrap();
        assert_eq!((second.fence.location.clone(), second.fence.epoch), (location, 2));
        assert!(matches!(
            db.renew_lease(&first.fence, NOW + 99).await,
            Err(StoreError::Fenced)
        ));
        db.release_lease(&second.fence).await.unwrap();
        assert!(matches!(
            db.renew_lease(&second.fence, NOW + 99).await,
            Err(StoreError::Fenced)
        ));
        assert_eq!(lease(&db, &second.fence.location, NOW + 16).await.epoch, 3);
    });
}

#[test]
fn of_many_workers_one_gets_the_lease() {
    on_each(|db| async move {
        db.insert_token(&token("A")).await.unwrap();
        let tries = (0..8).map(|n| {
            let db = db.clone();
            tokio::spawn(async move {
                db.lease_next(&format!("worker {n}"), NOW, NOW + 10)
                    .await
                    .unwrap()
            })
        });
        let leases = futures::future::try_join_all(tries).await.unwrap();
        assert_eq!(leases.iter().flatten().count(), 1);
    });
}

#[test]
fn every_write_of_a_worker_that_lost_its_lease_is_refused() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..2))]).await;
        let new = operation(
            &fence,
            "op",
            OperationKind::Assign,
            vec![batch(&ids, &devices(5..6))],
        );
        db.insert_operations(&[new], None).await.unwrap();
        let batch = db.open_batches(&fence, NOW + HOUR, 9).await.unwrap()[0].id;
        let stale = [
            Fence {
                epoch: fence.epoch - 1,
                ..fence.clone()
            },
            Fence {
                owner: "other".to_owned(),
                ..fence.clone()
            },
            Fence {
                location: "location-X".into(),
                ..fence.clone()
            },
        ];
        let fault = Fault::new(Code::AppleBusy);
        for fence in stale {
            let f = &fence;
            let results = [
                db.begin_sync(f, NOW).await.map(drop),
                db.sync_progress(f, Default::default()).await,
                db.insert_assets(f, &[app(9)], NOW).await.map(drop),
                db.insert_found_licenses(f, &[], NOW).await,
                db.correct_licenses(f, ids[0], &[], NOW).await.map(drop),
                db.publish_sync(f, &publish()).await,
                db.fail_sync(f, &fault, NOW, NOW).await,
                db.describe_assets(f, &[], NOW).await,
                db.note_location(
                    f,
                    &Location {
                        id: f.location.clone(),
                        ..location("Z")
                    },
                )
                .await,
                db.batch_sending(f, batch, NOW).await,
                db.batch_sent(f, batch, "event", NOW).await,
                db.batch_later(f, batch, None, NOW, None).await,
                db.end_batch(f, batch, &Default::default(), NOW).await,
                db.halt_operation(f, &"op".into(), OperationState::Stalled, &fault)
                    .await,
                db.renew_lease(f, NOW).await,
                db.release_lease(f).await,
            ];
            for (n, result) in results.into_iter().enumerate() {
                assert!(matches!(result, Err(StoreError::Fenced)), "write {n}: {result:?}");
            }
        }
        assert_eq!(db.location(&fence.location).await.unwrap().unwrap().name, "A");
        db.renew_lease(&fence, NOW + HOUR).await.unwrap();
    });
}

#[test]
fn s3_the_longest_unattended_location_comes_first() {
    on_each(|db| async move {
        for name in ["A", "B", "C"] {
            db.insert_token(&token(name)).await.unwrap();
        }
        let mut seen = Vec::new();
        for round in 0..6 {
            let now = NOW + round;
            let leased = db.lease_next("w", now, now + 100).await.unwrap().unwrap();
            seen.push(leased.location.name.clone());
            db.release_lease(&leased.fence).await.unwrap();
        }
        assert_eq!(seen, ["A", "B", "C", "A", "B", "C"]);
    });
}

#[test]
fn a_sync_is_due_for_valid_tokens_and_an_operation_for_usable_ones() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        db.release_lease(&fence).await.unwrap();
        let next = NOW + 1000 + 12 * HOUR;
        assert!(
            db.lease_next("w", NOW + 2000, NOW + 3000)
                .await
                .unwrap()
                .is_none()
        );
        assert_eq!(db.next_due(NOW + 2000).await.unwrap(), Some(next));
        let new = operation(
            &fence,
            "op",
            OperationKind::Assign,
            vec![batch(&ids, &devices(0..1))],
        );
        db.insert_operations(&[new], None).await.unwrap();
        assert_eq!(db.next_due(NOW).await.unwrap(), Some(NOW + 2000));
        let due = async |at| {
            let leased = db.lease_next("w", at, at + 100).await.unwrap()?;
            db.release_lease(&leased.fence).await.unwrap();
            Some((leased.sync_due, leased.operations_due))
        };
        assert_eq!(due(NOW + 1999).await, None);
        assert_eq!(due(NOW + 2000).await, Some((false, true)));
        assert_eq!(due(next).await, Some((true, true)));
        // T5: it can be read, but nothing may be changed.
        db.note_owner(&id_of("A"), &other_mdm(), NOW).await.unwrap();
        assert_eq!(due(next).await, Some((true, false)));
        db.note_owner(&id_of("A"), &ours(), NOW).await.unwrap();
        assert_eq!(due(next).await, Some((true, true)));
        // T4: two tokens of a location are not synced, not even when asked.
        db.insert_token(&NewToken {
            location: location("A"),
            keep_duplicate: true,
            ..token("B")
        })
        .await
        .unwrap();
        db.queue_sync(&id_of("B"), NOW).await.unwrap();
        assert_eq!(due(next).await, Some((false, true)));
        db.delete_token(&id_of("B"), "Ada", next).await.unwrap();
        assert_eq!(due(next).await, Some((true, true)));
        refuse(&db, "A", TokenState::Expired).await;
        db.publish_sync(&lease(&db, &fence.location, next).await, &publish())
            .await
            .unwrap();
        assert_eq!(db.next_due(NOW).await.unwrap(), None);
    });
}

#[test]
fn s2_a_sync_whose_worker_died_is_due_again_when_the_lease_ends() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        db.begin_sync(&fence, NOW).await.unwrap();
        assert!(
            db.lease_next("w", NOW + HOUR - 1, NOW + 2 * HOUR)
                .await
                .unwrap()
                .is_none()
        );
        assert_eq!(db.next_due(NOW).await.unwrap(), Some(NOW + HOUR));
        let leased = db
            .lease_next("w", NOW + HOUR, NOW + 2 * HOUR)
            .await
            .unwrap()
            .unwrap();
        assert!(leased.sync_due);
    });
}

#[test]
fn batches_that_wait_and_halted_operations_are_not_due() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        let new = operation(
            &fence,
            "op",
            OperationKind::Assign,
            vec![batch(&ids, &devices(0..1))],
        );
        db.insert_operations(&[new], None).await.unwrap();
        let open = db.open_batches(&fence, NOW + 2000, 9).await.unwrap();
        db.batch_later(&fence, open[0].id, None, NOW + 5000, None)
            .await
            .unwrap();
        db.release_lease(&fence).await.unwrap();
        assert!(
            db.lease_next("w", NOW + 4999, NOW + 9000)
                .await
                .unwrap()
                .is_none()
        );
        assert_eq!(db.next_due(NOW + 2000).await.unwrap(), Some(NOW + 5000));
        let fence = lease(&db, &fence.location, NOW + 5000).await;
        let fault = Fault::new(Code::AppleBusy);
        db.halt_operation(&fence, &"op".into(), OperationState::Stalled, &fault)
            .await
            .unwrap();
        db.release_lease(&fence).await.unwrap();
        assert!(
            db.lease_next("w", NOW + 6000, NOW + 9000)
                .await
                .unwrap()
                .is_none()
        );
        assert_eq!(db.next_due(NOW).await.unwrap(), Some(NOW + 1000 + 12 * HOUR));
    });
}

#[test]
fn t5_what_apple_says_of_a_location_is_kept() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let owner = Some(("id".to_owned(), "Other MDM".to_owned(), "{}".to_owned()));
        let noted = Location {
            id: fence.location.clone(),
            uid: "uid-A".to_owned(),
            owner,
            ..location("Näs")
        };
        db.note_location(&fence, &noted).await.unwrap();
        let kept = db.location(&fence.location).await.unwrap().unwrap();
        assert_eq!((kept.name, kept.owner), (noted.name.clone(), noted.owner.clone()));
        let nobody = Location { owner: None, ..noted };
        db.note_location(&fence, &nobody).await.unwrap();
        assert_eq!(db.location(&fence.location).await.unwrap().unwrap().owner, None);
    });
}
