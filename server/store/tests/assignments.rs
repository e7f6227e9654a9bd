use crate::{
    plans::plan,
    setup::{
        DAY, HOUR, NOW, Raw, app, arrived, batch, detail, device, lease, leased, on_each_raw, operation,
        states, synced, walk,
    },
};
use contract::{
    AssetId, Code, DeviceId, GroupId, PlanId,
    activity::{OperationKind, OperationQuery},
    assignments::{
        AssignmentForm, AssignmentSettings, Change, Intent, LicenseKind, Planned, Priority, Shortage, Target,
    },
    catalog::AssetQuery,
    devices::DeviceForm,
    groups::GroupKind,
    licenses::{Act, Holder, LedgerQuery, LicenseQuery, LicenseState, Origin},
};
use store::{
    Db, StoreError,
    assignments::{Asker, SpokenFor},
    devices::Import,
    fulfilment::{Applied, Fulfilment, Leave, Mark, NEW_ASSIGNMENT, among},
    locations::Fence,
    notifications::News,
    planning::Errand,
    plans::SavedPlan,
    sync::AppleAsset,
};

use LicenseState::{Failed, Held, Requested};

pub fn form(group: &str) -> AssignmentForm {
    AssignmentForm {
        group: group.into(),
        target: Target::Include {
            intent: Intent::Required,
            kind: LicenseKind::Device,
        },
        settings: AssignmentSettings::default(),
        priority: Priority::Normal,
        shortage: Shortage::Wait,
        reserved: 0,
    }
}

/// Devices 0 to `count`, whose ids are `device-00` and so on.
pub async fn add_devices(db: &Db, count: u32) {
    let devices: Vec<_> = (0..count)
        .map(|number| {
            let form = DeviceForm {
                name: format!("Device {number}"),
                serial: device(number).id().to_owned(),
                ..DeviceForm::default()
            };
            (DeviceId(format!("device-{number:02}")), form)
        })
        .collect();
    db.import_devices(&devices, NOW, Import::Write).await.unwrap();
}

pub async fn group(raw: &Raw, id: &str, kind: i64, members: &[&str]) {
    raw.run(&format!(
        "INSERT INTO groups (id, name, sort_name, kind, source, members, created_at, changed_at)
         VALUES ('{id}', 'Group {id}', 'group {id}', {kind}, 'manual', {}, 0, 0)",
        members.len()
    ))
    .await;
    for member in members {
        raw.run(&format!(
            "INSERT INTO group_members (group_id, member) VALUES ('{id}', '{member}')"
        ))
        .await;
    }
}

pub async fn saved(db: &Db, id: &str, change: Change) -> Applied {
    let plan = SavedPlan {
        request: Planned::Change(change.clone()),
        ..plan(id)
    };
    db.insert_plan(&plan).await.unwrap();
    let stored = db.assignments_of(change.asset()).await.unwrap();
    Applied {
        plan: PlanId::from(id),
        change,
        by: "Ada".to_owned(),
        among: among(&stored),
        shown: "{}".to_owned(),
    }
}

pub fn save(asset: AssetId, form: AssignmentForm) -> Change {
    Change::Save { asset, form }
}

/// Gives the first `gets` devices a licence and has the next `waits` wait, by one assignment.
pub async fn assigned(
    db: &Db,
    fence: &Fence,
    asset: AssetId,
    group: &str,
    gets: u32,
    waits: u32,
) -> Fulfilment {
    let holders: Vec<Holder> = (0..gets + waits).map(device).collect();
    let (given, waiting) = holders.split_at(gets as usize);
    let mut operation = operation(fence, group, OperationKind::Assign, vec![]);
    if !given.is_empty() {
        operation.batches = vec![batch(&[asset], given)];
    }
    operation.waiting = waiting.iter().map(|holder| (asset, holder.clone())).collect();
    Fulfilment {
        at: NOW + 2000,
        by: "Ada".to_owned(),
        applied: Some(saved(db, group, save(asset, form(group))).await),
        operations: vec![operation],
        marks: vec![Mark {
            asset,
            assignment: NEW_ASSIGNMENT,
            holders: (0..gets + waits).collect(),
        }],
        holders,
        ..Fulfilment::default()
    }
}

