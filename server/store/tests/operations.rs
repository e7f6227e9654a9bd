use crate::plans::plan;
use crate::setup::{
    DAY, HOUR, NOW, app, batch, detail, device, devices, id_of, lease, leased, on_each, operation, other_mdm,
    ours, pairs, states, synced, walk,
};
use contract::{
    AppleError, AssetId, Code, Fault,
    activity::{ItemQuery, ItemState, OperationKind, OperationQuery, OperationState},
    licenses::{Act, Holder, LedgerQuery, LicenseQuery, LicenseState, Origin},
};
use std::collections::BTreeSet;
use store::{
    Db, StoreError,
    locations::Fence,
    operations::{Batch, BatchResult, BatchState, NewOperation, Pair},
    plans::Applies,
};

use OperationKind::{Assign, Revoke};

async fn open(db: &Db, fence: &Fence) -> Vec<Batch> {
    db.open_batches(fence, NOW + DAY, 100).await.unwrap()
}

fn pairs_of(batch: &Batch) -> Vec<Pair> {
    let ids: Vec<_> = batch.assets.iter().map(|asset| asset.0).collect();
    pairs(&store::operations::NewBatch {
        assets: ids,
        holders: batch.holders.clone(),
    })
}

async fn items(db: &Db, operation: &str, state: Option<ItemState>) -> Vec<(String, ItemState)> {
    let id = operation.into();
    let rows = walk(async |page| db.operation_items(&id, &ItemQuery { state, page }).await).await;
    rows.into_iter()
        .map(|row| (row.holder.id().to_owned(), row.state))
        .collect()
}

fn refused() -> AppleError {
    AppleError {
        number: 9709,
        message: "none left".to_owned(),
    }
}

fn sorted(ids: &[AssetId], holders: &[Holder]) -> BTreeSet<Pair> {
    pairs(&batch(ids, holders)).into_iter().collect()
}

#[test]
fn an_assignment_goes_from_prepared_to_done() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..2)), (app(2), vec![])]).await;
        let holders = devices(4..7);
        db.insert_operations(
            &[operation(&fence, "op", Assign, vec![batch(&ids, &holders)])],
            None,
        )
        .await
        .unwrap();
        let row = db.operation(&"op".into()).await.unwrap();
        assert_eq!(
            (row.state, row.total, row.assets, row.asset_name.as_str()),
            (OperationState::Queued, 6, 2, "")
        );
        assert_eq!(detail(&db, ids[0]).await.row.counts.pending, 3);
        assert_eq!(
            states(&db, ids[1]).await,
            holders
                .iter()
                .map(|h| (h.clone(), LicenseState::Requested))
                .collect::<Vec<_>>()
        );

        let prepared = open(&db, &fence).await.remove(0);
        assert_eq!(
            (prepared.state, prepared.attempts, prepared.event.clone()),
            (BatchState::Prepared, 0, None)
        );
        assert_eq!(pairs_of(&prepared), pairs(&batch(&ids, &holders)));
        db.batch_sending(&fence, prepared.id, NOW + 3000).await.unwrap();
        let sending = open(&db, &fence).await.remove(0);
        assert_eq!((sending.state, sending.since), (BatchState::Sending, NOW + 3000));
        assert_eq!(
            db.operation(&"op".into()).await.unwrap().state,
            OperationState::Running
        );
        db.batch_sent(&fence, prepared.id, "event-1", NOW + 4000)
            .await
            .unwrap();
        let sent = open(&db, &fence).await.remove(0);
        assert_eq!(
            (sent.state, sent.event.as_deref()),
            (BatchState::Sent, Some("event-1"))
        );
        assert_eq!(items(&db, "op", Some(ItemState::Sent)).await.len(), 6);

        let mut done = pairs_of(&sent);
        let failed = vec![(done.pop().unwrap(), refused())];
        db.end_batch(
            &fence,
            sent.id,
            &BatchResult {
                done,
                failed,
                again: vec![],
                ..BatchResult::default()
            },
            NOW + 5000,
        )
        .await
        .unwrap();
        let row = db.operation(&"op".into()).await.unwrap();
        assert_eq!(
            (row.state, row.done, row.failed, row.percent()),
            (OperationState::Done, 5, 1, 100)
        );
        assert_eq!(row.finished_at, Some(NOW + 5000));
        assert!(open(&db, &fence).await.is_empty());
        assert!(db.running_operations().await.unwrap().is_empty());
        assert_eq!(
            items(&db, "op", Some(ItemState::Failed)).await,
            [(device(6).id().to_owned(), ItemState::Failed)]
        );
        let counts = detail(&db, ids[0]).await.row.counts;
        assert_eq!((counts.used, counts.available, counts.pending), (5, 5, 0));
        let counts = detail(&db, ids[1]).await.row.counts;
        assert_eq!((counts.used, counts.available, counts.pending), (2, 8, 0));
        let query = LicenseQuery {
            holder: device(6).id().to_owned(),
            ..LicenseQuery::default()
        };
        let rows = db.license_list(&query).await.unwrap().rows;
        assert_eq!((rows[0].state, rows[0].error.clone()), (LicenseState::Held, None));
        assert_eq!(
            rows[0].origin,
            Origin::Operation {
                id: "op".into(),
                by: "Ada".to_owned()
            }
        );
        assert_eq!(
            (rows[1].state, rows[1].error.clone()),
            (LicenseState::Failed, Some(refused()))
        );
    });
}

