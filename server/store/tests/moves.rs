use crate::setup::{HOUR, NOW, Raw, app, batch, device, devices, leased, on_each_raw, operation, synced};
use contract::{
    AccountId, AssetId, Code, MoveId, Serial,
    activity::OperationKind,
    assignments::LicenseKind,
    devices::DeviceForm,
    licenses::{Holder, LicenseState},
    moves::{MoveState, Stay},
    reclaim::{OrphanKind, OrphanQuery},
};
use store::{
    Db, StoreError,
    checks::Doubt,
    devices::Import,
    locations::Fence,
    mails::NewMail,
    moves::{MovePerson, MoveStep, Moving, NewMove},
    operations::NewOperation,
};

fn user(name: &str) -> Holder {
    Holder::User(format!("user-{name}"))
}

/// Anna has devices 0 and 1, Bo device 2, Cleo none; each has a user licence, and so has somebody unknown.
async fn people(db: &Db, raw: &Raw, fence: &Fence) -> AssetId {
    let holders = ["anna", "bo", "cleo", "nobody"].map(user).to_vec();
    let asset = synced(db, fence, &[(app(1), holders)]).await[0];
    let yes = if matches!(raw, Raw::Sqlite(_)) {
        "1"
    } else {
        "true"
    };
    for (name, sort) in [("anna", "b"), ("bo", "a"), ("cleo", "c")] {
        raw.run(&format!(
            "INSERT INTO people (id, user_name, user_name_key, name, sort_name, email, managed_apple_account,
                 department, active, search, source, created_at, changed_at)
             VALUES ('{name}', '{name}', '{name}', '{name}', '{sort}', '{name}@skola.example', '', '', {yes}, '',
                 'manual', 0, 0);
             INSERT INTO vpp_users (location, person, account, client_user_id, email, managed, status, created_at,
                 changed_at)
             VALUES ('{}', '{name}', 0, 'user-{name}', '', '', 2, 0, 0)",
            fence.location
        ))
        .await;
    }
    let owners = ["anna", "anna", "bo"];
    let rows: Vec<_> = (0..3)
        .map(|number| {
            let form = DeviceForm {
                name: format!("Device {number}"),
                serial: device(number).id().to_owned(),
                user_name: owners[number as usize].to_owned(),
                ..DeviceForm::default()
            };
            (format!("device-{number:02}").as_str().into(), form)
        })
        .collect();
    db.import_devices(&rows, NOW, Import::Write).await.unwrap();
    asset
}

fn new(asset: AssetId, holders: &[&str]) -> NewMove {
    NewMove {
        id: MoveId::from(format!("move-{}", holders.join("-"))),
        asset,
        pace: 5,
        account: AccountId::from("account-1"),
        by: "Ada".to_owned(),
        reason: "migration".to_owned(),
        created_at: NOW,
        holders: holders.iter().map(|name| format!("user-{name}")).collect(),
    }
}

fn shape(people: &[MovePerson]) -> Vec<(&str, bool, usize)> {
    let shape = people
        .iter()
        .map(|person| (person.holder.as_str(), person.known, person.devices.len()));
    shape.collect()
}