pub async fn queued(db: &Db, fence: &Fence) -> Vec<AssetId> {
    let queued = db.assets_to_plan(&fence.location, NOW + DAY, 100).await.unwrap();
    queued.into_iter().map(|(asset, _)| asset).collect()
}

pub async fn all_planned(db: &Db, fence: &Fence) {
    let queued = db.assets_to_plan(&fence.location, NOW + DAY, 100).await.unwrap();
    db.planned(fence, &queued).await.unwrap();
}

#[test]
fn an_assignment_is_saved_changed_and_removed_with_its_plan() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let asset = synced(&db, &fence, &[(app(1), vec![])]).await[0];
        group(&raw, "g", 1, &["device-00"]).await;
        let first = Fulfilment {
            at: NOW,
            applied: Some(saved(&db, "p1", save(asset, form("g"))).await),
            ..Fulfilment::default()
        };
        db.fulfil(None, &first).await.unwrap();
        let stored = db.assignments_of(asset).await.unwrap();
        assert_eq!(stored.len(), 1);
        assert_eq!(
            (
                stored[0].group_name.as_deref(),
                stored[0].members_kind,
                stored[0].changed_at
            ),
            (Some("Group g"), GroupKind::Devices, NOW)
        );
        let applied = db.saved_plan(&"p1".into()).await.unwrap().unwrap().applied;
        assert_eq!(applied.unwrap().as_str(), "", "nothing was to be done at Apple");
        assert!(matches!(
            db.fulfil(None, &first).await,
            Err(StoreError::Taken(Code::PlanLapsed))
        ));

        let other = AssignmentForm {
            target: Target::Exclude,
            priority: Priority::High,
            shortage: Shortage::Fail,
            reserved: 7,
            settings: AssignmentSettings {
                vpn_profile: "profile".to_owned(),
                keep_licenses: true,
                ..AssignmentSettings::default()
            },
            ..form("g")
        };
        let second = Fulfilment {
            at: NOW + 5,
            applied: Some(saved(&db, "p2", save(asset, other.clone())).await),
            ..Fulfilment::default()
        };
        db.fulfil(None, &second).await.unwrap();
        let changed = db.assignments_of(asset).await.unwrap();
        assert_eq!(changed.len(), 1, "one group has one intent per asset");
        assert_eq!(
            (changed[0].number, changed[0].created_at),
            (stored[0].number, NOW)
        );
        assert_eq!(
            (
                changed[0].target,
                changed[0].priority,
                changed[0].shortage,
                changed[0].reserved
            ),
            (Target::Exclude, Priority::High, Shortage::Fail, 7)
        );
        assert_eq!(
            (&changed[0].settings, changed[0].changed_at),
            (&other.settings, NOW + 5)
        );

        let group = GroupId::from("g");
        let third = Fulfilment {
            at: NOW + 6,
            applied: Some(saved(&db, "p3", Change::Remove { asset, group }).await),
            ..Fulfilment::default()
        };
        db.fulfil(None, &third).await.unwrap();
        assert_eq!(db.assignments_of(asset).await.unwrap(), []);
    });
}

