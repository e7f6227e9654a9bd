use crate::{
    audit::line,
    plans::plan,
    setup::{
        HOUR, NOW, app, batch, device, devices, leased, named, on_each, on_each_raw, operation, states,
        synced,
    },
};
use contract::{
    Code, DeviceId, RequestId, Serial,
    activity::OperationKind,
    catalog::ProductType,
    checkin::{RequestQuery, RequestState},
    devices::DeviceForm,
    licenses::{Errand, Holder, LicenseState},
    users::AppleAccount,
};
use store::{
    Db, StoreError,
    assignments::Asker,
    audit::audited,
    checkin::{Answer, NewEnrolmentLink, NewRequest},
    devices::Import,
    import::{Line, Says},
    plans::Applies,
    users::NewUser,
};

async fn add_device(db: &Db, id: &str, number: u32) -> (DeviceId, Serial) {
    let serial = Serial::known(device(number).id());
    let form = DeviceForm {
        name: id.to_owned(),
        serial: serial.to_string(),
        ..DeviceForm::default()
    };
    let id = DeviceId::from(id);
    db.insert_device(&id, &form, NOW).await.unwrap();
    (id, serial)
}

fn link(hash: &[u8], device: &DeviceId) -> NewEnrolmentLink {
    NewEnrolmentLink {
        hash: hash.to_vec(),
        device: device.clone(),
        expires_at: NOW + HOUR,
    }
}

#[test]
fn p1_an_enrolment_link_is_good_once_and_until_it_expires() {
    on_each(|db| async move {
        let (id, _) = add_device(&db, "pad", 1).await;
        db.insert_enrolment_link(&link(b"first", &id)).await.unwrap();
        db.insert_enrolment_link(&link(b"second", &id)).await.unwrap();
        assert_eq!(db.enrolment_link(b"first", NOW).await.unwrap(), None, "replaced");
        assert_eq!(
            db.enrolment_link(b"second", NOW + HOUR).await.unwrap(),
            None,
            "expired"
        );
        assert_eq!(db.enrolment_link(b"second", NOW).await.unwrap(), Some(id.clone()));
        assert_eq!(db.use_enrolment_link(b"second", NOW).await.unwrap(), id);
        let again = db.use_enrolment_link(b"second", NOW).await;
        assert!(matches!(again, Err(StoreError::NotFound)));
        let stranger = db.insert_enrolment_link(&link(b"third", &"nobody".into())).await;
        assert!(matches!(stranger, Err(StoreError::NotFound)));
    });
}

#[test]
fn p1_what_ends_a_devices_sessions_ends_the_link_that_was_made_before() {
    on_each(|db| async move {
        let (id, serial) = add_device(&db, "pad", 1).await;
        let good = async || db.enrolment_link(b"link", NOW).await.unwrap().is_some();
        for end in 0..3 {
            db.insert_enrolment_link(&link(b"link", &id)).await.unwrap();
            assert!(good().await);
            match end {
                0 => db.end_device_sessions(&id).await.unwrap(),
                1 => db.set_left(&id, Some(NOW), NOW).await.unwrap(),
                _ => {
                    let form = DeviceForm {
                        name: "pad".into(),
                        serial: serial.to_string(),
                        user_name: "bo".into(),
                        ..DeviceForm::default()
                    };
                    let says = Says::Everything;
                    let lines = [Line {
                        number: 1,
                        id: id.clone(),
                        form,
                        says,
                    }];
                    db.import_device_lines(&lines, NOW, Import::Write).await.unwrap();
                }
            }
            assert!(!good().await, "{end}");
        }
    });
}

#[test]
fn p4_a_device_sees_its_own_licences_and_its_place_in_the_queue() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..2)), (app(2), vec![])]).await;
        db.describe_assets(
            &fence,
            &[(ids[0], Some(named("Maps"))), (ids[1], Some(named("Notes")))],
            NOW,
        )
        .await
        .unwrap();
        let (_, third) = add_device(&db, "third", 3).await;
        for (name, number, at) in [("one", 2, 1), ("two", 3, 2), ("three", 4, 3)] {
            let mut waits = operation(&fence, name, OperationKind::Assign, vec![]);
            waits.waiting = vec![(ids[0], device(number))];
            waits.created_at = NOW + at;
            db.insert_operations(&[waits], None).await.unwrap();
        }
        let own = db.own_licenses(&third).await.unwrap();
        let seen: Vec<_> = own
            .iter()
            .map(|own| (own.license.asset_name.as_str(), own.license.state, own.place))
            .collect();
        assert_eq!(seen, [("Maps", LicenseState::Waiting, Some((2, 3)))]);
        let first = Serial::known(device(0).id());
        let own = db.own_licenses(&first).await.unwrap();
        assert_eq!(own.len(), 1);
        assert_eq!((own[0].license.state, own[0].place), (LicenseState::Held, None));
        let free = db.apps_to_ask_for(&third, "", 9).await.unwrap();
        assert_eq!(
            free.iter().map(|app| app.id).collect::<Vec<_>>(),
            [ids[1]],
            "waits for the other"
        );
        assert!(db.apps_to_ask_for(&third, "maps", 9).await.unwrap().is_empty());
        assert_eq!(db.apps_to_ask_for(&third, "NOT", 9).await.unwrap().len(), 1);
    });
}