#[test]
fn l2_the_ledger_tells_the_whole_story() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        let mut new = operation(&fence, "op", Assign, vec![batch(&ids, &devices(1..3))]);
        new.waiting = pairs(&batch(&ids, &devices(3..4)));
        db.insert_operations(&[new], None).await.unwrap();
        let id = open(&db, &fence).await[0].id;
        db.batch_sending(&fence, id, NOW + 3000).await.unwrap();
        db.batch_sent(&fence, id, "event-1", NOW + 4000).await.unwrap();
        let result = BatchResult {
            done: vec![(ids[0], device(1))],
            failed: vec![((ids[0], device(2)), refused())],
            again: vec![],
            ..BatchResult::default()
        };
        db.end_batch(&fence, id, &result, NOW + 5000).await.unwrap();
        let revoke = operation(&fence, "back", Revoke, vec![batch(&ids, &devices(1..2))]);
        db.insert_operations(&[revoke], None).await.unwrap();
        let id = open(&db, &fence).await[0].id;
        db.batch_sent(&fence, id, "event-2", NOW + 6000).await.unwrap();
        let result = BatchResult {
            done: vec![(ids[0], device(1))],
            ..BatchResult::default()
        };
        db.end_batch(&fence, id, &result, NOW + 7000).await.unwrap();
        let story = async |n: u32| {
            let holder = device(n).id().to_owned();
            let rows = walk(async |page| {
                db.ledger_list(&LedgerQuery {
                    holder: holder.clone(),
                    page,
                    ..LedgerQuery::default()
                })
                .await
            });
            let rows = rows.await;
            assert!(
                rows.iter()
                    .all(|row| row.actor == "Ada" && row.reason == "new class")
            );
            rows.into_iter()
                .map(|row| (row.at - NOW, row.act, row.event, row.error))
                .collect::<Vec<_>>()
        };
        let (one, two) = (Some("event-1".to_owned()), Some("event-2".to_owned()));
        assert_eq!(
            story(1).await,
            [
                (7000, Act::Released, two.clone(), None),
                (6000, Act::Releasing, two, None),
                (5000, Act::Held, one.clone(), None),
                (4000, Act::Requested, one.clone(), None),
            ]
        );
        assert_eq!(
            story(2).await,
            [
                (5000, Act::Failed, one.clone(), Some(refused())),
                (4000, Act::Requested, one, None)
            ]
        );
        assert_eq!(story(3).await, [(2000, Act::Queued, None, None)]);
    });
}

#[test]
fn l4_a_revocation_frees_what_apple_takes_back_and_keeps_the_rest() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..4))]).await;
        db.insert_operations(
            &[operation(&fence, "op", Revoke, vec![batch(&ids, &devices(1..3))])],
            None,
        )
        .await
        .unwrap();
        assert_eq!(states(&db, ids[0]).await[1].1, LicenseState::Releasing);
        assert_eq!(detail(&db, ids[0]).await.row.counts.pending, 2);
        let id = open(&db, &fence).await[0].id;
        db.batch_sent(&fence, id, "event", NOW + 3000).await.unwrap();
        let result = BatchResult {
            done: vec![(ids[0], device(1))],
            failed: vec![((ids[0], device(2)), refused())],
            again: vec![],
            ..BatchResult::default()
        };
        db.end_batch(&fence, id, &result, NOW + 4000).await.unwrap();
        let held = [0, 2, 3].map(|n| (device(n), LicenseState::Held));
        assert_eq!(states(&db, ids[0]).await, held);
        let rows = db.license_list(&LicenseQuery::default()).await.unwrap().rows;
        assert_eq!((rows[1].error.clone(), rows[1].since), (Some(refused()), NOW));
        let counts = detail(&db, ids[0]).await.row.counts;
        assert_eq!((counts.used, counts.available, counts.pending), (3, 7, 0));
    });
}