#[test]
fn the_lists_of_apps_say_to_how_many_groups_each_is_assigned() {
    on_each_raw(|db, raw| async move {
        let one = leased(&db, "A").await;
        let other = leased(&db, "B").await;
        let here = synced(&db, &one, &[(app(1), vec![]), (app(2), vec![])]).await;
        let there = synced(&db, &other, &[(app(1), vec![])]).await;
        let excluded = |group: &str| AssignmentForm {
            target: Target::Exclude,
            ..form(group)
        };
        // One group at both locations, one at one of them, one nowhere.
        let changes = [
            (here[0], form("g")),
            (there[0], form("g")),
            (there[0], form("h")),
            (here[0], excluded("i")),
            (here[1], excluded("g")),
        ];
        for id in ["g", "h", "i"] {
            group(&raw, id, 1, &["device-00"]).await;
        }
        for (number, (asset, form)) in changes.into_iter().enumerate() {
            let first = Fulfilment {
                at: NOW,
                applied: Some(saved(&db, &format!("p{number}"), save(asset, form)).await),
                ..Fulfilment::default()
            };
            db.fulfil(None, &first).await.unwrap();
        }
        let query = AssetQuery::default();
        let rows = db.asset_list(&query).await.unwrap().rows;
        let mut groups: Vec<_> = rows.iter().map(|row| (row.id, row.groups)).collect();
        groups.sort_unstable();
        assert_eq!(groups, [(here[0], 1), (here[1], 0), (there[0], 2)]);
        let rows = db.product_list(&query).await.unwrap().rows;
        let mut groups: Vec<_> = rows.iter().map(|row| (row.first, row.groups)).collect();
        groups.sort_unstable();
        assert_eq!(groups, [(here[0], 2), (here[1], 0)]);
    });
}

#[test]
fn a7_a_plan_has_lapsed_once_its_group_is_gone_or_the_assignments_are_others() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let asset = synced(&db, &fence, &[(app(1), vec![])]).await[0];
        add_devices(&db, 3).await;
        group(&raw, "g", 1, &["device-00"]).await;
        group(&raw, "h", 1, &["device-01"]).await;
        let lapsed = |result| matches!(result, Err(StoreError::Taken(Code::PlanLapsed)));
        let of_gone = assigned(&db, &fence, asset, "g", 1, 1).await;
        db.delete_group(&"g".into(), None, NOW).await.unwrap();
        assert!(lapsed(db.fulfil(None, &of_gone).await));
        assert_eq!(db.assignments_of(asset).await.unwrap(), []);

        // Two that were made at the same moment.
        let first = assigned(&db, &fence, asset, "h", 0, 2).await;
        let second = Fulfilment {
            applied: Some(saved(&db, "second", save(asset, form("h"))).await),
            operations: vec![operation(&fence, "second", OperationKind::Assign, Vec::new())],
            ..first.clone()
        };
        db.fulfil(None, &first).await.unwrap();
        assert!(lapsed(db.fulfil(None, &second).await));
        // And two changes of one that is there.
        let change = async |name: &str| Fulfilment {
            at: NOW + 9000,
            applied: Some(saved(&db, name, save(asset, form("h"))).await),
            ..Fulfilment::default()
        };
        let (third, fourth) = (change("third").await, change("fourth").await);
        db.fulfil(None, &third).await.unwrap();
        assert!(lapsed(db.fulfil(None, &fourth).await));
        let all = db.operation_list(&OperationQuery::default()).await.unwrap();
        assert_eq!(all.rows.len(), 1);
    });
}