#[test]
fn a10_people_come_with_their_devices_and_in_the_order_asked_for() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let asset = people(&db, &raw, &fence).await;
        let all = db.user_holders(asset).await.unwrap();
        assert_eq!(
            shape(&all),
            [
                ("user-bo", true, 1),
                ("user-anna", true, 2),
                ("user-cleo", true, 0),
                ("user-nobody", false, 0)
            ]
        );
        assert!(all.iter().all(|person| person.user == Some(LicenseState::Held)));
        db.set_left(&"device-02".into(), Some(NOW), NOW).await.unwrap();
        assert_eq!(
            shape(&db.user_holders(asset).await.unwrap())[0],
            ("user-bo", true, 0)
        );
        db.set_left(&"device-02".into(), None, NOW).await.unwrap();

        let first = NewMove {
            // PostgreSQL stores no text with a NUL.
            reason: "migration\0".to_owned(),
            ..new(asset, &["anna", "bo"])
        };
        db.insert_move(&first).await.unwrap();
        let twice = db.insert_move(&new(asset, &["cleo"])).await;
        assert!(matches!(twice, Err(StoreError::Taken(Code::MoveUnderWay))));
        let running = db.running_moves(&fence.location, NOW).await.unwrap();
        assert_eq!((running.len(), running[0].asset, running[0].pace), (1, asset, 5));
        let number = running[0].number;
        let come = db.move_people(number, 10).await.unwrap();
        assert_eq!(shape(&come), [("user-anna", true, 2), ("user-bo", true, 1)]);
        assert_eq!(
            shape(&db.move_people(number, 1).await.unwrap()),
            [("user-anna", true, 2)]
        );
        assert_eq!(db.free_to_give(asset).await.unwrap(), Some(6));

        let step = MoveStep {
            number,
            operations: vec![operation(
                &fence,
                "give",
                OperationKind::Assign,
                vec![batch(&[asset], &devices(0..2))],
            )],
            given: Vec::new(),
            states: vec![
                ("user-anna".to_owned(), Moving::Assigning),
                ("user-bo".to_owned(), Moving::Stays(Stay::Refused)),
            ],
        };
        db.write_move_step(&fence, &step).await.unwrap();
        assert_eq!(db.free_to_give(asset).await.unwrap(), Some(4));
        let left = db.move_people(number, 10).await.unwrap();
        assert_eq!((left.len(), left[0].moving), (1, Moving::Assigning));
        let requested = left[0]
            .devices
            .iter()
            .filter(|own| own.state == Some(LicenseState::Requested));
        assert_eq!(requested.count(), 2);
        let view = db.newest_move(asset).await.unwrap().unwrap();
        assert_eq!((view.to_come, view.under_way, view.done), (0, 1, 0));
        assert_eq!(view.stays, [(Stay::Refused, 1)]);
    });
}

#[test]
fn a10_a_stopped_move_finishes_whom_it_began_and_its_end_turns_the_assignment() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let asset = people(&db, &raw, &fence).await;
        raw.run(&format!(
            "INSERT INTO groups (id, name, sort_name, kind, source, created_at, changed_at)
                 VALUES ('g', 'G', 'g', 0, 'manual', 0, 0);
             INSERT INTO assignments (asset, group_id, intent, kind, settings, priority, shortage, reserved,
                 created_at, created_by, changed_at) VALUES ({asset}, 'g', 0, 1, '{{}}', 1, 0, 0, 0, '', 0);
             UPDATE licenses SET assignment = (SELECT number FROM assignments), operation = 1 WHERE kind = 1"
        ))
        .await;
        let kind = async || {
            let all = db.assignments_of(asset).await.unwrap();
            all[0].target
        };
        let user = contract::assignments::Target::Include {
            intent: contract::assignments::Intent::Required,
            kind: LicenseKind::User,
        };
        let id = new(asset, &["anna", "bo"]).id;
        db.insert_move(&new(asset, &["anna", "bo"])).await.unwrap();
        let number = db.running_moves(&fence.location, NOW).await.unwrap()[0].number;
        assert_eq!(
            db.set_move_state(&id, MoveState::Stopped, NOW).await.unwrap(),
            asset
        );
        assert!(db.running_moves(&fence.location, NOW).await.unwrap().is_empty());
        let step = |states| MoveStep {
            number,
            operations: Vec::new(),
            given: Vec::new(),
            states,
        };
        let began = step(vec![("user-anna".to_owned(), Moving::Releasing)]);
        db.write_move_step(&fence, &began).await.unwrap();
        assert_eq!(
            db.running_moves(&fence.location, NOW).await.unwrap().len(),
            1,
            "anna is on the way"
        );
        // What devices get in place of a user licence is its assignment's at once.
        let give = batch(&[asset], &devices(0..3));
        let serial = |number| Serial::known(device(number).id().to_owned());
        let gives = MoveStep {
            operations: vec![operation(&fence, "give", OperationKind::Assign, vec![give])],
            given: vec![
                (serial(0), "user-anna".to_owned()),
                (serial(1), "user-anna".to_owned()),
                (serial(2), "user-bo".to_owned()),
            ],
            ..step(Vec::new())
        };
        db.write_move_step(&fence, &gives).await.unwrap();
        let marked = async || {
            let data = db.planning_data(&[asset], &["g".into()], None).await.unwrap();
            let licenses = data.assets[0].device_licenses.iter();
            licenses.filter(|own| own.assignment.is_some()).count()
        };
        assert_eq!(marked().await, 3);
        let done = ["anna", "bo"]
            .map(|name| (format!("user-{name}"), Moving::Done))
            .to_vec();
        db.write_move_step(&fence, &step(done)).await.unwrap();
        assert_eq!(db.move_people(number, 10).await.unwrap(), []);
        assert_eq!(kind().await, user);
        db.end_move(&fence, number, NOW).await.unwrap();
        assert_eq!(kind().await, user, "cleo still has a user licence");
        let migrated = async || {
            let data = db
                .planning_data(&[asset], &["all_people".into()], None)
                .await
                .unwrap();
            let moved = data.assets[0].moved_people.iter();
            let moved = moved.map(|at| data.people[*at as usize].id.as_str().to_owned());
            moved.collect::<Vec<_>>()
        };
        assert_eq!(migrated().await, ["anna"], "bo had none to be migrated");
        raw.run(&format!("UPDATE assignments SET created_at = {}", NOW + 1))
            .await;
        assert!(
            migrated().await.is_empty(),
            "what is assigned afterwards is another decision"
        );
        raw.run("DELETE FROM licenses WHERE kind = 1").await;
        db.end_move(&fence, number, NOW + HOUR).await.unwrap();
        let view = db.newest_move(asset).await.unwrap().unwrap();
        assert_eq!(
            (view.state, view.ended_at, view.done),
            (MoveState::Done, Some(NOW + HOUR), 2)
        );
        assert_ne!(kind().await, user, "devices from now on");
        let rows = db.assignment_rows(asset).await.unwrap();
        assert_eq!((rows.len(), marked().await), (1, 3));
        let gone = db.set_move_state(&id, MoveState::Running, NOW).await;
        assert!(matches!(gone, Err(StoreError::Refused(Code::ChangedMeanwhile))));
    });
}

