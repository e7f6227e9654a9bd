use crate::setup::{
    DAY, HOUR, NOW, Raw, app, batch, device, devices, lease, leased, licenses, on_each_raw, operation, pairs,
    synced, walk,
};
use contract::{
    AssetId, Code, DeviceId, PageQuery, Serial,
    activity::{OperationKind, OperationQuery},
    catalog::ProductType,
    devices::{DeviceForm, Platform},
    licenses::{Act, Holder, LedgerQuery, LicenseState, MacGraceQuery},
    reclaim::{OrphanKind, OrphanQuery, ReclaimQuery, ReclaimScope, RuleKind},
};
use store::{
    Db, StoreError,
    devices::Import,
    locations::Fence,
    operations::{BatchResult, Pair},
    reclaim::{Applied, Candidate},
    sync::AppleAsset,
};

use RuleKind::{Absent, Gone, OutOfScope, Unseen};

fn applied(rule: RuleKind) -> Applied {
    Applied {
        rule,
        before: NOW - 30 * DAY,
    }
}

async fn found(db: &Db, rule: RuleKind) -> Vec<Pair> {
    let found = db.candidates(applied(rule), None, 100).await.unwrap();
    found.into_iter().map(|candidate| candidate.pair).collect()
}

async fn add_devices(db: &Db, count: u32, platform: Platform) {
    let rows: Vec<_> = (0..count)
        .map(|number| {
            let form = DeviceForm {
                name: format!("Device {number}"),
                serial: device(number).id().to_owned(),
                platform,
                ..DeviceForm::default()
            };
            (DeviceId(format!("device-{number:02}")), form)
        })
        .collect();
    db.import_devices(&rows, NOW, Import::Write).await.unwrap();
}

/// What is held is in the review queue, by whatever rule.
pub async fn all_queued(raw: &Raw) {
    raw.run(
        "INSERT INTO reclaims (asset, holder, kind, rule, queued_at)
         SELECT asset, holder, kind, 1, 0 FROM licenses WHERE state = 2 ON CONFLICT DO NOTHING",
    )
    .await;
}

/// The licences count as given here.
async fn given_here(raw: &Raw) {
    raw.run("UPDATE licenses SET operation = 1").await;
}

fn book(number: u32) -> AppleAsset {
    AppleAsset {
        product: ProductType::Book,
        revocable: false,
        device_assignable: false,
        ..app(number)
    }
}

async fn queue(db: &Db) -> Vec<(AssetId, Holder, RuleKind)> {
    let rows = walk(async |page| {
        db.reclaim_list(&ReclaimQuery {
            page,
            ..ReclaimQuery::default()
        })
        .await
    })
    .await;
    rows.into_iter()
        .map(|row| (row.asset, row.holder, row.why))
        .collect()
}

async fn apply(db: &Db, fence: &Fence, rules: &[RuleKind], now: i64) -> Vec<Candidate> {
    let mut all = Vec::new();
    for rule in rules {
        all.extend(
            db.candidates(applied(*rule), Some(&fence.location), 100)
                .await
                .unwrap(),
        );
    }
    let orphans = db.find_orphans(&fence.location, 100).await.unwrap();
    db.write_reclaims(fence, &all, &orphans, now, now).await.unwrap();
    all
}