#[test]
fn licences_are_marked_with_the_assignment_that_gives_them_and_counted() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let asset = synced(&db, &fence, &[(app(1), vec![])]).await[0];
        add_devices(&db, 14).await;
        group(&raw, "g", 1, &["device-00", "device-01"]).await;
        db.fulfil(None, &assigned(&db, &fence, asset, "g", 10, 3).await)
            .await
            .unwrap();
        let data = db.planning_data(&[asset], &[], None).await.unwrap();
        let own = &data.assets[0];
        let number = own.assignments[0].number;
        assert_eq!(own.device_licenses.len(), 13);
        assert!(
            own.device_licenses
                .iter()
                .all(|license| license.assignment == Some(number))
        );
        assert_eq!(own.requested, 10);
        let rows = db.assignment_rows(asset).await.unwrap();
        assert_eq!((rows[0].members, rows[0].licensed, rows[0].waiting), (2, 0, 3));
        assert_eq!(rows[0].created_by, "Ada");

        let waiting = walk(async |page| db.waiting_list(asset, &page).await).await;
        let places: Vec<_> = waiting
            .iter()
            .map(|row| (row.place, row.holder.clone()))
            .collect();
        assert_eq!(places, [(1, device(10)), (2, device(11)), (3, device(12))]);
        assert_eq!(waiting[0].group_name.as_deref(), Some("Group g"));
        assert_eq!(waiting[0].holder_name.as_deref(), Some("Device 10"));

        let batch = db.open_batches(&fence, NOW + DAY, 9).await.unwrap().remove(0);
        db.batch_sending(&fence, batch.id, NOW + 3000).await.unwrap();
        db.batch_sent(&fence, batch.id, "event", NOW + 3000)
            .await
            .unwrap();
        let done = (0..10).map(|number| (asset, device(number))).collect();
        let result = store::operations::BatchResult {
            done,
            ..Default::default()
        };
        db.end_batch(&fence, batch.id, &result, NOW + 4000).await.unwrap();
        let rows = db.assignment_rows(asset).await.unwrap();
        assert_eq!((rows[0].licensed, rows[0].waiting), (10, 3));
    });
}

#[test]
fn more_than_there_is_is_never_given() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let asset = synced(&db, &fence, &[(app(1), vec![])]).await[0];
        add_devices(&db, 12).await;
        group(&raw, "g", 1, &[]).await;
        let refused = db
            .fulfil(None, &assigned(&db, &fence, asset, "g", 11, 0).await)
            .await;
        assert!(
            matches!(refused, Err(StoreError::Taken(Code::PlanLapsed))),
            "{refused:?}"
        );
        assert_eq!(
            db.assignments_of(asset).await.unwrap(),
            [],
            "nothing of it is there"
        );
        assert_eq!(states(&db, asset).await, []);
    });
}

#[test]
fn whoever_leaves_the_waiting_list_or_fails_is_written_down() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let asset = synced(&db, &fence, &[(app(1), vec![])]).await[0];
        add_devices(&db, 14).await;
        group(&raw, "g", 1, &[]).await;
        db.fulfil(None, &assigned(&db, &fence, asset, "g", 10, 2).await)
            .await
            .unwrap();
        let number = db.assignments_of(asset).await.unwrap()[0].number;
        let after = Fulfilment {
            at: NOW + 9000,
            by: "Pomona".to_owned(),
            holders: vec![device(10), device(11), device(13)],
            leaves: vec![Leave {
                asset,
                reason: "Group g".to_owned(),
                holders: vec![0],
            }],
            fails: vec![Mark {
                asset,
                assignment: number,
                holders: vec![1, 2],
            }],
            ..Fulfilment::default()
        };
        db.fulfil(Some(&fence), &after).await.unwrap();
        let mut expected: Vec<_> = (0..10).map(|number| (device(number), Requested)).collect();
        expected.extend([(device(11), Failed), (device(13), Failed)]);
        assert_eq!(states(&db, asset).await, expected);
        let row = detail(&db, asset).await.row;
        assert_eq!(row.counts.waiting, 0);
        let ledger = walk(async |page| {
            db.ledger_list(&LedgerQuery {
                asset: Some(asset),
                page,
                ..LedgerQuery::default()
            })
            .await
        })
        .await;
        let said = |act| {
            ledger
                .iter()
                .filter(|line| line.act == act && line.actor == "Pomona")
                .count()
        };
        assert_eq!((said(Act::Withdrawn), said(Act::Failed)), (1, 2));
        let told = ledger.iter().filter(|line| line.actor == "Pomona");
        assert!(
            told.clone().all(|line| line.reason == "Group g"),
            "L2: with the reason"
        );
        let failed = LicenseQuery {
            state: Some(Failed),
            ..LicenseQuery::default()
        };
        let failed = db.license_list(&failed).await.unwrap().rows;
        let origins: Vec<_> = failed.into_iter().map(|row| row.origin).collect();
        let by = Origin::Assignment {
            group_name: "Group g".to_owned(),
        };
        assert_eq!(origins, [by.clone(), by], "L1: by which assignment");
        let rows = db.assignment_rows(asset).await.unwrap();
        assert_eq!((rows[0].waiting, rows[0].failed), (0, 2));
        let listed = crate::setup::licenses(&db).await.len();
        assert_eq!(listed, 12, "the total of the list is right too");
    });
}