#[test]
fn a10_of_two_who_begin_at_once_one_does() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let asset = people(&db, &raw, &fence).await;
        let names = ["anna", "bo", "cleo"];
        let begun = names.map(|name| {
            let db = db.clone();
            tokio::spawn(async move { db.insert_move(&new(asset, &[name])).await })
        });
        let begun = futures::future::try_join_all(begun).await.unwrap();
        assert_eq!(
            begun.iter().filter(|result| result.is_ok()).count(),
            1,
            "{begun:?}"
        );
        assert!(
            begun
                .iter()
                .all(|result| matches!(result, Ok(()) | Err(StoreError::Taken(Code::MoveUnderWay))))
        );
        assert_eq!(db.running_moves(&fence.location, NOW).await.unwrap().len(), 1);
    });
}

/// The assignments of the licences that devices have, device by device.
async fn assignments_of_devices(db: &Db, asset: AssetId) -> Vec<Option<i64>> {
    let data = db
        .planning_data(&[asset], &["all_devices".into()], None)
        .await
        .unwrap();
    let licenses = data.assets[0].device_licenses.iter();
    licenses.map(|license| license.assignment).collect()
}

#[test]
fn a10_what_a_move_gave_before_an_upgrade_is_the_users_assignments_afterwards() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let asset = people(&db, &raw, &fence).await;
        raw.run("UPDATE licenses SET assignment = 7 WHERE kind = 1").await;
        db.insert_move(&new(asset, &["anna"])).await.unwrap();
        raw.run("UPDATE move_people SET state = 1").await;
        let by_hand = batch(&[asset], &devices(0..1));
        let by_hand = operation(&fence, "by-hand", OperationKind::Assign, vec![by_hand]);
        let moved = NewOperation {
            reason: "migration".to_owned(),
            ..operation(
                &fence,
                "moved",
                OperationKind::Assign,
                vec![batch(&[asset], &devices(1..2))],
            )
        };
        db.insert_operations(&[by_hand, moved], None).await.unwrap();
        raw.run(match raw {
            Raw::Sqlite(_) => include_str!("../migrations/sqlite/0027_moved.sql"),
            Raw::Postgres(_) => include_str!("../migrations/postgres/0027_moved.sql"),
        })
        .await;
        assert_eq!(assignments_of_devices(&db, asset).await, [None, Some(7)]);
    });
}