#[test]
fn r3_each_rule_finds_its_own_and_books_and_others_licences_never() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..6)), (book(2), devices(0..6))]).await;
        add_devices(&db, 5, Platform::IPadOs).await;
        for rule in RuleKind::ALL {
            assert_eq!(found(&db, rule).await, [], "{rule:?}: nothing was given here");
        }
        given_here(&raw).await;
        let app = ids[0];
        let of = |numbers: &[u32]| {
            numbers
                .iter()
                .map(|number| (app, device(*number)))
                .collect::<Vec<_>>()
        };
        // Device 5 is not known here.
        assert_eq!(found(&db, Gone).await, of(&[5]));
        db.set_left(&"device-01".into(), Some(NOW), NOW).await.unwrap();
        assert_eq!(found(&db, Gone).await, of(&[1, 5]));
        // A device that was never seen is left alone.
        assert_eq!(found(&db, Unseen).await, []);
        db.note_seen(&"device-02".into(), NOW - 31 * DAY).await.unwrap();
        db.note_seen(&"device-03".into(), NOW - 29 * DAY).await.unwrap();
        assert_eq!(found(&db, Unseen).await, of(&[2]));
        let serial = Serial::known(device(4).id());
        db.note_installed(&serial, &[], NOW - 40 * DAY).await.unwrap();
        db.note_installed(&serial, &[], NOW).await.unwrap();
        assert_eq!(found(&db, Absent).await, of(&[4]), "the first time counts");
        db.note_installed(&serial, &[app], NOW).await.unwrap();
        assert_eq!(found(&db, Absent).await, []);
        assert_eq!(found(&db, OutOfScope).await, [], "no group has the app at all");
        raw.run(&format!(
            "INSERT INTO groups (id, name, sort_name, kind, source, created_at, changed_at)
                 VALUES ('g', 'G', 'g', 1, 'manual', 0, 0), ('h', 'H', 'h', 0, 'manual', 0, 0),
                 ('x', 'X', 'x', 1, 'manual', 0, 0);
             INSERT INTO group_members (group_id, member) VALUES ('g', 'device-00'), ('g', 'device-01'),
                 ('g', 'device-04'), ('h', 'anna'), ('x', 'device-04');
             INSERT INTO people (id, user_name, user_name_key, name, sort_name, email, managed_apple_account,
                 department, active, search, source, created_at, changed_at)
                 VALUES ('anna', 'anna', 'anna', 'Anna', 'anna', '', '', '', {yes}, '', 'manual', 0, 0);
             UPDATE devices SET user_name = 'anna', user_name_key = 'anna' WHERE id = 'device-02';
             INSERT INTO assignments (asset, group_id, intent, kind, settings, priority, shortage, reserved,
                 created_at, created_by, changed_at)
                 VALUES ({app}, 'g', 0, 0, '{{}}', 1, 0, 0, 0, '', 0), ({app}, 'h', 0, 0, '{{}}', 1, 0, 0, 0, '', 0),
                 ({app}, 'x', NULL, 0, '{{}}', 1, 0, 0, 0, '', 0)",
            yes = if matches!(raw, Raw::Sqlite(_)) { "1" } else { "true" },
        ))
        .await;
        assert_eq!(
            found(&db, OutOfScope).await,
            of(&[3, 4]),
            "one is in no group, the other is excluded; the group of its user counts"
        );
        all_queued(&raw).await;
        db.keep_licenses(&[((app, device(3)), OutOfScope)], "Ada", "", NOW)
            .await
            .unwrap();
        db.keep_devices(&[serial], "Ada", "", NOW).await.unwrap();
        assert_eq!(found(&db, OutOfScope).await, []);
    });
}