/// A12: each gives of its own and draws from the other.
#[test]
fn two_locations_that_draw_from_each_other_do_not_wait_for_each_other_forever() {
    on_each_raw(|db, _| async move {
        let (a, b) = (leased(&db, "A").await, leased(&db, "B").await);
        let unlimited = |number| AppleAsset {
            unlimited: true,
            ..app(number)
        };
        let of_a = synced(&db, &a, &[(unlimited(1), vec![])]).await[0];
        let of_b = synced(&db, &b, &[(unlimited(2), vec![])]).await[0];
        let draw = |fence: &Fence, from: &Fence, asset, mark: u32| {
            let (db, fence, from) = (db.clone(), fence.clone(), from.clone());
            tokio::spawn(async move {
                for round in 0..40 {
                    let name = format!("{}-{round}", fence.location);
                    let drawn = vec![batch(&[asset], &[device(mark + round)])];
                    let fulfilment = Fulfilment {
                        at: NOW + HOUR,
                        operations: vec![operation(&from, &name, OperationKind::Assign, drawn)],
                        ..Fulfilment::default()
                    };
                    db.fulfil(Some(&fence), &fulfilment).await.unwrap();
                }
            })
        };
        let (one, other) = tokio::join!(draw(&a, &b, of_b, 0), draw(&b, &a, of_a, 100));
        one.unwrap();
        other.unwrap();
    });
}

#[test]
fn a_worker_that_lost_its_lease_writes_nothing() {
    on_each_raw(|db, _| async move {
        let fence = leased(&db, "A").await;
        db.release_lease(&fence).await.unwrap();
        let later = db
            .lease_next("other", NOW + 2 * HOUR, NOW + 3 * HOUR)
            .await
            .unwrap();
        assert!(later.is_some());
        let refused = db.fulfil(Some(&fence), &Fulfilment::default()).await;
        assert!(matches!(refused, Err(StoreError::Fenced)));
    });
}

