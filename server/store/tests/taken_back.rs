//! What is taken back does not come again by itself, and what is not to be taken is not.

use crate::{
    assignments::{add_devices, all_planned, assigned, form, group, queued, save, saved},
    reclaim::all_queued,
    setup::{
        DAY, HOUR, NOW, app, batch, detail, device, devices, leased, on_each_raw, operation, states, synced,
    },
    sync::publish,
};
use contract::{
    AssetId, Code, DeviceId, OperationId, UnixMillis,
    activity::{OperationKind, OperationState},
    devices::DeviceForm,
    licenses::{Holder, LicenseQuery, LicenseState},
    reclaim::RuleKind,
};
use store::{
    Db, StoreError,
    assignments::Asker,
    devices::Import,
    fulfilment::{Fulfilment, Leave},
    locations::Fence,
    operations::{NewOperation, Pair},
    reclaim::ByRule,
};

use OperationKind::Revoke;
use RuleKind::{Absent, Unseen};

/// What a rule takes by itself of these devices, held back for an hour.
fn by_rule(fence: &Fence, assets: &[AssetId], holders: &[Holder]) -> NewOperation {
    NewOperation {
        account: String::new().as_str().into(),
        by: "Pomona".to_owned(),
        reason: "reclaim rule".to_owned(),
        held_until: Some(NOW + HOUR),
        ..operation(fence, "rule", Revoke, vec![batch(assets, holders)])
    }
}

fn taken(assets: &[AssetId], holders: &[Holder], rule: RuleKind) -> Vec<(Pair, RuleKind)> {
    let pairs = assets
        .iter()
        .flat_map(|asset| holders.iter().map(|holder| (*asset, holder.clone())));
    pairs.map(|pair| (pair, rule)).collect()
}

async fn barred(db: &Db, asset: AssetId) -> usize {
    let data = db
        .planning_data(&[asset], &["all_devices".into()], None)
        .await
        .unwrap();
    data.assets[0].barred_devices.len()
}

#[test]
fn r4_what_somebody_cancels_no_rule_takes_again() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..2))]).await;
        add_devices(&db, 2).await;
        raw.run("UPDATE licenses SET operation = 1").await;
        all_queued(&raw).await;
        let pairs = taken(&ids, &devices(0..2), Unseen);
        db.reclaim(None, &[by_rule(&fence, &ids, &devices(0..2))], &pairs, NOW)
            .await
            .unwrap();
        assert_eq!(barred(&db, ids[0]).await, 2);
        let id = OperationId::from("rule");
        db.cancel_operation(&id, "Ada", NOW + 1).await.unwrap();
        assert_eq!(barred(&db, ids[0]).await, 0, "it is held as before");
        let kept = db.kept_list(&Default::default()).await.unwrap();
        let by: Vec<_> = kept
            .rows
            .iter()
            .map(|row| (row.by.as_str(), row.reason.as_str()))
            .collect();
        assert_eq!(by, [("Ada", "reclaim rule"); 2]);
        // A rule that looked before that takes nothing.
        all_queued(&raw).await;
        let again = NewOperation {
            id: "again".into(),
            ..by_rule(&fence, &ids, &devices(0..2))
        };
        let lapsed = db.reclaim(None, &[again], &pairs, NOW).await;
        assert!(matches!(lapsed, Err(StoreError::Taken(Code::PlanLapsed))));
        assert!(
            states(&db, ids[0])
                .await
                .iter()
                .all(|(_, state)| *state == LicenseState::Held)
        );
    });
}

#[test]
fn r3_a_rule_takes_only_while_it_says_so_and_the_worker_has_its_lease() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..2))]).await;
        add_devices(&db, 2).await;
        raw.run("UPDATE licenses SET operation = 1").await;
        all_queued(&raw).await;
        let pairs = taken(&ids, &devices(0..2), Unseen);
        let take = async |fence: &Fence, said| {
            let by_rule = ByRule {
                fence,
                rules: ("rules", said),
            };
            let operation = self::by_rule(fence, &ids, &devices(0..2));
            db.reclaim(Some(by_rule), &[operation], &pairs, NOW).await
        };
        let lapsed = |taken| matches!(taken, Err(StoreError::Taken(Code::PlanLapsed)));
        assert!(lapsed(take(&fence, Some("on")).await));
        db.set_setting("rules", "off").await.unwrap();
        assert!(lapsed(take(&fence, Some("on")).await));
        assert!(lapsed(take(&fence, None).await));
        let lost = Fence {
            epoch: fence.epoch - 1,
            ..fence.clone()
        };
        assert!(matches!(take(&lost, Some("off")).await, Err(StoreError::Fenced)));
        assert_eq!(barred(&db, ids[0]).await, 0, "nothing was taken");
        take(&fence, Some("off")).await.unwrap();
        assert_eq!(barred(&db, ids[0]).await, 2);
    });
}