#[test]
fn r2_what_was_taken_back_is_told_until_it_is_given_again() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..2))]).await;
        let first = Serial::known(device(0).id());
        assert!(db.withdrawn(&first, NOW).await.unwrap().is_empty());
        db.correct_licenses(&fence, ids[0], &[device(1)], NOW + HOUR)
            .await
            .unwrap();
        let gone = db.withdrawn(&first, NOW).await.unwrap();
        assert_eq!(
            gone.iter().map(|app| (app.id, app.at)).collect::<Vec<_>>(),
            [(ids[0], NOW + HOUR)]
        );
        assert!(
            db.withdrawn(&first, NOW + 2 * HOUR).await.unwrap().is_empty(),
            "too long ago"
        );
        assert!(
            db.withdrawn(&Serial::known(device(1).id()), NOW)
                .await
                .unwrap()
                .is_empty()
        );
        db.correct_licenses(&fence, ids[0], &devices(0..2), NOW + 2 * HOUR)
            .await
            .unwrap();
        assert!(db.withdrawn(&first, NOW).await.unwrap().is_empty(), "there again");
    });
}

#[test]
fn p4_the_same_is_asked_for_once_and_answered_once() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![]), (app(2), vec![])]).await;
        let (pad, _) = add_device(&db, "pad", 1).await;
        let (phone, _) = add_device(&db, "phone", 2).await;
        let ask = |id: &str, device: &DeviceId, asset, at| NewRequest {
            id: RequestId::from(id),
            device: device.clone(),
            asset,
            reason: "drawing".to_owned(),
            made_at: NOW + at,
        };
        db.insert_request(&ask("a", &pad, ids[0], 1)).await.unwrap();
        let again = db.insert_request(&ask("b", &pad, ids[0], 2)).await;
        assert!(matches!(again, Err(StoreError::Taken(Code::RequestOpen))));
        db.insert_request(&ask("c", &phone, ids[0], 3)).await.unwrap();
        db.insert_request(&ask("d", &pad, ids[1], 4)).await.unwrap();
        let list = async |state| {
            let query = RequestQuery {
                state,
                ..RequestQuery::default()
            };
            let page = db.request_list(&query).await.unwrap();
            page.rows.into_iter().map(|row| row.id.0).collect::<Vec<_>>()
        };
        assert_eq!(list(RequestState::Open).await, ["a", "c", "d"], "oldest first");
        assert_eq!(db.badges(0).await.unwrap().open_requests, 3);
        let gone = async || db.request(&"c".into()).await.unwrap().unwrap().device_gone;
        assert!(!gone().await);
        db.set_left(&phone, Some(NOW), NOW).await.unwrap();
        assert!(gone().await, "the request stays, and says so");
        db.set_left(&phone, None, NOW).await.unwrap();
        let answer = |state, words: &str, at| Answer {
            state,
            by: "Ada".to_owned(),
            at: NOW + at,
            words: words.to_owned(),
            operation: None,
        };
        let no = answer(RequestState::Refused, "not this term", 5);
        assert!(db.answer_request(&"a".into(), &no).await.unwrap());
        let yes = answer(RequestState::Approved, "", 6);
        let (late, _) = audited(line(NOW), db.answer_request(&"a".into(), &yes)).await;
        assert!(!late.unwrap());
        assert!(db.audit(9).await.unwrap().is_empty(), "nothing was done");
        // Who comes second with a plan applies nothing.
        db.insert_plan(&plan("p")).await.unwrap();
        let given = operation(
            &fence,
            "given",
            OperationKind::Assign,
            vec![batch(&ids[..1], &devices(0..1))],
        );
        let given = [given];
        let yes = answer(RequestState::Approved, "", 7);
        let applies = Applies {
            plan: &"p".into(),
            shown: "",
        };
        let free = async || db.request(&"a".into()).await.unwrap().unwrap().free;
        assert_eq!(free().await, Some(10));
        let late = db.answer_with(&"a".into(), &yes, &given, applies).await;
        assert!(!late.unwrap());
        assert!(states(&db, ids[0]).await.is_empty());
        let first = db.answer_with(&"c".into(), &yes, &given, applies).await;
        assert!(first.unwrap());
        assert_eq!(states(&db, ids[0]).await, [(device(0), LicenseState::Requested)]);
        assert_eq!(free().await, Some(9), "one is on its way");
        assert!(db.answer_request(&"d".into(), &no).await.unwrap());
        assert!(list(RequestState::Open).await.is_empty());
        assert_eq!(list(RequestState::Refused).await, ["d", "a"], "newest first");
        let row = db.request(&"a".into()).await.unwrap().unwrap();
        assert_eq!(row.answered, Some(("Ada".to_owned(), NOW + 5)));
        let own = db.own_requests(&pad, 9).await.unwrap();
        assert_eq!(own.len(), 2, "nothing of the phone's");
        assert_eq!(own[1].answer, "not this term");
        // What was refused may be asked for again.
        db.insert_request(&ask("e", &pad, ids[0], 7)).await.unwrap();
    });
}