#[test]
fn the_data_of_a_plan_are_positions_in_sorted_lists() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(
            &db,
            &fence,
            &[(app(1), vec![device(2), device(7)]), (app(2), vec![])],
        )
        .await;
        add_devices(&db, 6).await;
        for (id, key, account) in [("person-b", "bo", "bo@managed.example"), ("person-a", "åsa", "")] {
            raw.run(&format!(
                "INSERT INTO people (id, user_name, user_name_key, name, sort_name, email, managed_apple_account,
                     department, active, search, source, created_at, changed_at)
                 VALUES ('{id}', '{key}', '{key}', '{key}', '{key}', '', '{account}', '', true, '', 'manual', 0, 0)"
            ))
            .await;
        }
        raw.run(
            "UPDATE devices SET user_name_key = 'bo', enrolment = 'user', kiosk = true WHERE id = 'device-03';
             UPDATE devices SET user_name_key = 'åsa', store_blocked = true WHERE id = 'device-04'",
        )
        .await;
        group(&raw, "people", 0, &["person-b"]).await;
        group(&raw, "more", 1, &["device-04", "device-01"]).await;
        group(&raw, "unused", 1, &["device-05"]).await;
        let fulfilment = Fulfilment {
            at: NOW,
            applied: Some(saved(&db, "p", save(ids[0], form("people"))).await),
            errands: vec![
                (ids[0], "device-03".into(), Some(Errand::Install)),
                (ids[0], "device-02".into(), Some(Errand::Uninstall)),
            ],
            ..Fulfilment::default()
        };
        db.fulfil(None, &fulfilment).await.unwrap();
        db.ask(ids[0], &Asker::Device("device-03".into()), NOW)
            .await
            .unwrap();
        db.ask(ids[0], &Asker::Person("person-b".into()), NOW)
            .await
            .unwrap();
        db.ask(ids[0], &Asker::Device("device-03".into()), NOW + 1)
            .await
            .unwrap();

        let data = db.planning_data(&ids, &["more".into()], None).await.unwrap();
        let devices: Vec<_> = data.devices.iter().map(|device| device.id.as_str()).collect();
        assert_eq!(
            devices,
            ["device-01", "device-03", "device-04"],
            "only those concerned"
        );
        let people: Vec<_> = data.people.iter().map(|person| person.id.as_str()).collect();
        assert_eq!(
            people,
            ["person-a", "person-b"],
            "members, and primary users of devices"
        );
        assert_eq!(
            (data.people[0].managed_account, data.people[1].managed_account),
            (false, true)
        );
        assert_eq!((data.devices[0].owner, data.devices[1].owner), (None, Some(1)));
        assert!(data.devices[1].kiosk && data.devices[2].store_blocked);
        let groups: Vec<_> = data
            .groups
            .iter()
            .map(|(id, kind, members)| (id.as_str(), *kind, members.clone()))
            .collect();
        assert_eq!(
            groups,
            [
                ("more", GroupKind::Devices, vec![0, 2]),
                ("people", GroupKind::People, vec![1])
            ]
        );
        let own = &data.assets[0];
        assert_eq!(
            (&own.asked_devices, &own.asked_people),
            (&vec![(1, NOW + 1)], &vec![(1, NOW)])
        );
        assert_eq!(own.errands, [(1, Errand::Install)]);
        assert!(own.device_licenses.is_empty(), "device 2 is no part of it");
        assert!(data.assets[1].assignments.is_empty());

        let again = Fulfilment {
            at: NOW,
            errands: vec![
                (ids[0], "device-03".into(), None),
                (ids[0], "device-02".into(), Some(Errand::Install)),
            ],
            ..Fulfilment::default()
        };
        db.fulfil(None, &again).await.unwrap();
        raw.run("DELETE FROM asked WHERE member = 'device-03'").await;
        let data = db.planning_data(&ids, &[], None).await.unwrap();
        assert_eq!(data.assets[0].errands, []);
        assert!(data.assets[0].asked_devices.is_empty());
    });
}

#[test]
fn what_changes_a_plan_queues_its_asset_alone() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![]), (app(2), vec![])]).await;
        add_devices(&db, 14).await;
        group(&raw, "g", 1, &[]).await;
        assert!(queued(&db, &fence).await.is_empty());
        db.fulfil(None, &assigned(&db, &fence, ids[0], "g", 10, 2).await)
            .await
            .unwrap();
        assert_eq!(queued(&db, &fence).await, [ids[0]], "an assignment");
        let before = db.assets_to_plan(&fence.location, NOW, 9).await.unwrap();

        raw.run("INSERT INTO group_changes (group_id, at) VALUES ('g', 1), ('other', 1)")
            .await;
        assert!(db.queue_changed_groups().await.unwrap());
        assert!(!db.queue_changed_groups().await.unwrap());
        db.planned(&fence, &before).await.unwrap();
        assert_eq!(queued(&db, &fence).await, [ids[0]], "what came meanwhile stays");
        all_planned(&db, &fence).await;
        assert!(queued(&db, &fence).await.is_empty());

        db.ask(ids[1], &Asker::Device("device-01".into()), NOW)
            .await
            .unwrap();
        assert_eq!(queued(&db, &fence).await, [ids[1]], "somebody asked");
        all_planned(&db, &fence).await;

        for asset in [1, 2] {
            let bought = News::Count {
                key: app(asset).key,
                delta: 5,
            };
            let told = arrived(&db, &fence, bought, NOW + DAY + i64::from(asset)).await;
            db.apply_notifications(&fence, &[told], NOW, NOW + DAY)
                .await
                .unwrap();
        }
        assert_eq!(queued(&db, &fence).await, [ids[0]], "bought where somebody waits");
        db.plan_later(&fence, None, NOW + 2 * DAY).await.unwrap();
        assert!(queued(&db, &fence).await.is_empty());
    });
}