#[test]
fn r3_the_queue_follows_what_is_found_and_what_was_decided() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..5)), (app(2), devices(0..2))]).await;
        add_devices(&db, 5, Platform::IPadOs).await;
        given_here(&raw).await;
        for number in 0..5 {
            let id = format!("device-{number:02}").as_str().into();
            db.note_seen(&id, NOW - 100 * DAY).await.unwrap();
        }
        apply(&db, &fence, &[Gone, Unseen], NOW).await;
        let all = [0, 1, 2, 3, 4]
            .map(|number| (ids[0], device(number), Unseen))
            .to_vec();
        let more = [0, 1].map(|number| (ids[1], device(number), Unseen));
        assert_eq!(queue(&db).await, [all, more.to_vec()].concat());
        let narrow = ReclaimQuery {
            holder: device(1).id().to_owned(),
            ..ReclaimQuery::default()
        };
        assert_eq!(db.reclaim_list(&narrow).await.unwrap().total, Some(2));
        let other = ReclaimQuery {
            why: Some(Gone),
            ..ReclaimQuery::default()
        };
        assert_eq!(db.reclaim_list(&other).await.unwrap().rows, []);

        // Seen again: it leaves the queue at once.
        db.note_seen(&"device-04".into(), NOW).await.unwrap();
        assert_eq!(queue(&db).await.len(), 6);
        // Kept: it does not come again.
        let kept = db
            .reclaims_of(&ReclaimScope::Licenses(vec![(ids[0], device(3))]), 100)
            .await
            .unwrap();
        db.keep_licenses(&kept, "Ada", "on a ship", NOW).await.unwrap();
        apply(&db, &fence, &[Gone, Unseen], NOW + HOUR).await;
        assert_eq!(queue(&db).await.len(), 5);
        let list = walk(async |page| db.kept_list(&page).await).await;
        assert_eq!((list.len(), list[0].reason.as_str()), (1, "on a ship"));
        assert_eq!(list[0].asset.as_ref().map(|(id, _)| *id), Some(ids[0]));

        // Approved: taken back by an operation, and nothing gives it again.
        let chosen = db
            .reclaims_of(&ReclaimScope::Matching(narrow.clone()), 100)
            .await
            .unwrap();
        assert_eq!(chosen.len(), 2);
        let taken = vec![batch(&ids, &[device(1)])];
        let operation = operation(&fence, "reclaim", OperationKind::Revoke, taken);
        db.reclaim(None, &[operation], &chosen, NOW + HOUR).await.unwrap();
        let states = licenses(&db).await;
        let of_one: Vec<_> = states.iter().filter(|row| row.1 == device(1)).collect();
        assert!(of_one.iter().all(|row| row.2 == LicenseState::Releasing));
        apply(&db, &fence, &[Gone, Unseen], NOW + HOUR).await;
        assert_eq!(queue(&db).await.len(), 3);
        let report = db.reclaim_report(NOW - DAY).await.unwrap();
        assert_eq!(report.len(), 1);
        assert_eq!(
            (
                report[0].rule,
                report[0].proposed,
                report[0].taken,
                report[0].kept
            ),
            (Unseen, 7, 2, 1)
        );
        assert_eq!(report[0].day, NOW - NOW % DAY);
        db.keep_no_longer(Some(ids[0]), &device(3)).await.unwrap();
        apply(&db, &fence, &[Gone, Unseen], NOW + 2 * HOUR).await;
        assert_eq!(queue(&db).await.len(), 4);
        // The rule is off.
        apply(&db, &fence, &[], NOW + 2 * HOUR).await;
        assert_eq!(queue(&db).await, []);
    });
}

#[test]
fn r3_of_two_who_decide_the_same_at_once_one_does() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..4))]).await;
        add_devices(&db, 4, Platform::IPadOs).await;
        given_here(&raw).await;
        all_queued(&raw).await;
        let all = ReclaimScope::Matching(ReclaimQuery::default());
        let chosen = db.reclaims_of(&all, 100).await.unwrap();
        assert_eq!(chosen.len(), 4);
        let approve = async |name: &str| {
            let taken = vec![batch(&ids, &devices(0..4))];
            let operation = operation(&fence, name, OperationKind::Revoke, taken);
            db.reclaim(None, &[operation], &chosen, NOW).await
        };
        let keep = async || db.keep_licenses(&chosen, "Ada", "", NOW).await;
        let (a, b, c, d, e) = tokio::join!(approve("a"), approve("b"), keep(), approve("c"), keep());
        let done = [a, b, c, d, e];
        let late = |done: &&store::Result<()>| matches!(done, Err(StoreError::Taken(Code::PlanLapsed)));
        assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1, "{done:?}");
        assert_eq!(done.iter().filter(late).count(), 4, "{done:?}");
        let report = db.reclaim_report(0).await.unwrap();
        let decided: Vec<_> = report.iter().map(|day| day.taken + day.kept).collect();
        assert_eq!(decided, [4]);
        let operations = db.operation_list(&OperationQuery::default()).await.unwrap();
        let kept = db.kept_list(&PageQuery::default()).await.unwrap();
        assert_eq!((operations.rows.len() * 4) + kept.rows.len(), 4);
    });
}

#[test]
fn r3_what_is_not_held_any_more_is_no_operation() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..2))]).await;
        add_devices(&db, 2, Platform::IPadOs).await;
        given_here(&raw).await;
        all_queued(&raw).await;
        let all = ReclaimScope::Matching(ReclaimQuery::default());
        let chosen = db.reclaims_of(&all, 100).await.unwrap();
        let revoke = |name| {
            let taken = vec![batch(&ids, &devices(0..2))];
            operation(&fence, name, OperationKind::Revoke, taken)
        };
        db.insert_operations(&[revoke("by hand")], None).await.unwrap();
        let late = db.reclaim(None, &[revoke("late")], &chosen, NOW).await;
        assert!(
            matches!(late, Err(StoreError::Taken(Code::PlanLapsed))),
            "{late:?}"
        );
        assert!(matches!(
            db.operation(&"late".into()).await,
            Err(StoreError::NotFound)
        ));
    });
}