#[test]
fn a_persons_licences_and_offers_are_on_the_persons_own_device_and_not_on_a_shared_one() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let mut book = app(2);
        book.product = ProductType::Book;
        book.device_assignable = false;
        let ids = synced(&db, &fence, &[(app(1), vec![]), (book, vec![])]).await;
        crate::people::add(&db, "anna", "Anna").await;
        let (own, serial) = add_device(&db, "own", 1).await;
        let (shared, shared_serial) = add_device(&db, "shared", 2).await;
        raw.run("UPDATE devices SET user_name_key = 'anna'; UPDATE devices SET enrolment = 'shared' WHERE name = 'shared'")
            .await;
        let user = NewUser {
            person: "anna".into(),
            client_user_id: "id-anna".into(),
            account: AppleAccount::Invited,
        };
        db.add_user(&fence.location, &user, NOW).await.unwrap();
        let mut waits = operation(&fence, "one", OperationKind::Assign, vec![]);
        waits.waiting = vec![(ids[0], Holder::User("id-anna".into()))];
        db.insert_operations(&[waits], None).await.unwrap();
        raw.run(&format!(
            "INSERT INTO assignments (asset, group_id, intent, kind, settings, priority, shortage, reserved, created_at,
                 created_by, changed_at)
             VALUES ({}, 'all_people', 1, 1, '{{}}', 1, 0, 0, 0, 'Ada', 0)",
            ids[1]
        ))
        .await;
        let person = db.device_person(&own).await.unwrap();
        assert_eq!(person, Some("anna".into()));
        let licenses = db.own_licenses(&serial).await.unwrap();
        let seen: Vec<_> = licenses
            .iter()
            .map(|own| (own.license.asset, own.license.state))
            .collect();
        assert_eq!(seen, [(ids[0], LicenseState::Waiting)]);
        assert_eq!(licenses[0].license.person, Some("anna".into()));
        // H2: the help desk sees the same.
        let facts = db.device_licenses(&serial, 9).await.unwrap();
        assert_eq!(facts.len(), 1);
        assert_eq!(facts[0].license.holder, Holder::User("id-anna".into()));
        assert!(db.device_licenses(&shared_serial, 9).await.unwrap().is_empty());
        raw.run(&format!(
            "INSERT INTO errands (asset, device, errand, since) VALUES ({}, '{own}', 0, 0)",
            ids[0]
        ))
        .await;
        let errands = db.device_errands(&serial).await.unwrap();
        let errands: Vec<_> = errands.iter().map(|one| (one.asset, one.errand)).collect();
        assert_eq!(errands, [(ids[0], Errand::Install)]);
        assert!(db.device_errands(&shared_serial).await.unwrap().is_empty());
        let offered = db.assigned_apps(&own).await.unwrap();
        let offered: Vec<_> = offered
            .iter()
            .map(|one| (one.app.id, one.book, one.asked))
            .collect();
        assert_eq!(offered, [(ids[1], true, false)]);
        db.ask(ids[1], &Asker::Person("anna".into()), NOW).await.unwrap();
        assert!(db.assigned_apps(&own).await.unwrap()[0].asked);

        assert_eq!(db.device_person(&shared).await.unwrap(), None);
        assert!(db.own_licenses(&shared_serial).await.unwrap().is_empty());
        assert!(db.assigned_apps(&shared).await.unwrap().is_empty());
    });
}