#[test]
fn a_location_with_something_to_plan_is_leased() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let asset = synced(&db, &fence, &[(app(1), vec![])]).await[0];
        db.check_later(&fence, NOW + 9 * DAY).await.unwrap();
        raw.run("UPDATE locations SET describe_at = NULL, next_sync_at = NULL")
            .await;
        db.release_lease(&fence).await.unwrap();
        assert!(db.lease_next("w", NOW, NOW + HOUR).await.unwrap().is_none());
        db.ask(asset, &Asker::Device("device".into()), NOW).await.unwrap();
        let fence = lease(&db, &fence.location, NOW).await;
        all_planned(&db, &fence).await;
        db.release_lease(&fence).await.unwrap();
        assert!(db.lease_next("w", NOW, NOW + HOUR).await.unwrap().is_none());
    });
}

#[test]
fn groups_are_found_by_name() {
    on_each_raw(|db, raw| async move {
        group(&raw, "b", 1, &["x"]).await;
        group(&raw, "a", 0, &[]).await;
        let found = db.group_choices("GROUP").await.unwrap();
        let ids: Vec<_> = found
            .iter()
            .map(|group| (group.id.as_str(), group.kind, group.members))
            .collect();
        assert_eq!(ids, [("a", GroupKind::People, 0), ("b", GroupKind::Devices, 1)]);
        assert!(db.group_choices("nothing").await.unwrap().is_empty());
        assert_eq!(
            db.group_choice(&"b".into()).await.unwrap().unwrap().name,
            "Group b"
        );
        assert_eq!(db.group_choice(&"c".into()).await.unwrap(), None);
    });
}

#[test]
fn whoever_keeps_the_licence_has_it_by_hand_when_the_assignment_goes() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let asset = synced(&db, &fence, &[(app(1), vec![])]).await[0];
        add_devices(&db, 4).await;
        group(&raw, "g", 1, &[]).await;
        let mut fulfilment = assigned(&db, &fence, asset, "g", 2, 0).await;
        if let Some(Applied {
            change: Change::Save { form, .. },
            ..
        }) = &mut fulfilment.applied
        {
            form.settings.keep_licenses = true;
        }
        db.fulfil(None, &fulfilment).await.unwrap();
        let removed = Fulfilment {
            at: NOW,
            applied: Some(
                saved(
                    &db,
                    "p",
                    Change::Remove {
                        asset,
                        group: "g".into(),
                    },
                )
                .await,
            ),
            ..Fulfilment::default()
        };
        db.fulfil(None, &removed).await.unwrap();
        let data = db.planning_data(&[asset], &[], None).await.unwrap();
        let marks: Vec<_> = data.assets[0]
            .device_licenses
            .iter()
            .map(|license| license.assignment)
            .collect();
        assert_eq!(marks, [None, None]);
    });
}

#[test]
fn assignments_go_with_their_token() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let asset = synced(&db, &fence, &[(app(1), vec![device(1)])]).await[0];
        group(&raw, "g", 1, &[]).await;
        let fulfilment = Fulfilment {
            at: NOW,
            applied: Some(saved(&db, "p", save(asset, form("g"))).await),
            ..Fulfilment::default()
        };
        db.fulfil(None, &fulfilment).await.unwrap();
        assert_eq!(states(&db, asset).await, [(device(1), Held)]);
        db.delete_token(&"token-A".into(), "Ada", NOW).await.unwrap();
        assert_eq!(db.assignments_of(asset).await.unwrap(), []);
    });
}