#[test]
fn r3_what_was_taken_is_barred_until_the_device_is_back() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let asset = synced(&db, &fence, &[(app(1), devices(0..2))]).await[0];
        add_devices(&db, 2, Platform::IPadOs).await;
        given_here(&raw).await;
        raw.run(&format!(
            "INSERT INTO groups (id, name, sort_name, kind, source, created_at, changed_at)
                 VALUES ('g', 'G', 'g', 1, 'manual', 0, 0);
             INSERT INTO group_members (group_id, member) VALUES ('g', 'device-00'), ('g', 'device-01');
             INSERT INTO group_fixed (group_id, member) VALUES ('g', 'device-00'), ('g', 'device-01');
             INSERT INTO assignments (asset, group_id, intent, kind, settings, priority, shortage, reserved,
                 created_at, created_by, changed_at) VALUES ({asset}, 'g', 0, 0, '{{}}', 1, 0, 0, 0, '', 0)"
        ))
        .await;
        let barred = async || {
            let data = db.planning_data(&[asset], &[], None).await.unwrap();
            data.assets[0].barred_devices.clone()
        };
        let taken = |number| vec![((asset, device(number)), Unseen)];
        all_queued(&raw).await;
        for number in 0..2 {
            db.reclaim(None, &[], &taken(number), NOW).await.unwrap();
        }
        assert_eq!(barred().await, [(0, NOW), (1, NOW)]);
        let queued = db.assets_to_plan(&fence.location, NOW + DAY, 10).await.unwrap();
        db.planned(&fence, &queued).await.unwrap();
        db.note_seen(&"device-00".into(), NOW).await.unwrap();
        assert_eq!(barred().await, [(1, NOW)]);
        let queued = db.assets_to_plan(&fence.location, NOW + DAY, 10).await.unwrap();
        assert_eq!(queued.len(), 1, "the plan is worked out again");
        db.set_left(&"device-01".into(), Some(NOW), NOW).await.unwrap();
        assert_eq!(barred().await, [(1, NOW)]);
        let data = db.planning_data(&[asset], &[], None).await.unwrap();
        assert_eq!(
            data.devices.iter().map(|device| device.gone).collect::<Vec<_>>(),
            [false, true]
        );
        db.set_left(&"device-01".into(), None, NOW).await.unwrap();
        assert_eq!(barred().await, []);
        // Held again, by whatever way: the bar goes with the next look.
        all_queued(&raw).await;
        db.reclaim(None, &[], &taken(0), NOW).await.unwrap();
        apply(&db, &fence, &[], NOW).await;
        assert_eq!(barred().await, []);
        let missing = db.set_left(&"nothing".into(), None, NOW).await;
        assert!(matches!(missing, Err(StoreError::NotFound)));
    });
}

#[test]
fn r3_the_rules_are_applied_when_asked_for_and_every_hour() {
    on_each_raw(|db, _raw| async move {
        let fence = leased(&db, "A").await;
        synced(&db, &fence, &[(app(1), vec![])]).await;
        let due = async |since| db.reclaim_due(&fence.location, since).await.unwrap();
        assert_eq!(due(NOW).await, Some(0));
        apply(&db, &fence, &[], NOW).await;
        assert_eq!(due(NOW).await, None);
        assert_eq!(due(NOW + 1).await, Some(0));
        db.reclaim_soon(NOW + 5).await.unwrap();
        assert_eq!(due(NOW).await, Some(NOW + 5));
        db.release_lease(&fence).await.unwrap();
        let fence = lease(&db, &fence.location, NOW + 5).await;
        apply(&db, &fence, &[], NOW + 6).await;
        assert_eq!(due(NOW).await, None);
    });
}