#[test]
fn after_a_crash_each_batch_is_where_it_was() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        let batches = (0..4).map(|n| batch(&ids, &devices(n * 2..n * 2 + 2))).collect();
        db.insert_operations(&[operation(&fence, "op", Assign, batches)], None)
            .await
            .unwrap();
        let all = open(&db, &fence).await;
        db.batch_sending(&fence, all[1].id, NOW + 3000).await.unwrap();
        db.batch_sending(&fence, all[2].id, NOW + 3000).await.unwrap();
        db.batch_sent(&fence, all[2].id, "event", NOW + 3001)
            .await
            .unwrap();
        let ended = BatchResult {
            done: pairs_of(&all[3]),
            ..BatchResult::default()
        };
        db.end_batch(&fence, all[3].id, &ended, NOW + 3002).await.unwrap();

        // Another worker takes over.
        let fence = lease(&db, &fence.location, NOW + HOUR).await;
        let seen: Vec<_> = open(&db, &fence)
            .await
            .into_iter()
            .map(|batch| (batch.id, batch.state))
            .collect();
        assert_eq!(
            seen,
            [
                (all[1].id, BatchState::Sending),
                (all[2].id, BatchState::Sent),
                (all[0].id, BatchState::Prepared),
            ]
        );
        // Apple turned out not to have it.
        db.batch_later(&fence, all[1].id, Some(BatchState::Prepared), NOW + HOUR, None)
            .await
            .unwrap();
        assert_eq!(open(&db, &fence).await[1].state, BatchState::Prepared);
        // What has ended does not end twice, nor is it sent again.
        let twice = db.end_batch(&fence, all[3].id, &ended, NOW).await;
        assert!(matches!(twice, Err(StoreError::NotFound)));
        assert!(matches!(
            db.batch_sending(&fence, all[3].id, NOW).await,
            Err(StoreError::NotFound)
        ));
        assert!(matches!(
            db.batch_sent(&fence, all[3].id, "x", NOW).await,
            Err(StoreError::NotFound)
        ));
        assert_eq!(db.operation(&"op".into()).await.unwrap().done, 2);
    });
}

#[test]
fn what_is_sent_again_becomes_new_batches_and_nothing_is_lost() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![]), (app(2), vec![])]).await;
        let holders = devices(0..4);
        db.insert_operations(
            &[operation(&fence, "op", Assign, vec![batch(&ids, &holders)])],
            None,
        )
        .await
        .unwrap();
        let first = open(&db, &fence).await.remove(0);
        db.batch_sent(&fence, first.id, "event", NOW + 3000)
            .await
            .unwrap();
        // One pair is named nowhere.
        let result = BatchResult {
            done: pairs(&batch(&ids, &devices(0..1))),
            failed: vec![],
            again: vec![batch(&ids, &devices(1..3)), batch(&ids[..1], &devices(3..4))],
            ..BatchResult::default()
        };
        db.end_batch(&fence, first.id, &result, NOW + 4000).await.unwrap();
        let next = open(&db, &fence).await;
        let left: Vec<_> = next.iter().flat_map(pairs_of).collect();
        assert_eq!(left.len(), 6);
        assert_eq!(
            left.into_iter().collect::<BTreeSet<_>>(),
            sorted(&ids, &devices(1..4))
        );
        assert_eq!(items(&db, "op", Some(ItemState::Open)).await.len(), 6);
        assert_eq!(
            db.operation(&"op".into()).await.unwrap().state,
            OperationState::Running
        );
        for batch in next {
            let result = BatchResult {
                done: pairs_of(&batch),
                ..BatchResult::default()
            };
            db.end_batch(&fence, batch.id, &result, NOW + 5000).await.unwrap();
        }
        let row = db.operation(&"op".into()).await.unwrap();
        assert_eq!((row.state, row.total, row.done), (OperationState::Done, 8, 8));
        assert_eq!(detail(&db, ids[1]).await.row.counts.used, 4);
    });
}