#[test]
fn a10_what_somebody_gave_by_hand_at_the_same_moment_stays_by_hand() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let asset = people(&db, &raw, &fence).await;
        raw.run("UPDATE licenses SET assignment = 7 WHERE kind = 1").await;
        db.insert_move(&new(asset, &["anna"])).await.unwrap();
        let number = db.running_moves(&fence.location, NOW).await.unwrap()[0].number;
        let by_hand = batch(&[asset], &devices(0..1));
        db.insert_operations(
            &[operation(&fence, "by-hand", OperationKind::Assign, vec![by_hand])],
            None,
        )
        .await
        .unwrap();
        let serial = |number| Serial::known(device(number).id().to_owned());
        let give = batch(&[asset], &devices(0..2));
        let step = MoveStep {
            number,
            operations: vec![operation(&fence, "give", OperationKind::Assign, vec![give])],
            given: [0, 1].map(|at| (serial(at), "user-anna".to_owned())).to_vec(),
            states: Vec::new(),
        };
        db.write_move_step(&fence, &step).await.unwrap();
        assert_eq!(assignments_of_devices(&db, asset).await, [None, Some(7)]);
    });
}

#[test]
fn a10_a_stopped_move_can_be_given_up_and_another_one_begun() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let asset = people(&db, &raw, &fence).await;
        let first = new(asset, &["anna", "bo"]);
        db.insert_move(&first).await.unwrap();
        let one = db.running_moves(&fence.location, NOW).await.unwrap().remove(0);
        let step = |moving| MoveStep {
            number: one.number,
            operations: Vec::new(),
            given: Vec::new(),
            states: vec![("user-anna".to_owned(), moving)],
        };
        let refused = |result| matches!(result, Err(StoreError::Refused(Code::ChangedMeanwhile)));
        assert!(refused(db.give_move_up(&first.id, NOW).await), "it runs");
        db.write_move_step(&fence, &step(Moving::Assigning))
            .await
            .unwrap();
        db.set_move_state(&first.id, MoveState::Stopped, NOW)
            .await
            .unwrap();
        assert!(
            refused(db.give_move_up(&first.id, NOW).await),
            "anna is on the way"
        );
        db.write_move_step(&fence, &step(Moving::Done)).await.unwrap();
        assert_eq!(db.give_move_up(&first.id, NOW).await.unwrap(), asset);
        let view = db.newest_move(asset).await.unwrap().unwrap();
        assert_eq!(
            (view.state, view.to_come, view.ended_at),
            (MoveState::Done, 1, Some(NOW))
        );
        let late = db.write_move_step(&fence, &step(Moving::Assigning)).await;
        assert!(
            matches!(late, Err(StoreError::Taken(Code::PlanLapsed))),
            "nobody is begun"
        );
        db.insert_move(&new(asset, &["bo"])).await.unwrap();
    });
}

#[test]
fn a10_a_step_leaves_what_is_reserved_and_lapses_where_too_few_are_left() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let asset = people(&db, &raw, &fence).await;
        db.insert_move(&new(asset, &["anna"])).await.unwrap();
        let number = db.running_moves(&fence.location, NOW).await.unwrap()[0].number;
        assert_eq!(db.free_to_give(asset).await.unwrap(), Some(6));
        raw.run(&format!(
            "INSERT INTO assignments (asset, group_id, intent, kind, settings, priority, shortage, reserved,
                 created_at, created_by, changed_at) VALUES ({asset}, 'all_devices', 0, 0, '{{}}', 1, 0, 4, 0, '', 0)"
        ))
        .await;
        assert_eq!(
            db.free_to_give(asset).await.unwrap(),
            Some(2),
            "kept for the group"
        );
        raw.run("UPDATE assets SET available = 1").await;
        let give = batch(&[asset], &devices(0..2));
        let step = MoveStep {
            number,
            operations: vec![operation(&fence, "give", OperationKind::Assign, vec![give])],
            given: Vec::new(),
            states: vec![("user-anna".to_owned(), Moving::Assigning)],
        };
        let lapsed = db.write_move_step(&fence, &step).await;
        assert!(matches!(lapsed, Err(StoreError::Taken(Code::PlanLapsed))));
        let left = db.move_people(number, 9).await.unwrap();
        assert_eq!(left[0].moving, Moving::ToCome);
    });
}