#[test]
fn r3_what_is_asked_for_while_the_rules_are_applied_is_not_forgotten() {
    on_each_raw(|db, _raw| async move {
        let fence = leased(&db, "A").await;
        synced(&db, &fence, &[(app(1), vec![])]).await;
        let due = async || db.reclaim_due(&fence.location, 0).await.unwrap();
        db.reclaim_soon(NOW).await.unwrap();
        let asked = due().await.unwrap();
        // In the same millisecond, after the rules were read.
        db.reclaim_soon(NOW).await.unwrap();
        db.write_reclaims(&fence, &[], &[], asked, NOW).await.unwrap();
        let later = due().await.unwrap();
        assert!(later > asked);
        db.write_reclaims(&fence, &[], &[], later, NOW).await.unwrap();
        assert_eq!(due().await, None);
    });
}

#[test]
fn l3_orphans_are_found_once_for_each_reason() {
    on_each_raw(|db, _raw| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..4))]).await;
        db.release_lease(&fence).await.unwrap();
        let other = leased(&db, "B").await;
        let twins = synced(&db, &other, &[(app(1), vec![device(0)])]).await;
        add_devices(&db, 3, Platform::IPadOs).await;
        db.set_left(&"device-00".into(), Some(NOW), NOW).await.unwrap();
        apply(&db, &other, &[], NOW).await;
        db.release_lease(&other).await.unwrap();
        db.reclaim_soon(NOW).await.unwrap();
        let fence = lease(&db, &fence.location, NOW + 1).await;
        apply(&db, &fence, &[], NOW + 1).await;
        let rows = walk(async |page| {
            db.orphan_list(&OrphanQuery {
                page,
                ..OrphanQuery::default()
            })
            .await
        })
        .await;
        let mut rows: Vec<_> = rows
            .into_iter()
            .map(|row| (row.asset, row.holder, row.why))
            .collect();
        rows.sort();
        let mut expected = vec![
            (ids[0], device(0), OrphanKind::DeviceLeft),
            (ids[0], device(3), OrphanKind::UnknownDevice),
            (twins[0], device(0), OrphanKind::DeviceLeft),
            (twins[0], device(0), OrphanKind::Duplicate),
        ];
        expected.sort();
        assert_eq!(rows, expected);
        let unknown = OrphanQuery {
            why: Some(OrphanKind::UnknownDevice),
            ..OrphanQuery::default()
        };
        let page = db.orphan_list(&unknown).await.unwrap();
        assert_eq!(
            (page.total, page.rows[0].known, page.rows[0].revocable),
            (Some(1), false, true)
        );
        add_devices(&db, 4, Platform::IPadOs).await;
        apply(&db, &fence, &[], NOW + 2).await;
        assert_eq!(db.orphan_list(&unknown).await.unwrap().rows, []);
    });
}

#[test]
fn r2_a_macs_clock_begins_with_its_licence_gone_and_ends_once() {
    on_each_raw(|db, _raw| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..2)), (book(2), devices(0..1))]).await;
        add_devices(&db, 1, Platform::MacOs).await;
        let phone = DeviceForm {
            serial: device(1).id().to_owned(),
            ..DeviceForm::default()
        };
        db.insert_device(&"phone".into(), &phone, NOW).await.unwrap();
        let macs = async || {
            walk(async |page| {
                db.grace_list(&MacGraceQuery {
                    page,
                    ..MacGraceQuery::default()
                })
                .await
            })
            .await
        };
        let step = async |name: &str, kind, at| {
            let batches = vec![batch(&ids[..1], &devices(0..2))];
            let operation = operation(&fence, name, kind, batches);
            db.insert_operations(&[operation], None).await.unwrap();
            let open = db.open_batches(&fence, at, 10).await.unwrap();
            let result = BatchResult {
                done: pairs(&batch(&ids[..1], &devices(0..2))),
                ..BatchResult::default()
            };
            db.batch_sending(&fence, open[0].id, at).await.unwrap();
            db.batch_sent(&fence, open[0].id, name, at).await.unwrap();
            db.end_batch(&fence, open[0].id, &result, at).await.unwrap();
        };
        assert_eq!(macs().await, []);
        step("take", OperationKind::Revoke, NOW + HOUR).await;
        let rows = macs().await;
        assert_eq!(rows.len(), 1, "neither the phone nor the book");
        assert_eq!(
            (
                rows[0].asset,
                rows[0].device.as_str(),
                rows[0].revoked_at,
                rows[0].ends_at
            ),
            (ids[0], "device-00", NOW + HOUR, NOW + HOUR + 30 * DAY)
        );
        step("give", OperationKind::Assign, NOW + 2 * HOUR).await;
        assert_eq!(macs().await, [], "it has a licence again");
        step("take again", OperationKind::Revoke, NOW + 3 * HOUR).await;
        let end = NOW + 3 * HOUR + 30 * DAY;
        assert_eq!(db.end_graces(end - 1).await.unwrap(), 0);
        assert_eq!(db.end_graces(end).await.unwrap(), 1);
        assert_eq!(db.end_graces(end + DAY).await.unwrap(), 0);
        assert_eq!(macs().await, []);
        let query = LedgerQuery {
            act: Some(Act::Ended),
            ..LedgerQuery::default()
        };
        let lines = db.ledger_list(&query).await.unwrap().rows;
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].at, &lines[0].holder), (end, &device(0)));
    });
}