#[test]
fn given_groups_are_kept_if_they_are_what_is_left() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        db.insert_operations(
            &[operation(&fence, "op", Assign, vec![batch(&ids, &devices(0..4))])],
            None,
        )
        .await
        .unwrap();
        let first = open(&db, &fence).await.remove(0);
        let again = vec![batch(&ids, &devices(0..1)), batch(&ids, &devices(1..4))];
        let result = BatchResult {
            again,
            ..BatchResult::default()
        };
        db.end_batch(&fence, first.id, &result, NOW + 4000).await.unwrap();
        let sizes: Vec<_> = open(&db, &fence)
            .await
            .iter()
            .map(|batch| batch.holders.len())
            .collect();
        assert_eq!(sizes, [1, 3]);
    });
}

#[test]
fn a_pair_that_another_operation_works_on_is_left_out_and_batches_stay_products() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(8..9)), (app(2), vec![])]).await;
        let one = operation(&fence, "one", Assign, vec![batch(&ids[..1], &devices(1..3))]);
        db.insert_operations(&[one], None).await.unwrap();
        let before = open(&db, &fence).await[0].id;
        // Of 0..5: 1 and 2 are under way for the first app, 8 has it.
        let mut holders = devices(0..5);
        holders.push(device(8));
        let two = operation(&fence, "two", Assign, vec![batch(&ids, &holders)]);
        db.insert_operations(&[two], None).await.unwrap();
        let new: Vec<_> = open(&db, &fence)
            .await
            .into_iter()
            .filter(|batch| batch.id != before)
            .collect();
        let sent: Vec<_> = new.iter().flat_map(pairs_of).collect();
        let mut expected = sorted(&ids, &holders);
        for n in [1, 2, 8] {
            expected.remove(&(ids[0], device(n)));
        }
        assert_eq!(sent.len(), expected.len());
        assert_eq!(sent.into_iter().collect::<BTreeSet<_>>(), expected);
        assert_eq!(new.len(), 2);
        assert_eq!(items(&db, "two", None).await.len(), 9);
        assert_eq!(db.operation(&"two".into()).await.unwrap().total, 9);
        let counts = detail(&db, ids[0]).await.row.counts;
        assert_eq!(counts.pending, 5);
    });
}

#[test]
fn an_operation_with_nothing_left_is_done_at_once() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..2))]).await;
        let op = operation(&fence, "op", Assign, vec![batch(&ids, &devices(0..2))]);
        let back = operation(&fence, "back", Revoke, vec![batch(&ids, &devices(5..7))]);
        let more = operation(&fence, "more", Assign, vec![batch(&ids, &devices(2..3))]);
        db.insert_operations(&[op, back, more], None).await.unwrap();
        for id in ["op", "back"] {
            let row = db.operation(&id.into()).await.unwrap();
            assert_eq!(
                (row.state, row.total, row.percent()),
                (OperationState::Done, 0, 100)
            );
        }
        assert_eq!(open(&db, &fence).await.len(), 1);
        assert_eq!(detail(&db, ids[0]).await.row.counts.pending, 1);
    });
}

#[test]
fn pairs_given_twice_are_sent_once() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        let batches = vec![batch(&ids, &devices(0..3)), batch(&ids, &devices(2..5))];
        db.insert_operations(&[operation(&fence, "op", Assign, batches)], None)
            .await
            .unwrap();
        let sent: Vec<_> = open(&db, &fence).await.iter().flat_map(pairs_of).collect();
        assert_eq!(sent.len(), 5);
        assert_eq!(
            sent.into_iter().collect::<BTreeSet<_>>(),
            sorted(&ids, &devices(0..5))
        );
        assert_eq!(detail(&db, ids[0]).await.row.counts.pending, 5);
    });
}