#[test]
fn a10_a_move_rests_while_counts_are_in_doubt_or_apple_is_asked_later() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let asset = people(&db, &raw, &fence).await;
        db.insert_move(&new(asset, &["anna"])).await.unwrap();
        let running = async |at| db.running_moves(&fence.location, at).await.unwrap().len();
        assert_eq!(running(NOW).await, 1);
        let doubt = Doubt {
            key: app(1).key,
            holders: false,
        };
        db.add_doubts(&fence, &[doubt], NOW).await.unwrap();
        assert_eq!(running(NOW).await, 0);
        db.drop_doubt(&fence, &app(1).key).await.unwrap();
        raw.run(&format!(
            "INSERT INTO plan_queue (asset, stamp, not_before) VALUES ({asset}, 1, {})",
            NOW + HOUR
        ))
        .await;
        assert_eq!((running(NOW).await, running(NOW + HOUR).await), (0, 1));
    });
}

#[test]
fn l3_users_that_nobody_goes_by_and_licences_of_both_kinds_are_found() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let asset = people(&db, &raw, &fence).await;
        raw.run(&format!(
            "INSERT INTO licenses (asset, holder, kind, state, since) VALUES ({asset}, '{}', 0, 2, 0)",
            device(1).id()
        ))
        .await;
        let orphans = db.find_orphans(&fence.location, 100).await.unwrap();
        db.write_reclaims(&fence, &[], &orphans, NOW, NOW).await.unwrap();
        let rows = db.orphan_list(&OrphanQuery::default()).await.unwrap().rows;
        let mut found: Vec<_> = rows.into_iter().map(|row| (row.holder, row.why)).collect();
        found.sort();
        assert_eq!(
            found,
            [
                (user("anna"), OrphanKind::BothKinds),
                (user("nobody"), OrphanKind::UnknownUser)
            ]
        );
    });
}

#[test]
fn r5_a_stretch_of_the_ledger_is_told_once() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let asset = people(&db, &raw, &fence).await;
        assert_eq!(
            db.withdrawals(0, NOW).await.unwrap(),
            None,
            "begins with what comes"
        );
        let lose = async |holder: &Holder, at: i64| {
            let kind = i64::from(matches!(holder, Holder::User(_)));
            raw.run(&format!(
                "DELETE FROM licenses WHERE asset = {asset} AND holder = '{0}';
                 INSERT INTO ledger (at, act, asset, holder, kind) VALUES ({at}, 6, {asset}, '{0}', {kind})",
                holder.id()
            ))
            .await;
        };
        lose(&device(0), NOW).await;
        lose(&user("bo"), NOW).await;
        lose(&user("nobody"), NOW).await;
        lose(&user("cleo"), NOW + HOUR).await;
        let telling = db.withdrawals(0, NOW).await.unwrap().unwrap();
        let told: Vec<_> = telling
            .withdrawals
            .iter()
            .map(|one| (one.person.as_str(), one.device.as_deref()))
            .collect();
        assert_eq!(
            told,
            [("anna", Some("Device 0")), ("bo", None)],
            "cleo's is too new"
        );
        let mail = NewMail {
            id: "mail".to_owned(),
            about: "withdrawn/anna".to_owned(),
            recipient: "anna@skola.example".to_owned(),
            subject: "Apps".to_owned(),
            body: "Keynote".to_owned(),
        };
        assert!(
            db.tell_withdrawals(&telling, std::slice::from_ref(&mail), NOW)
                .await
                .unwrap()
        );
        assert!(
            !db.tell_withdrawals(&telling, &[mail], NOW).await.unwrap(),
            "somebody else was quicker"
        );
        assert_eq!(db.withdrawals(0, NOW).await.unwrap(), None);
        let taken = db.take_mail("me", NOW, NOW + HOUR).await.unwrap().unwrap();
        assert_eq!(taken.recipient, "anna@skola.example");
        assert!(db.take_mail("me", NOW, NOW + HOUR).await.unwrap().is_none());
        // What is too old is passed over.
        let late = db
            .withdrawals(NOW + 2 * HOUR, NOW + 2 * HOUR)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(late.withdrawals, []);
        // Whoever has it again, or by a device, is not told.
        raw.run(&format!(
            "INSERT INTO licenses (asset, holder, kind, state, since) VALUES ({asset}, '{}', 0, 2, 0)",
            device(2).id()
        ))
        .await;
        lose(&user("bo"), NOW + HOUR).await;
        let next = db.withdrawals(0, NOW + HOUR).await.unwrap().unwrap();
        assert_eq!(
            next.withdrawals
                .iter()
                .map(|one| one.person.as_str())
                .collect::<Vec<_>>(),
            ["cleo"]
        );
    });
}
