use crate::setup::{
    DAY, HOUR, NOW, app, batch, device, devices, leased, named, on_each, operation, pairs, synced, token,
};
use contract::{
    AppleError, Code, Fault, Serial, UnixMillis,
    activity::{OperationKind, OperationState},
    devices::DeviceForm,
    licenses::{LicenseQuery, LicenseState},
    tokens::TokenState,
};
use store::{Db, devices::Import, locations::Fence, operations::BatchResult};

fn form(name: &str, serial: &str) -> DeviceForm {
    DeviceForm {
        name: name.to_owned(),
        serial: serial.to_owned(),
        ..DeviceForm::default()
    }
}

/// Apple refuses every pair of the first open batch with this number.
async fn refuse(db: &Db, fence: &Fence, number: u32, now: UnixMillis) {
    let open = db.open_batches(fence, now, 9).await.unwrap();
    let error = AppleError {
        number,
        message: "no".to_owned(),
    };
    let assets: Vec<_> = open[0].assets.iter().map(|(id, _)| *id).collect();
    let failed = pairs(&batch(&assets, &open[0].holders))
        .into_iter()
        .map(|pair| (pair, error.clone()))
        .collect();
    let result = BatchResult {
        failed,
        ..BatchResult::default()
    };
    db.end_batch(fence, open[0].id, &result, now).await.unwrap();
}

#[test]
fn h2_devices_are_found_by_the_beginning_of_serial_or_name() {
    on_each(|db| async move {
        let lines: Vec<_> = [
            ("Åre lab 1", "C02Y402HLCM6"),
            ("åre lab 2", "F02Y402HLCM7"),
            ("Berg", "C02Y402HLCM8"),
            ("c02", "X02Y402HLCM9"),
        ]
        .iter()
        .map(|(name, serial)| ((*serial).into(), form(name, serial)))
        .collect();
        db.import_devices(&lines, NOW, Import::Write).await.unwrap();
        for (text, limit, expected) in [
            ("ÅRE", 9, &["Åre lab 1", "åre lab 2"][..]),
            ("åre lab 2", 9, &["åre lab 2"]),
            ("c02", 9, &["Berg", "c02", "Åre lab 1"]),
            ("C02Y402hlcm8", 9, &["Berg"]),
            ("lab", 9, &[]),
            ("%", 9, &[]),
            ("åre", 1, &["Åre lab 1"]),
            ("\u{10ffff}", 9, &[]),
        ] {
            let found = db.devices_beginning(text, limit).await.unwrap();
            let names: Vec<_> = found.iter().map(|row| row.name.as_str()).collect();
            assert_eq!(names, expected, "{text}");
        }
        let exact = async |serial| db.device_by_serial(&Serial::known(serial)).await.unwrap();
        assert_eq!(exact("C02Y402HLCM8").await.unwrap().name, "Berg");
        assert_eq!(exact("C02Y402HLCM").await, None);
    });
}

#[test]
fn h2_apps_are_found_by_name_bundle_id_and_adam_id() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(
            &db,
            &fence,
            &[(app(1), vec![]), (app(2), vec![]), (app(3), vec![])],
        )
        .await;
        let described = [
            (ids[0], Some(named("Maps"))),
            (ids[1], Some(named("Mapper"))),
            (ids[2], Some(named("Émile"))),
        ];
        db.describe_assets(&fence, &described, NOW).await.unwrap();
        for (text, expected) in [
            ("MAP", &["Mapper", "Maps"][..]),
            ("émi", &["Émile"]),
            ("COM.example.mapp", &["Mapper"]),
            ("com.example.maps", &["Maps"]),
            ("400000003", &["Émile"]),
            ("40000000", &[]),
            ("aps", &[]),
        ] {
            let found = db.assets_beginning(text, 9).await.unwrap();
            let names: Vec<_> = found.iter().map(|row| row.name.as_str()).collect();
            assert_eq!(names, expected, "{text}");
        }
        assert_eq!(db.assets_beginning("map", 1).await.unwrap().len(), 1);
        // What a sync has not published yet is not shown.
        let other = leased(&db, "B").await;
        db.begin_sync(&other, NOW).await.unwrap();
        db.insert_assets(&other, &[app(4)], NOW).await.unwrap();
        assert!(db.assets_beginning("400000004", 9).await.unwrap().is_empty());
    });
}