#[test]
fn a8_who_waits_is_counted_and_taken_over_when_a_licence_is_there() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        let mut new = operation(&fence, "op", Assign, vec![]);
        new.waiting = pairs(&batch(&ids, &devices(0..3)));
        db.insert_operations(&[new], None).await.unwrap();
        let row = db.operation(&"op".into()).await.unwrap();
        assert_eq!((row.state, row.total, row.waiting), (OperationState::Done, 3, 3));
        assert_eq!(items(&db, "op", Some(ItemState::Waiting)).await.len(), 3);
        let counts = detail(&db, ids[0]).await.row.counts;
        assert_eq!((counts.waiting, counts.pending), (3, 0));
        // Waiting twice is waiting once.
        let mut again = operation(&fence, "again", Assign, vec![]);
        again.waiting = pairs(&batch(&ids, &devices(2..4)));
        db.insert_operations(&[again], None).await.unwrap();
        assert_eq!(detail(&db, ids[0]).await.row.counts.waiting, 4);
        let next = operation(&fence, "next", Assign, vec![batch(&ids, &devices(0..1))]);
        db.insert_operations(&[next], None).await.unwrap();
        let counts = detail(&db, ids[0]).await.row.counts;
        assert_eq!((counts.waiting, counts.pending), (3, 1));
        let holders = db.device_holders(ids[0]).await.unwrap();
        assert_eq!(
            holders.iter().map(|holder| holder.1).collect::<Vec<_>>()[..2],
            [LicenseState::Requested, LicenseState::Waiting]
        );
    });
}

#[test]
fn a7_a_plan_is_applied_once_and_a_lapsed_one_writes_nothing() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        db.insert_plan(&plan("p")).await.unwrap();
        let new = |id: &str, n| operation(&fence, id, Assign, vec![batch(&ids, &devices(n..n + 1))]);
        let tries = (0..4).map(|n| {
            let (db, new) = (db.clone(), new(&format!("op{n}"), n));
            tokio::spawn(async move {
                let applies = Applies {
                    plan: &"p".into(),
                    shown: "20 get it",
                };
                db.insert_operations(&[new], Some(applies)).await
            })
        });
        let results = futures::future::try_join_all(tries).await.unwrap();
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
        let lapsed =
            |result: &Result<_, _>| matches!(result, Ok(()) | Err(StoreError::Taken(Code::PlanLapsed)));
        assert!(results.iter().all(lapsed));
        let plan = db.saved_plan(&"p".into()).await.unwrap().unwrap();
        let applied = plan.applied.unwrap();
        assert_eq!(plan.shown.as_deref(), Some("20 get it"));
        assert_eq!(db.operation(&applied).await.unwrap().total, 1);
        assert_eq!(states(&db, ids[0]).await.len(), 1);
        assert_eq!(
            db.operation_list(&OperationQuery::default())
                .await
                .unwrap()
                .rows
                .len(),
            1
        );
    });
}

#[test]
fn several_operations_are_written_together_or_not_at_all() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        let new = |n| operation(&fence, "same", Assign, vec![batch(&ids, &devices(n..n + 1))]);
        assert!(db.insert_operations(&[new(0), new(1)], None).await.is_err());
        assert!(states(&db, ids[0]).await.is_empty());
        assert!(open(&db, &fence).await.is_empty());
        assert_eq!(detail(&db, ids[0]).await.row.counts.pending, 0);
    });
}

#[test]
fn a_halted_operation_rests_until_it_is_taken_up() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        let new = |id: &str, n| operation(&fence, id, Assign, vec![batch(&ids, &devices(n..n + 1))]);
        db.insert_operations(&[new("a", 0), new("b", 1)], None)
            .await
            .unwrap();
        let id = open(&db, &fence).await[0].id;
        let fault = Fault::new(Code::AppleFailing);
        db.batch_later(&fence, id, None, NOW + 9000, Some(&fault))
            .await
            .unwrap();
        db.batch_later(&fence, id, None, NOW + 9000, None).await.unwrap();
        assert_eq!(open(&db, &fence).await[0].attempts, 1);
        assert!(matches!(
            db.resume_operation(&"a".into(), NOW).await,
            Err(StoreError::Taken(Code::NotResumable))
        ));
        db.halt_operation(&fence, &"a".into(), OperationState::Stalled, &fault)
            .await
            .unwrap();
        db.halt_operation(&fence, &"b".into(), OperationState::Blocked, &fault)
            .await
            .unwrap();
        assert!(open(&db, &fence).await.is_empty());
        let row = db.operation(&"a".into()).await.unwrap();
        assert_eq!(
            (row.state, row.fault.clone()),
            (OperationState::Stalled, Some(fault))
        );
        assert_eq!(db.running_operations().await.unwrap().len(), 2);
        assert_eq!(db.open_operations(&fence.location).await.unwrap().len(), 2);
        let elsewhere = leased(&db, "B").await;
        assert_eq!(db.open_operations(&elsewhere.location).await.unwrap().len(), 0);
        // T5: the location is lost, and taken back.
        assert!(db.note_owner(&id_of("A"), &other_mdm(), NOW).await.unwrap());
        let blocked = db.operation(&"b".into()).await.unwrap();
        assert_eq!(blocked.fault.unwrap().code, Code::OwnedByOtherMdm);
        assert_eq!(
            db.operation(&"a".into()).await.unwrap().state,
            OperationState::Stalled
        );
        assert!(open(&db, &fence).await.is_empty());
        assert!(db.note_owner(&id_of("A"), &ours(), NOW).await.unwrap());
        assert_eq!(open(&db, &fence).await.len(), 1);
        assert_eq!(
            db.resume_operation(&"a".into(), NOW + 10_000).await.unwrap(),
            fence.location
        );
        let batches = db.open_batches(&fence, NOW + 10_000, 9).await.unwrap();
        assert_eq!(
            batches.iter().map(|batch| batch.attempts).collect::<Vec<_>>(),
            [0, 0]
        );
        assert_eq!(db.operation(&"a".into()).await.unwrap().fault, None);
        assert!(matches!(
            db.resume_operation(&"x".into(), NOW).await,
            Err(StoreError::NotFound)
        ));
    });
}