#[test]
fn r2_a_mac_whose_person_has_a_user_licence_of_the_app_does_not_lose_it() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let mut holders = devices(0..3);
        holders.push(Holder::User("user-anna".to_owned()));
        let ids = synced(&db, &fence, &[(app(1), holders)]).await;
        add_devices(&db, 3, Platform::MacOs).await;
        raw.run(&format!(
            "INSERT INTO people (id, user_name, user_name_key, name, sort_name, email, managed_apple_account,
                 department, active, search, source, created_at, changed_at)
             VALUES ('anna', 'anna', 'anna', 'Anna', 'anna', '', '', '', {yes}, '', 'manual', 0, 0);
             INSERT INTO vpp_users (location, person, account, client_user_id, email, managed, status, created_at,
                 changed_at) VALUES ('{location}', 'anna', 0, 'user-anna', '', '', 2, 0, 0);
             UPDATE devices SET user_name = 'anna', user_name_key = 'anna' WHERE id <> 'device-00';
             UPDATE devices SET enrolment = 'shared' WHERE id = 'device-02'",
            yes = if matches!(raw, Raw::Sqlite(_)) { "1" } else { "true" },
            location = fence.location,
        ))
        .await;
        let macs = async || {
            let page = db.grace_list(&MacGraceQuery::default()).await.unwrap();
            let rows = page.rows.into_iter();
            let rows: Vec<_> = rows.map(|row| row.device.as_str().to_owned()).collect();
            assert_eq!(page.total, Some(rows.len() as i64));
            rows
        };
        let at = NOW + HOUR;
        let taken = vec![batch(&ids, &devices(0..3))];
        let operation = operation(&fence, "take", OperationKind::Revoke, taken);
        db.insert_operations(&[operation], None).await.unwrap();
        let open = db.open_batches(&fence, at, 10).await.unwrap();
        let result = BatchResult {
            done: pairs(&batch(&ids, &devices(0..3))),
            ..BatchResult::default()
        };
        db.batch_sending(&fence, open[0].id, at).await.unwrap();
        db.batch_sent(&fence, open[0].id, "take", at).await.unwrap();
        db.end_batch(&fence, open[0].id, &result, at).await.unwrap();
        assert_eq!(macs().await, ["device-00", "device-02"], "hers alone keeps it");
        raw.run("UPDATE licenses SET state = 3 WHERE holder = 'user-anna'")
            .await;
        assert_eq!(macs().await, ["device-00", "device-01", "device-02"]);
        raw.run("UPDATE licenses SET state = 2 WHERE holder = 'user-anna'")
            .await;
        assert_eq!(db.end_graces(at + 30 * DAY).await.unwrap(), 2);
        let query = LedgerQuery {
            act: Some(Act::Ended),
            ..LedgerQuery::default()
        };
        assert_eq!(db.ledger_list(&query).await.unwrap().rows.len(), 2);
        raw.run("UPDATE licenses SET state = 3 WHERE holder = 'user-anna'")
            .await;
        assert_eq!(macs().await, [] as [&str; 0], "all of them are over");
    });
}