#[test]
fn h2_a_devices_licences_come_with_what_explains_them_the_worst_first() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let mut full = app(5);
        full.total = 3;
        let assets = [
            (app(1), devices(0..2)),
            (app(2), vec![]),
            (app(3), vec![]),
            (app(4), devices(0..1)),
            (full, devices(1..4)),
        ];
        let ids = synced(&db, &fence, &assets).await;
        let assign = |name, asset: usize| {
            let holders = devices(0..1);
            operation(
                &fence,
                name,
                OperationKind::Assign,
                vec![batch(&ids[asset..=asset], &holders)],
            )
        };
        db.insert_operations(&[assign("refused", 1)], None).await.unwrap();
        refuse(&db, &fence, 9709, NOW + HOUR).await;
        let mut waits = assign("waits", 2);
        waits.batches.clear();
        waits.waiting = vec![(ids[4], device(0))];
        let revoke = operation(
            &fence,
            "revoke",
            OperationKind::Revoke,
            vec![batch(&ids[3..4], &devices(0..1))],
        );
        db.insert_operations(&[assign("stalled", 2), waits, revoke], None)
            .await
            .unwrap();
        let fault = Fault::new(Code::AppleFailing);
        db.halt_operation(&fence, &"stalled".into(), OperationState::Stalled, &fault)
            .await
            .unwrap();
        let serial = Serial::known(device(0).id());
        let facts = db.device_licenses(&serial, 9).await.unwrap();
        let states: Vec<_> = facts
            .iter()
            .map(|facts| (facts.license.asset, facts.license.state))
            .collect();
        assert_eq!(
            states,
            [
                (ids[1], LicenseState::Failed),
                (ids[4], LicenseState::Waiting),
                (ids[2], LicenseState::Requested),
                (ids[3], LicenseState::Releasing),
                (ids[0], LicenseState::Held),
            ]
        );
        assert_eq!(facts[0].license.error.as_ref().unwrap().number, 9709);
        assert_eq!((facts[1].free, facts[1].waiting), (Some(0), 1));
        assert_eq!(facts[2].stopped, Some(("stalled".into(), Some(fault.clone()))));
        assert_eq!(facts[3].stopped, None);
        assert_eq!(facts[4].free, Some(8));
        db.halt_operation(&fence, &"revoke".into(), OperationState::Blocked, &fault)
            .await
            .unwrap();
        let facts = db.device_licenses(&serial, 9).await.unwrap();
        assert_eq!(facts[3].stopped, Some(("revoke".into(), Some(fault))));
        assert_eq!(db.device_licenses(&serial, 2).await.unwrap().len(), 2);
        let nobody = db.device_licenses(&Serial::known("C02"), 9).await.unwrap();
        assert!(nobody.is_empty(), "the whole serial number counts");
    });
}

#[test]
fn h2_the_tokens_of_some_locations_are_told() {
    on_each(|db| async move {
        let mut locations = Vec::new();
        for name in ["C", "A", "B"] {
            locations.push(db.insert_token(&token(name)).await.unwrap());
        }
        let stored = db.tokens_of(&locations[0]).await.unwrap();
        assert!(
            db.refuse_token(&stored[0], &TokenState::Revoked, NOW)
                .await
                .unwrap()
        );
        let names = async |locations: &[contract::LocationId]| {
            let rows = db.tokens_of_locations(locations).await.unwrap();
            rows.into_iter().map(|row| row.name).collect::<Vec<_>>()
        };
        assert_eq!(names(&locations[..2]).await, ["A", "C"]);
        assert!(names(&[]).await.is_empty());
    });
}