#[test]
fn an_operation_has_its_last_fault_and_its_next_try_until_something_of_it_succeeds() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        let new = operation(&fence, "a", Assign, vec![batch(&ids, &devices(0..1))]);
        db.insert_operations(&[new], None).await.unwrap();
        let id = open(&db, &fence).await[0].id;
        let waits = async || {
            let row = db.operation(&"a".into()).await.unwrap();
            (row.fault.map(|fault| fault.code), row.next_try_at)
        };
        assert_eq!(waits().await, (None, None));
        let fault = Fault::new(Code::AppleFailing);
        let failed = async |next| {
            db.batch_later(&fence, id, None, next, Some(&fault))
                .await
                .unwrap();
        };
        failed(NOW + 9000).await;
        assert_eq!(waits().await, (Some(Code::AppleFailing), Some(NOW + 9000)));
        db.batch_sent(&fence, id, "event", NOW).await.unwrap();
        assert_eq!(waits().await, (None, None));
        // Apple has it, but cannot be asked how far it is; then it can.
        failed(NOW + 5000).await;
        assert_eq!(waits().await, (Some(Code::AppleFailing), Some(NOW + 5000)));
        db.batch_later(&fence, id, None, NOW + 6000, None).await.unwrap();
        assert_eq!(waits().await, (None, None));
        // Once it is halted, nothing is tried any more.
        failed(NOW + 7000).await;
        db.halt_operation(&fence, &"a".into(), OperationState::Stalled, &fault)
            .await
            .unwrap();
        assert_eq!(waits().await, (Some(Code::AppleFailing), None));
    });
}

#[test]
fn operations_are_listed_newest_first_by_state_and_location() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        let new: Vec<NewOperation> = (0..8)
            .map(|n| {
                operation(
                    &fence,
                    &format!("op{n}"),
                    Assign,
                    vec![batch(&ids, &devices(n..n + 1))],
                )
            })
            .collect();
        db.insert_operations(&new, None).await.unwrap();
        let fault = Fault::new(Code::AppleFailing);
        db.halt_operation(&fence, &"op3".into(), OperationState::Blocked, &fault)
            .await
            .unwrap();
        let list = async |query: OperationQuery| {
            let rows = walk(async |page| {
                db.operation_list(&OperationQuery {
                    page,
                    ..query.clone()
                })
                .await
            })
            .await;
            rows.into_iter()
                .map(|row| row.id.as_str().to_owned())
                .collect::<Vec<_>>()
        };
        let all = list(OperationQuery::default()).await;
        assert_eq!(all, ["op7", "op6", "op5", "op4", "op3", "op2", "op1", "op0"]);
        let state = Some(OperationState::Blocked);
        assert_eq!(
            list(OperationQuery {
                state,
                ..OperationQuery::default()
            })
            .await,
            ["op3"]
        );
        let location = Some("elsewhere".into());
        assert!(
            list(OperationQuery {
                location,
                ..OperationQuery::default()
            })
            .await
            .is_empty()
        );
        assert_eq!(db.operation(&"op0".into()).await.unwrap().asset_name, "400000001");
    });
}

