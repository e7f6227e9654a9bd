use crate::setup::{
    DAY, HOUR, NOW, app, batch, detail, device, devices, leased, on_each, operation, pairs, states, synced,
};
use contract::{
    AppleError, AssetId, Code,
    activity::{ItemQuery, ItemState, OperationKind, OperationQuery, OperationState},
    catalog::ProductType,
    licenses::{LicenseQuery, LicenseState},
};
use store::{
    Db, StoreError,
    locations::Fence,
    operations::{BatchResult, NewOperation},
};

use OperationKind::{Assign, Revoke};

async fn end(db: &Db, fence: &Fence) {
    for open in db.open_batches(fence, NOW + DAY, 9).await.unwrap() {
        let assets: Vec<AssetId> = open.assets.iter().map(|asset| asset.0).collect();
        db.batch_sent(fence, open.id, "event", NOW + 3000).await.unwrap();
        let result = BatchResult {
            done: pairs(&batch(&assets, &open.holders)),
            ..BatchResult::default()
        };
        db.end_batch(fence, open.id, &result, NOW + 4000).await.unwrap();
    }
}

fn held_back(fence: &Fence, asset: AssetId) -> NewOperation {
    NewOperation {
        held_until: Some(NOW + HOUR),
        ..operation(fence, "back", Revoke, vec![batch(&[asset], &devices(0..3))])
    }
}

#[test]
fn r4_what_is_held_back_is_not_sent_before_its_moment() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..4))]).await;
        db.insert_operations(&[held_back(&fence, ids[0])], None)
            .await
            .unwrap();
        assert!(
            db.open_batches(&fence, NOW + HOUR - 1, 9)
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(db.open_batches(&fence, NOW + HOUR, 9).await.unwrap().len(), 1);
        let row = db.operation(&"back".into()).await.unwrap();
        assert!(row.is_held_back());
        assert_eq!(row.held_until, Some(NOW + HOUR));
        db.release_lease(&fence).await.unwrap();
        assert_eq!(db.next_due(NOW + 5000).await.unwrap(), Some(NOW + HOUR));
        // Even if it was blocked meanwhile and goes on.
        let fault = Code::TokenRevoked.into();
        let fence = crate::setup::lease(&db, &fence.location, NOW + HOUR).await;
        db.halt_operation(&fence, &row.id, OperationState::Blocked, &fault)
            .await
            .unwrap();
        db.resume_operation(&row.id, NOW + 5000).await.unwrap();
        assert!(db.operation(&row.id).await.unwrap().is_held_back());
        assert!(
            db.open_batches(&fence, NOW + HOUR - 1, 9)
                .await
                .unwrap()
                .is_empty()
        );
    });
}

#[test]
fn r4_a_revocation_is_cancelled_before_it_is_sent_and_never_after() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..4))]).await;
        db.insert_operations(&[held_back(&fence, ids[0])], None)
            .await
            .unwrap();
        let id = "back".into();
        db.cancel_operation(&id, "Ada", NOW + 9000).await.unwrap();
        let row = db.operation(&id).await.unwrap();
        assert_eq!(
            (row.state, row.total, row.done, row.finished_at),
            (OperationState::Cancelled, 3, 0, Some(NOW + 9000))
        );
        assert!(!row.is_reversible());
        let all_held: Vec<_> = devices(0..4)
            .into_iter()
            .map(|holder| (holder, LicenseState::Held))
            .collect();
        assert_eq!(states(&db, ids[0]).await, all_held);
        assert_eq!(detail(&db, ids[0]).await.row.counts.pending, 0);
        assert!(db.open_batches(&fence, NOW + DAY, 9).await.unwrap().is_empty());
        assert!(db.running_operations().await.unwrap().is_empty());
        let open = ItemQuery {
            state: Some(ItemState::Open),
            ..ItemQuery::default()
        };
        assert_eq!(db.operation_items(&id, &open).await.unwrap().rows.len(), 3);
        for (state, number) in [(OperationState::Cancelled, 1), (OperationState::Done, 0)] {
            let query = OperationQuery {
                state: Some(state),
                ..OperationQuery::default()
            };
            assert_eq!(db.operation_list(&query).await.unwrap().rows.len(), number);
        }

        let again = operation(&fence, "again", Revoke, vec![batch(&ids, &devices(0..1))]);
        let given = operation(&fence, "given", Assign, vec![batch(&ids, &devices(8..9))]);
        db.insert_operations(&[again, given], None).await.unwrap();
        let sent = db.open_batches(&fence, NOW + DAY, 9).await.unwrap();
        db.batch_sending(&fence, sent[0].id, NOW + 9000).await.unwrap();
        for id in ["back", "again", "given"] {
            assert!(matches!(
                db.cancel_operation(&id.into(), "Ada", NOW + 9000).await,
                Err(StoreError::Taken(Code::NotCancellable))
            ));
        }
    });
}