#[test]
fn r4_what_a_person_approved_and_cancels_may_be_proposed_again() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..1))]).await;
        add_devices(&db, 1).await;
        raw.run("UPDATE licenses SET operation = 1").await;
        all_queued(&raw).await;
        let approved = NewOperation {
            account: "ada".into(),
            ..by_rule(&fence, &ids, &devices(0..1))
        };
        db.reclaim(None, &[approved], &taken(&ids, &devices(0..1), Unseen), NOW)
            .await
            .unwrap();
        db.cancel_operation(&"rule".into(), "Ada", NOW + 1).await.unwrap();
        assert_eq!(barred(&db, ids[0]).await, 0);
        assert!(db.kept_list(&Default::default()).await.unwrap().rows.is_empty());
    });
}

#[test]
fn r3_a_device_that_is_back_leaves_what_is_held_back() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let both = [(app(1), devices(0..3)), (app(2), devices(0..3))];
        let ids = synced(&db, &fence, &both).await;
        add_devices(&db, 3).await;
        raw.run("UPDATE licenses SET operation = 1").await;
        all_queued(&raw).await;
        let mut pairs = taken(&ids, &devices(0..2), Unseen);
        pairs.extend(taken(&ids[..1], &devices(2..3), Unseen));
        pairs.extend(taken(&ids[1..], &devices(2..3), Absent));
        db.reclaim(None, &[by_rule(&fence, &ids, &devices(0..3))], &pairs, NOW)
            .await
            .unwrap();
        db.note_seen(&"device-00".into(), NOW + 1).await.unwrap();
        db.note_seen(&"device-02".into(), NOW + 1).await.unwrap();
        let row = db.operation(&"rule".into()).await.unwrap();
        assert_eq!((row.state, row.total), (OperationState::Queued, 3));
        let expected = |second| {
            [
                (device(0), LicenseState::Held),
                (device(1), LicenseState::Releasing),
                (device(2), second),
            ]
        };
        assert_eq!(states(&db, ids[0]).await, expected(LicenseState::Held));
        assert_eq!(
            states(&db, ids[1]).await,
            expected(LicenseState::Releasing),
            "the app is still absent"
        );
        assert_eq!(detail(&db, ids[0]).await.row.counts.pending, 1);
        let doubts = db.doubts(&fence, NOW + DAY, 9).await.unwrap();
        let read_again = both.map(|(app, _)| (app.key, true));
        let doubts = doubts.into_iter().map(|(doubt, _)| (doubt.key, doubt.holders));
        assert_eq!(
            doubts.collect::<Vec<_>>(),
            read_again,
            "syncs passed these licences over"
        );
        let mut sent: Vec<Pair> = Vec::new();
        for batch in db.open_batches(&fence, NOW + DAY, 9).await.unwrap() {
            for (asset, _) in &batch.assets {
                sent.extend(batch.holders.iter().map(|holder| (*asset, holder.clone())));
            }
        }
        sent.sort();
        let left = [(ids[0], device(1)), (ids[1], device(1)), (ids[1], device(2))];
        assert_eq!(sent, left, "what is sent equals the items");
        // The last one leaves: nothing is left to be done.
        raw.run("UPDATE reclaimed SET rule = 0").await;
        db.set_left(&"device-02".into(), None, NOW + 2).await.unwrap();
        db.set_left(&"device-01".into(), None, NOW + 2).await.unwrap();
        let row = db.operation(&"rule".into()).await.unwrap();
        assert_eq!((row.state, row.total), (OperationState::Cancelled, 0));
        assert_eq!(row.assets, 2, "it still says what it was about");
        assert!(db.open_batches(&fence, NOW + DAY, 9).await.unwrap().is_empty());
    });
}

#[test]
fn s3_what_apple_refused_to_take_back_may_be_tried_again_after_the_next_sync() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..3)), (app(2), devices(0..1))]).await;
        raw.run(&format!(
            "UPDATE licenses SET error_number = 9602, error_message = 'no' WHERE asset = {}",
            ids[0]
        ))
        .await;
        raw.run("UPDATE licenses SET state = 5 WHERE holder LIKE '%2'")
            .await;
        all_planned(&db, &fence).await;
        publish(&db, &fence, vec![(ids[0], app(1)), (ids[1], app(2))]).await;
        assert_eq!(queued(&db, &fence).await, ids[..1]);
        let refused = LicenseQuery::default();
        let rows = db.license_list(&refused).await.unwrap().rows;
        let refused = rows.iter().filter(|row| row.error.is_some());
        assert_eq!(
            refused.map(|row| row.state).collect::<Vec<_>>(),
            [LicenseState::Failed],
            "what it refused to give is not"
        );
    });
}