#[test]
fn h2_failures_are_counted_by_apples_number_and_time() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        for (name, number, at) in [
            ("old", 9709, NOW + DAY),
            ("new", 9709, NOW + 3 * DAY),
            ("other", 9602, NOW + 3 * DAY),
        ] {
            let assign = operation(
                &fence,
                name,
                OperationKind::Assign,
                vec![batch(&ids, &devices(0..4))],
            );
            db.insert_operations(&[assign], None).await.unwrap();
            refuse(&db, &fence, number, at).await;
        }
        assert_eq!(db.failures(9709, NOW, 99).await.unwrap(), 8);
        assert_eq!(db.failures(9709, NOW + 2 * DAY, 99).await.unwrap(), 4);
        assert_eq!(db.failures(9709, NOW, 5).await.unwrap(), 5);
        assert_eq!(db.failures(9603, NOW, 99).await.unwrap(), 0);
        let last = db.last_failures(9709, NOW, 5).await.unwrap();
        let operations: Vec<_> = last
            .iter()
            .map(|row| row.operation.as_ref().unwrap().as_str())
            .collect();
        assert_eq!(operations, ["new", "new", "new", "new", "old"]);
        assert!(last.iter().all(|row| row.error.as_ref().unwrap().number == 9709));
    });
}

#[test]
fn h2_what_has_an_error_of_apple_now_is_counted_and_named() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..1)), (app(2), vec![])]).await;
        let assign = |name, holder| {
            let holders = devices(holder..holder + 1);
            operation(
                &fence,
                name,
                OperationKind::Assign,
                vec![batch(&ids[1..], &holders)],
            )
        };
        db.insert_operations(&[assign("refused", 1)], None).await.unwrap();
        refuse(&db, &fence, 9709, NOW + HOUR).await;
        let counts = async |number| {
            let now = db.troubled(number, 9, 100).await.unwrap();
            assert_eq!(
                (now.tokens, now.operations),
                (now.first_tokens.len() as i64, now.first_operations.len() as i64)
            );
            (now.tokens, now.operations, now.licenses)
        };
        assert_eq!(counts(9709).await, (0, 0, 1));
        let query = LicenseQuery {
            error: Some(9709),
            ..LicenseQuery::default()
        };
        let found = db.license_list(&query).await.unwrap();
        assert_eq!((found.rows.len(), found.rows[0].asset), (1, ids[1]));
        let other = LicenseQuery {
            error: Some(9708),
            ..LicenseQuery::default()
        };
        assert!(db.license_list(&other).await.unwrap().rows.is_empty());

        db.insert_operations(&[assign("read", 2), assign("waits", 3)], None)
            .await
            .unwrap();
        let refused = Fault::new(Code::AppleRefused).from_apple(9637, "The sToken is read-only.");
        db.halt_operation(&fence, &"read".into(), OperationState::Blocked, &refused)
            .await
            .unwrap();
        assert_eq!(counts(9637).await, (0, 1, 0));
        let token = db.tokens_of(&fence.location).await.unwrap().remove(0);
        db.note_read_only(&token, true).await.unwrap();
        assert_eq!(counts(9637).await, (1, 1, 0));
        // A state that Apple tells by a number counts as that number, and so do the operations that it stops.
        db.refuse_token(&token, &TokenState::Revoked, NOW).await.unwrap();
        assert_eq!(counts(9625).await, (1, 2, 0));
        assert_eq!(counts(9621).await, (0, 0, 0));
        let first = db.troubled(9625, 1, 100).await.unwrap();
        assert_eq!((first.operations, first.first_operations.len()), (2, 1));
        assert_eq!(first.first_operations[0].id, "waits".into());

        db.begin_sync(&fence, NOW).await.unwrap();
        let failing = Fault::new(Code::AppleFailing).from_apple(9603, "Internal error");
        db.fail_sync(&fence, &failing, NOW + 5, NOW + HOUR).await.unwrap();
        assert_eq!(counts(9603).await, (1, 0, 0));
        assert_eq!(db.failed_syncs(9603, NOW + 5).await.unwrap(), 1);
        assert_eq!(db.failed_syncs(9603, NOW + 6).await.unwrap(), 0);
        assert_eq!(db.failed_syncs(9602, NOW).await.unwrap(), 0);
    });
}