#[test]
fn r4_a_revocation_can_be_reversed_where_nobody_has_given_since() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..4))]).await;
        let back = operation(&fence, "back", Revoke, vec![batch(&ids, &devices(0..3))]);
        db.insert_operations(&[back], None).await.unwrap();
        assert!(matches!(
            db.reversible_pairs(&"back".into()).await,
            Err(StoreError::Taken(Code::NotReversible))
        ));
        end(&db, &fence).await;
        let given = operation(&fence, "given", Assign, vec![batch(&ids, &devices(1..2))]);
        db.insert_operations(&[given], None).await.unwrap();
        end(&db, &fence).await;
        let left = db.reversible_pairs(&"back".into()).await.unwrap();
        assert_eq!(left, [(ids[0], device(0)), (ids[0], device(2))]);

        let undo = NewOperation {
            undoes: Some("back".into()),
            ..operation(&fence, "undo", Assign, vec![batch(&ids, &[device(0), device(2)])])
        };
        let again = NewOperation {
            id: "again".into(),
            ..undo.clone()
        };
        let twice = async || {
            let inserted = db.insert_operations(std::slice::from_ref(&again), None).await;
            assert!(matches!(inserted, Err(StoreError::Taken(Code::AlreadyUndone))));
            let pairs = db.reversible_pairs(&"back".into()).await;
            assert!(matches!(pairs, Err(StoreError::Taken(Code::AlreadyUndone))));
        };
        db.insert_operations(&[undo], None).await.unwrap();
        twice().await;
        end(&db, &fence).await;
        twice().await;
        let (back, undo) = (
            db.operation(&"back".into()).await.unwrap(),
            db.operation(&"undo".into()).await.unwrap(),
        );
        assert_eq!(
            (back.undone_by, back.undone, undo.undoes),
            (Some("undo".into()), true, Some("back".into()))
        );
        // And the undoing itself.
        assert_eq!(db.reversible_pairs(&"undo".into()).await.unwrap().len(), 2);
    });
}

#[test]
fn r4_an_undoing_that_found_nothing_to_do_has_undone_nothing() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..2))]).await;
        let back = operation(&fence, "back", Revoke, vec![batch(&ids, &devices(0..2))]);
        db.insert_operations(&[back], None).await.unwrap();
        end(&db, &fence).await;
        // Somebody gives both at the same moment.
        let given = operation(&fence, "given", Assign, vec![batch(&ids, &devices(0..2))]);
        db.insert_operations(&[given], None).await.unwrap();
        let undo = |name: &str| NewOperation {
            undoes: Some("back".into()),
            ..operation(&fence, name, Assign, vec![batch(&ids, &devices(0..2))])
        };
        let late = db.insert_operations(&[undo("late")], None).await;
        assert!(
            matches!(late, Err(StoreError::Refused(Code::NothingToUndo))),
            "{late:?}"
        );
        end(&db, &fence).await;
        assert!(!db.operation(&"back".into()).await.unwrap().undone);
        let again = operation(&fence, "again", Revoke, vec![batch(&ids, &devices(0..2))]);
        db.insert_operations(&[again], None).await.unwrap();
        end(&db, &fence).await;
        db.insert_operations(&[undo("undo")], None).await.unwrap();
        assert!(db.operation(&"back".into()).await.unwrap().undone);
    });
}