#[test]
fn r4_operations_written_together_are_one_act() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..4))]).await;
        let revoke = |name, number| {
            let holders = devices(number..number + 1);
            operation(&fence, name, OperationKind::Revoke, vec![batch(&ids, &holders)])
        };
        db.insert_operations(&[revoke("alone", 0)], None).await.unwrap();
        db.insert_operations(&[revoke("first", 1), revoke("second", 2)], None)
            .await
            .unwrap();
        for (name, act) in [
            ("alone", None),
            ("first", Some("first")),
            ("second", Some("first")),
        ] {
            let row = db.operation(&name.into()).await.unwrap();
            assert_eq!(row.act, act.map(contract::OperationId::from));
            assert!(row.cancellable);
        }
        let query = OperationQuery {
            act: Some("first".into()),
            ..OperationQuery::default()
        };
        let page = db.operation_list(&query).await.unwrap();
        assert_eq!((page.rows.len(), page.total), (2, Some(2)));
    });
}

#[test]
fn t8_only_a_revocation_of_everything_is_remembered_as_that() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..4))]).await;
        let revoke = |name, number| {
            let holders = devices(number..number + 1);
            operation(&fence, name, OperationKind::Revoke, vec![batch(&ids, &holders)])
        };
        let all = async || {
            db.revocation_of_all(&fence.location)
                .await
                .unwrap()
                .map(|row| row.id)
        };
        db.insert_operations(&[revoke("one", 0)], None).await.unwrap();
        assert_eq!(all().await, None);
        db.revoke_everything(&fence.location, &[revoke("all", 1)], "Ada", NOW)
            .await
            .unwrap();
        db.insert_operations(&[revoke("another", 2)], None).await.unwrap();
        assert_eq!(all().await, Some("all".into()));
    });
}

#[test]
fn r4_what_is_blocked_before_anything_was_sent_can_be_cancelled() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..4))]).await;
        let back = operation(
            &fence,
            "back",
            OperationKind::Revoke,
            vec![batch(&ids, &devices(0..1))],
        );
        db.insert_operations(&[back], None).await.unwrap();
        db.halt_operation(
            &fence,
            &"back".into(),
            OperationState::Blocked,
            &Code::TokenRevoked.into(),
        )
        .await
        .unwrap();
        let row = db.operation(&"back".into()).await.unwrap();
        assert!(row.cancellable && row.waits_for_token());
        assert_eq!(row.token, Some(id_of("A")), "the token to be looked at");
        db.resume_operation(&"back".into(), NOW + HOUR).await.unwrap();
        let open = db.open_batches(&fence, NOW + DAY, 9).await.unwrap().remove(0);
        db.batch_sending(&fence, open.id, NOW + HOUR).await.unwrap();
        let row = db.operation(&"back".into()).await.unwrap();
        assert!(!row.cancellable && row.token.is_none());
    });
}

#[test]
fn what_is_stalled_is_not_sent_and_what_was_sent_of_it_is_followed() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        let batches = (0..3).map(|n| batch(&ids, &devices(n..n + 1))).collect();
        db.insert_operations(&[operation(&fence, "op", Assign, batches)], None)
            .await
            .unwrap();
        let batches: Vec<i64> = open(&db, &fence).await.iter().map(|batch| batch.id).collect();
        db.batch_sending(&fence, batches[0], NOW).await.unwrap();
        db.batch_sent(&fence, batches[0], "event", NOW).await.unwrap();
        db.batch_sending(&fence, batches[1], NOW).await.unwrap();
        let fault = Fault::new(Code::AppleFailing);
        for state in [OperationState::Stalled, OperationState::Blocked] {
            db.halt_operation(&fence, &"op".into(), state, &fault)
                .await
                .unwrap();
            assert!(matches!(
                db.batch_sending(&fence, batches[2], NOW).await,
                Err(StoreError::NotFound)
            ));
            let followed: Vec<i64> = open(&db, &fence).await.iter().map(|batch| batch.id).collect();
            assert_eq!(followed, batches[..2], "{state:?}");
        }
        db.release_lease(&fence).await.unwrap();
        let leased = db
            .lease_next("w", NOW + DAY, NOW + 2 * DAY)
            .await
            .unwrap()
            .unwrap();
        assert!(leased.operations_due);
    });
}