/// What a CSV says of the first devices: when each was seen last.
async fn imported(db: &Db, seen: &[UnixMillis]) {
    let lines: Vec<_> = (0..)
        .zip(seen)
        .map(|(number, seen)| {
            let form = DeviceForm {
                name: format!("Device {number}"),
                serial: device(number).id().to_owned(),
                last_check_in: Some(*seen),
                ..DeviceForm::default()
            };
            (DeviceId(format!("device-{number:02}")), form)
        })
        .collect();
    db.import_devices(&lines, NOW, Import::Write).await.unwrap();
}

#[test]
fn r3_a_check_in_from_before_the_taking_brings_nothing_back() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..2))]).await;
        add_devices(&db, 2).await;
        imported(&db, &[NOW - 300 * DAY; 2]).await;
        raw.run("UPDATE licenses SET operation = 1").await;
        all_queued(&raw).await;
        let pairs = taken(&ids, &devices(0..2), Unseen);
        db.reclaim(None, &[by_rule(&fence, &ids, &devices(0..2))], &pairs, NOW)
            .await
            .unwrap();
        let total = async || db.operation(&"rule".into()).await.unwrap().total;
        imported(&db, &[NOW - 200 * DAY; 2]).await;
        assert_eq!((barred(&db, ids[0]).await, total().await), (2, 2));
        // Nor does one of a device that is out of management.
        db.set_left(&"device-01".into(), Some(NOW), NOW).await.unwrap();
        imported(&db, &[NOW + HOUR; 2]).await;
        assert_eq!((barred(&db, ids[0]).await, total().await), (1, 1));
        db.set_left(&"device-01".into(), None, NOW).await.unwrap();
        assert_eq!((barred(&db, ids[0]).await, total().await), (0, 0));
    });
}

#[test]
fn r3_many_devices_that_are_back_leave_what_is_held_back_at_several_locations() {
    on_each_raw(|db, raw| async move {
        let mut locations = Vec::new();
        for name in ["A", "B"] {
            let fence = leased(&db, name).await;
            let both = [(app(1), devices(0..6)), (app(2), devices(0..6))];
            let ids = synced(&db, &fence, &both).await;
            locations.push((fence, ids));
        }
        add_devices(&db, 6).await;
        raw.run("UPDATE licenses SET operation = 1").await;
        all_queued(&raw).await;
        for (fence, ids) in &locations {
            let rule = NewOperation {
                id: fence.location.as_str().into(),
                ..by_rule(fence, ids, &devices(0..6))
            };
            db.reclaim(None, &[rule], &taken(ids, &devices(0..6), Unseen), NOW)
                .await
                .unwrap();
        }
        imported(&db, &[NOW + 1; 4]).await;
        for (fence, ids) in &locations {
            let left = db.operation(&fence.location.as_str().into()).await.unwrap();
            assert_eq!((left.state, left.total), (OperationState::Queued, 4));
            for id in ids {
                let states = states(&db, *id).await;
                let held = states
                    .iter()
                    .take_while(|(_, state)| *state == LicenseState::Held);
                assert_eq!(held.count(), 4);
                assert_eq!(detail(&db, *id).await.row.counts.pending, 2);
            }
            let open = db.open_batches(fence, NOW + DAY, 9).await.unwrap();
            assert_eq!(open.len(), 1, "grouped again as a whole");
            assert_eq!(
                (open[0].assets.len(), open[0].holders.clone()),
                (2, devices(4..6))
            );
        }
    });
}