#[test]
fn r4_an_assignment_is_reversed_where_it_still_holds() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..1))]).await;
        let given = operation(&fence, "given", Assign, vec![batch(&ids, &devices(0..4))]);
        db.insert_operations(&[given], None).await.unwrap();
        end(&db, &fence).await;
        // One was taken away by somebody else, and found again.
        db.correct_licenses(&fence, ids[0], &devices(0..3), NOW + HOUR)
            .await
            .unwrap();
        let left = db.reversible_pairs(&"given".into()).await.unwrap();
        assert_eq!(left, [(ids[0], device(1)), (ids[0], device(2))]);
    });
}

#[test]
fn r4_whoever_waited_by_what_is_reversed_waits_no_more() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..1))]).await;
        let given = |name: &str, batches, waiting: [u32; 2]| NewOperation {
            waiting: waiting.map(|at| (ids[0], device(at))).to_vec(),
            ..operation(&fence, name, Assign, batches)
        };
        let both = given("both", vec![batch(&ids, &devices(1..3))], [6, 7]);
        let only = given("only", Vec::new(), [8, 9]);
        db.insert_operations(&[both, only], None).await.unwrap();
        // Apple has one left.
        let sent = db.open_batches(&fence, NOW + DAY, 9).await.unwrap()[0].id;
        db.batch_sent(&fence, sent, "event", NOW + 3000).await.unwrap();
        let none_left = AppleError {
            number: 9709,
            message: "none left".to_owned(),
        };
        let result = BatchResult {
            done: vec![(ids[0], device(1))],
            failed: vec![((ids[0], device(2)), none_left)],
            ..BatchResult::default()
        };
        db.end_batch(&fence, sent, &result, NOW + 4000).await.unwrap();
        let refused = (device(2), LicenseState::Failed);
        assert!(states(&db, ids[0]).await.contains(&refused));
        let waiting = async || {
            let query = LicenseQuery {
                state: Some(LicenseState::Waiting),
                ..LicenseQuery::default()
            };
            let rows = db.license_list(&query).await.unwrap().rows;
            let counted = detail(&db, ids[0]).await.row.counts.waiting;
            assert_eq!(i64::try_from(rows.len()).unwrap(), counted);
            counted
        };
        assert_eq!(waiting().await, 4);
        for (undone, batches, leave, left) in [
            ("both", vec![batch(&ids, &devices(1..2))], 3, 2),
            ("only", Vec::new(), 2, 0),
        ] {
            assert_eq!(db.waiting_since(&undone.into()).await.unwrap(), leave);
            assert!(db.operation(&undone.into()).await.unwrap().is_reversible());
            let undo = |name: String| NewOperation {
                undoes: Some(undone.into()),
                // PostgreSQL stores no text with a NUL.
                reason: "by mistake\0".to_owned(),
                ..operation(&fence, &name, Revoke, batches.clone())
            };
            db.insert_operations(&[undo(format!("{undone}-back"))], None)
                .await
                .unwrap();
            assert_eq!(waiting().await, left);
            end(&db, &fence).await;
            let row = db.operation(&undone.into()).await.unwrap();
            assert!(!row.is_reversible());
            assert_eq!(row.undone_by, Some(format!("{undone}-back").into()));
            let again = db
                .insert_operations(&[undo(format!("{undone}-again"))], None)
                .await;
            assert!(
                matches!(
                    again,
                    Err(StoreError::Taken(Code::AlreadyUndone) | StoreError::Refused(Code::NothingToUndo))
                ),
                "{again:?}"
            );
        }
        assert_eq!(states(&db, ids[0]).await.len(), 1, "what was found at Apple");
        let row = db.operation(&"only-back".into()).await.unwrap();
        assert_eq!(
            (row.state, row.total, row.assets),
            (OperationState::Done, 0, 1),
            "named after what it undoes"
        );
    });
}