#[test]
fn a_location_that_is_held_says_why_and_that_is_nobodys_attempt() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        let batches = (0..2).map(|n| batch(&ids, &devices(n..n + 1))).collect();
        let mut later = operation(&fence, "later", Assign, vec![batch(&ids, &devices(7..8))]);
        later.held_until = Some(NOW + 9 * HOUR);
        let operations = [operation(&fence, "op", Assign, batches), later];
        db.insert_operations(&operations, None).await.unwrap();
        let fault = Fault::new(Code::AppleBusy);
        db.hold_batches(&fence, NOW + HOUR, &fault).await.unwrap();
        assert!(
            db.open_batches(&fence, NOW + HOUR - 1, 9)
                .await
                .unwrap()
                .is_empty()
        );
        let attempts: Vec<_> = db.open_batches(&fence, NOW + HOUR, 9).await.unwrap();
        let attempts: Vec<_> = attempts.iter().map(|batch| batch.attempts).collect();
        assert_eq!(attempts, [0, 0]);
        let waits = async |id: &str| {
            let row = db.operation(&id.into()).await.unwrap();
            (row.fault.map(|fault| fault.code), row.next_try_at)
        };
        assert_eq!(waits("op").await, (Some(Code::AppleBusy), Some(NOW + HOUR)));
        assert_eq!(waits("later").await, (None, None), "it waits in any case");
        // A shorter pause does not shorten a longer one.
        db.hold_batches(&fence, NOW + 1, &fault).await.unwrap();
        assert_eq!(waits("op").await.1, Some(NOW + HOUR));
    });
}

#[test]
fn what_came_to_nothing_says_why_and_starts_from_zero_when_it_is_resumed() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        let new = operation(&fence, "op", Assign, vec![batch(&ids, &devices(0..1))]);
        db.insert_operations(std::slice::from_ref(&new), None)
            .await
            .unwrap();
        let id = open(&db, &fence).await[0].id;
        db.batch_sending(&fence, id, NOW).await.unwrap();
        let fault = Fault::new(Code::AppleUnclear);
        let result = BatchResult {
            again: new.batches,
            later: Some(NOW + HOUR),
            fault: Some(fault.clone()),
            ..BatchResult::default()
        };
        db.end_batch(&fence, id, &result, NOW).await.unwrap();
        let row = db.operation(&"op".into()).await.unwrap();
        assert_eq!(
            (row.state, row.fault, row.next_try_at),
            (OperationState::Running, Some(fault.clone()), Some(NOW + HOUR))
        );
        assert_eq!(open(&db, &fence).await[0].rounds, 1);
        db.halt_operation(&fence, &"op".into(), OperationState::Stalled, &fault)
            .await
            .unwrap();
        db.resume_operation(&"op".into(), NOW).await.unwrap();
        assert_eq!(open(&db, &fence).await[0].rounds, 0);
    });
}

#[test]
fn where_nothing_is_left_to_do_no_operation_is_written() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..3))]).await;
        let revoke = |name| operation(&fence, name, Revoke, vec![batch(&ids, &devices(0..2))]);
        let both = [revoke("one"), revoke("two")];
        let (one, two) = tokio::join!(
            db.insert_operations(&both[..1], None),
            db.insert_operations(&both[1..], None)
        );
        let done = [one, two];
        let refused =
            |done: &&store::Result<()>| matches!(done, Err(StoreError::Refused(Code::NothingChosen)));
        assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1, "{done:?}");
        assert_eq!(done.iter().filter(refused).count(), 1, "{done:?}");
        let list = db.operation_list(&OperationQuery::default()).await.unwrap();
        assert_eq!(list.rows.iter().map(|row| row.total).collect::<Vec<_>>(), [2]);
        // One that still has something to do takes the others along.
        let more = operation(&fence, "more", Revoke, vec![batch(&ids, &devices(2..3))]);
        let again = operation(&fence, "again", Revoke, vec![batch(&ids, &devices(0..2))]);
        db.insert_operations(&[again, more], None).await.unwrap();
        // So is it with what is given.
        let give = operation(&fence, "give", Assign, vec![batch(&ids, &devices(0..3))]);
        let given = db.insert_operations(&[give], None).await;
        assert!(
            matches!(given, Err(StoreError::Refused(Code::NothingChosen))),
            "{given:?}"
        );
    });
}