#[test]
fn a4_whoever_asked_once_asks_again_after_the_licence_was_taken_back() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..2))]).await;
        add_devices(&db, 2).await;
        for number in 0..2 {
            db.ask(
                ids[0],
                &Asker::Device(format!("device-{number:02}").as_str().into()),
                NOW,
            )
            .await
            .unwrap();
        }
        let asked = async || {
            let data = db
                .planning_data(&ids, &["all_devices".into()], None)
                .await
                .unwrap();
            let asked = data.assets[0].asked_devices.iter();
            asked.map(|(position, _)| *position).collect::<Vec<_>>()
        };
        assert_eq!(asked().await, [0, 1]);
        let back = operation(&fence, "back", Revoke, vec![batch(&ids, &devices(0..1))]);
        db.insert_operations(&[back], None).await.unwrap();
        assert_eq!(asked().await, [1]);
        // Asked for once more, it is planned again, and a rule's bar is lifted.
        raw.run(&format!(
            "INSERT INTO assignments (asset, group_id, intent, kind, settings, priority, shortage, reserved, created_at,
                 created_by, changed_at) VALUES ({}, 'all_devices', 0, 0, '{{}}', 1, 0, 0, 0, '', 0)",
            ids[0]
        ))
        .await;
        all_queued(&raw).await;
        db.reclaim(None, &[], &taken(&ids, &devices(1..2), Unseen), NOW)
            .await
            .unwrap();
        all_planned(&db, &fence).await;
        db.ask(ids[0], &Asker::Device("device-01".into()), NOW + 1)
            .await
            .unwrap();
        assert_eq!(barred(&db, ids[0]).await, 0);
        assert_eq!(queued(&db, &fence).await, ids);
    });
}

#[test]
fn what_failed_leaves_with_its_assignment() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        add_devices(&db, 3).await;
        group(&raw, "g", 1, &[]).await;
        db.fulfil(None, &assigned(&db, &fence, ids[0], "g", 0, 3).await)
            .await
            .unwrap();
        raw.run("UPDATE licenses SET state = 5 WHERE holder = 'C020000000'")
            .await;
        let before = states(&db, ids[0]).await;
        let failed = before
            .iter()
            .filter(|(_, state)| *state == LicenseState::Failed)
            .count();
        raw.run("UPDATE assets SET waiting = (SELECT count(*) FROM licenses WHERE state = 0)")
            .await;
        let left = Fulfilment {
            at: NOW,
            by: "Pomona".to_owned(),
            holders: devices(0..3),
            leaves: vec![Leave {
                asset: ids[0],
                reason: "Group g".to_owned(),
                holders: vec![0, 1, 2],
            }],
            ..Fulfilment::default()
        };
        db.fulfil(None, &left).await.unwrap();
        assert_eq!(failed, 1);
        assert!(states(&db, ids[0]).await.is_empty());
        assert_eq!(detail(&db, ids[0]).await.row.counts.waiting, 0);
    });
}

#[test]
fn t8_where_everything_is_taken_back_nothing_is_left_that_would_give_it_again() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..2))]).await;
        let other = leased(&db, "B").await;
        let elsewhere = synced(&db, &other, &[(app(1), vec![])]).await;
        add_devices(&db, 4).await;
        group(&raw, "g", 1, &[]).await;
        let mut waits = assigned(&db, &fence, ids[0], "g", 0, 0).await;
        waits.operations[0].waiting = vec![(ids[0], device(3))];
        waits.holders = vec![device(3)];
        db.fulfil(None, &waits).await.unwrap();
        let mut draws = form("g");
        draws.settings.draw_from = Some(fence.location.clone());
        let drawing = Fulfilment {
            at: NOW,
            applied: Some(saved(&db, "draws", save(elsewhere[0], draws)).await),
            ..Fulfilment::default()
        };
        db.fulfil(None, &drawing).await.unwrap();
        db.ask(ids[0], &Asker::Device("device-03".into()), NOW)
            .await
            .unwrap();
        assert_eq!(db.assigned_of(&[ids[0], elsewhere[0]]).await.unwrap().len(), 2);

        let all = operation(&fence, "all", Revoke, vec![batch(&ids, &devices(0..2))]);
        let removed = db
            .revoke_everything(&fence.location, &[all], "Ada", NOW)
            .await
            .unwrap();
        assert_eq!(removed, 1);
        assert_eq!(db.assigned_of(&[ids[0], elsewhere[0]]).await.unwrap(), elsewhere);
        let left = db.assignments_of(elsewhere[0]).await.unwrap();
        assert_eq!(left[0].settings.draw_from, None, "there is nothing to draw");
        let data = db
            .planning_data(&ids, &["all_devices".into()], None)
            .await
            .unwrap();
        assert!(data.assets[0].asked_devices.is_empty());
        let states = states(&db, ids[0]).await;
        let releasing = LicenseState::Releasing;
        assert_eq!(
            states,
            [(device(0), releasing), (device(1), releasing)],
            "nobody waits"
        );
        let counts = detail(&db, ids[0]).await.row.counts;
        assert_eq!((counts.waiting, counts.pending), (0, 2));
    });
}