#[test]
fn r1_a_book_never_gets_into_a_revocation() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let mut book = app(1);
        book.product = ProductType::Book;
        let mut kept = app(2);
        kept.revocable = false;
        let assets = [
            (book, devices(0..2)),
            (kept, devices(0..2)),
            (app(3), devices(0..2)),
        ];
        let ids = synced(&db, &fence, &assets).await;
        let all = operation(&fence, "all", Revoke, vec![batch(&ids, &devices(0..2))]);
        db.insert_operations(&[all], None).await.unwrap();
        let open = db.open_batches(&fence, NOW + DAY, 9).await.unwrap();
        let named: Vec<AssetId> = open
            .iter()
            .flat_map(|batch| &batch.assets)
            .map(|asset| asset.0)
            .collect();
        assert_eq!(named, [ids[2]]);
        assert_eq!(db.operation(&"all".into()).await.unwrap().total, 2);
    });
}

/// The assets whose holders are to be read again.
async fn doubtful(db: &Db, fence: &Fence) -> Vec<String> {
    let doubts = db.doubts(fence, NOW + DAY, 9).await.unwrap();
    assert!(doubts.iter().all(|(doubt, _)| doubt.holders));
    doubts.into_iter().map(|(doubt, _)| doubt.key.adam_id).collect()
}

#[test]
fn r4_what_apple_lost_while_it_was_held_back_is_found_after_it_was_cancelled() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..4)), (app(2), vec![])]).await;
        db.insert_operations(&[held_back(&fence, ids[0])], None)
            .await
            .unwrap();
        // Another MDM takes one back; a sync leaves it to the operation.
        db.correct_licenses(&fence, ids[0], &devices(1..4), NOW + 5000)
            .await
            .unwrap();
        db.cancel_operation(&"back".into(), "Ada", NOW + 9000)
            .await
            .unwrap();
        assert_eq!(states(&db, ids[0]).await.len(), 4);
        assert_eq!(doubtful(&db, &fence).await, [app(1).key.adam_id]);
        let known = db.begin_sync(&fence, NOW + 10_000).await.unwrap();
        assert_eq!(known[0].digest, None, "a sync compares it too");
        assert!(known[1].digest.is_some());
    });
}

#[test]
fn what_apple_did_not_take_back_is_read_again() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..4)), (app(2), devices(0..4))]).await;
        let back = operation(&fence, "back", Revoke, vec![batch(&ids, &devices(0..1))]);
        db.insert_operations(&[back], None).await.unwrap();
        db.correct_licenses(&fence, ids[0], &devices(1..4), NOW + 5000)
            .await
            .unwrap();
        let open = db.open_batches(&fence, NOW + DAY, 9).await.unwrap().remove(0);
        db.batch_sent(&fence, open.id, "event", NOW + 6000).await.unwrap();
        let refused = AppleError {
            number: 9603,
            message: "no".to_owned(),
        };
        let result = BatchResult {
            done: vec![(ids[1], device(0))],
            failed: vec![((ids[0], device(0)), refused)],
            ..BatchResult::default()
        };
        db.end_batch(&fence, open.id, &result, NOW + 7000).await.unwrap();
        assert_eq!(states(&db, ids[0]).await.len(), 4);
        assert_eq!(doubtful(&db, &fence).await, [app(1).key.adam_id]);
        let known = db.begin_sync(&fence, NOW + 10_000).await.unwrap();
        assert_eq!(known[0].digest, None);
    });
}