#[test]
fn a_group_is_not_deleted_while_something_is_assigned_to_it() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![]), (app(2), vec![])]).await;
        for id in ["g", "h"] {
            group(&raw, id, 1, &["device-00"]).await;
        }
        let apply = async |plan: &str, change: Change| {
            let fulfilment = Fulfilment {
                at: NOW,
                applied: Some(saved(&db, plan, change).await),
                ..Fulfilment::default()
            };
            db.fulfil(None, &fulfilment).await.unwrap();
        };
        apply("p1", save(ids[0], form("g"))).await;
        let uses = db.group_uses(&"g".into()).await.unwrap();
        assert_eq!(uses.iter().map(|one| one.asset).collect::<Vec<_>>(), [ids[0]]);
        assert_eq!(uses[0].location_name, "A");
        assert_eq!(db.group_uses(&"h".into()).await.unwrap(), []);
        let refused = db.delete_group(&"g".into(), None, NOW).await;
        assert!(matches!(refused, Err(StoreError::Refused(Code::GroupInUse))));
        db.delete_group(&"h".into(), None, NOW).await.unwrap();
        let remove = Change::Remove {
            asset: ids[0],
            group: "g".into(),
        };
        apply("p2", remove).await;
        db.delete_group(&"g".into(), None, NOW).await.unwrap();
        assert!(matches!(db.group(&"g".into()).await, Err(StoreError::NotFound)));
    });
}

#[test]
fn a12_what_is_on_its_way_or_kept_for_a_group_is_spoken_for() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let asset = synced(&db, &fence, &[(app(1), vec![])]).await[0];
        assert_eq!(db.spoken_for(asset).await.unwrap(), SpokenFor::default());
        add_devices(&db, 2).await;
        group(&raw, "kept", 1, &["device-00", "device-01"]).await;
        let mut fulfilment = assigned(&db, &fence, asset, "kept", 2, 0).await;
        let reserving = AssignmentForm {
            reserved: 5,
            ..form("kept")
        };
        fulfilment.applied = Some(saved(&db, "reserving", save(asset, reserving)).await);
        db.fulfil(None, &fulfilment).await.unwrap();
        // Two are on their way, which is what two of the five were kept for.
        let spoken_for = SpokenFor {
            requested: 2,
            kept: 3,
        };
        assert_eq!(db.spoken_for(asset).await.unwrap(), spoken_for);
    });
}

#[test]
fn a8_whoever_is_planned_by_hand_waits_in_the_order_of_the_list_and_others_by_their_ids() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let asset = synced(&db, &fence, &[(app(1), vec![])]).await[0];
        add_devices(&db, 14).await;
        let chosen = [9, 6, 8, 7].map(|number| (asset, device(number)));
        let by_hand = by_hand_without(&fence, chosen.to_vec());
        db.insert_operations(&[by_hand], None).await.unwrap();
        let line = async || {
            let waiting = walk(async |page| db.waiting_list(asset, &page).await).await;
            waiting.into_iter().map(|row| row.holder).collect::<Vec<_>>()
        };
        assert_eq!(line().await, [9, 6, 8, 7].map(device));
        group(&raw, "g", 1, &["device-10"]).await;
        db.fulfil(None, &assigned(&db, &fence, asset, "g", 3, 2).await)
            .await
            .unwrap();
        // The same priority and the same moment: those who have no turn come first.
        assert_eq!(line().await, [3, 4, 9, 6, 8, 7].map(device));
        let data = db
            .planning_data(&[asset], &["all_devices".into()], None)
            .await
            .unwrap();
        let turns: Vec<_> = data.assets[0]
            .device_licenses
            .iter()
            .filter(|license| license.turn != 0)
            .map(|license| license.turn)
            .collect();
        assert_eq!(turns.len(), 4, "theirs, and none of the group: {turns:?}");
    });
}

/// Chosen by hand, with no licence left.
fn by_hand_without(fence: &Fence, waiting: Vec<(AssetId, Holder)>) -> store::operations::NewOperation {
    store::operations::NewOperation {
        waiting,
        ..operation(fence, "by-hand", OperationKind::Assign, Vec::new())
    }
}
