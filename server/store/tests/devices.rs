use crate::setup::{NOW, on_each, walk_with};
use contract::{
    Code, DeviceId, Direction, PageQuery, Serial,
    devices::{DeviceForm, DeviceOwnership, DeviceQuery, DeviceSort, Enrolment, Platform},
};
use store::{
    Db, StoreError,
    devices::Import,
    import::{Line, Says},
};

fn form(name: &str, serial: &str) -> DeviceForm {
    DeviceForm {
        name: name.to_owned(),
        serial: serial.to_owned(),
        platform: Platform::IPadOs,
        model: "iPad Air".to_owned(),
        user_name: "Åsa Berg".to_owned(),
        supervised: true,
        ..DeviceForm::default()
    }
}

fn line(n: u32, name: &str) -> (DeviceId, DeviceForm) {
    (
        format!("id-{name}-{n}").into(),
        form(name, &format!("SERIAL{n:04}")),
    )
}

/// How many lines add, change and leave what is known.
async fn import(db: &Db, lines: &[(DeviceId, DeviceForm)], how: Import) -> (i64, i64, i64) {
    let done = db.import_devices(lines, NOW + 5, how).await.unwrap();
    (done.added, done.changed, done.unchanged)
}

async fn names(db: &Db, query: &DeviceQuery) -> Vec<String> {
    let rows = walk_with(
        PageQuery {
            rows: Some(3),
            ..query.page.clone()
        },
        async |page| {
            db.device_list(&DeviceQuery {
                page,
                ..query.clone()
            })
            .await
        },
    );
    rows.await.into_iter().map(|row| row.name).collect()
}

#[test]
fn d1_a_serial_number_is_one_device() {
    on_each(|db| async move {
        db.insert_device(&"a".into(), &form("One", "C02Y402HLCM6"), NOW)
            .await
            .unwrap();
        let twin = db
            .insert_device(&"b".into(), &form("Two", "C02Y402HLCM6"), NOW)
            .await;
        assert!(matches!(twin, Err(StoreError::Taken(Code::SerialTaken))));
        let row = db.device(&"a".into()).await.unwrap();
        assert_eq!(
            (row.name.as_str(), row.platform, row.supervised, row.added_at),
            ("One", Platform::IPadOs, true, NOW)
        );
        assert!(matches!(db.device(&"b".into()).await, Err(StoreError::NotFound)));
    });
}

#[test]
fn a_list_says_how_many_there_are_where_that_is_asked() {
    on_each(|db| async move {
        for n in 0..3 {
            let (id, form) = line(n, "Cart");
            db.insert_device(&id, &form, NOW).await.unwrap();
        }
        let total = async |rows: u16, uncounted: bool| {
            let page = PageQuery {
                rows: Some(rows),
                uncounted,
                ..PageQuery::default()
            };
            let query = DeviceQuery {
                page,
                ..DeviceQuery::default()
            };
            db.device_list(&query).await.unwrap().total
        };
        assert_eq!((total(2, false).await, total(2, true).await), (Some(3), None));
        // Of all that is on one page nobody has to count anything.
        assert_eq!((total(3, false).await, total(3, true).await), (Some(3), Some(3)));
    });
}

#[test]
fn d3_a_preview_tells_what_the_import_does_and_writes_nothing() {
    on_each(|db| async move {
        let first: Vec<_> = (0..5).map(|n| line(n, "old")).collect();
        db.import_devices(&first, NOW, Import::Write).await.unwrap();
        // 0 and 1 unchanged, 2 changed, 7 new and then said again, 8 new and then changed.
        let lines = [
            line(0, "old"),
            line(1, "old"),
            line(2, "new"),
            line(7, "new"),
            line(7, "new"),
            line(8, "x"),
            line(8, "y"),
        ];
        let expected = (2, 2, 3);
        assert_eq!(import(&db, &lines, Import::Preview).await, expected);
        assert_eq!(names(&db, &DeviceQuery::default()).await.len(), 5);
        assert_eq!(import(&db, &lines, Import::Write).await, expected);
        let again = (0, 2, 5);
        assert_eq!(import(&db, &lines, Import::Preview).await, again);
        assert_eq!(
            names(&db, &DeviceQuery::default()).await,
            ["new", "new", "old", "old", "old", "old", "y"]
        );
        let kept = db.device(&"id-old-2".into()).await.unwrap();
        assert_eq!((kept.name.as_str(), kept.added_at), ("new", NOW));
    });
}

#[test]
fn d1_each_order_of_the_list_is_walked_both_ways() {
    on_each(|db| async move {
        for (n, name) in ["delta", "Alpha", "älv", "Charlie", "bravo", "alpha", ""]
            .iter()
            .enumerate()
        {
            let form = form(name, &format!("SERIAL{:04}", 50 - n));
            db.insert_device(&format!("d{n}").into(), &form, NOW + n as i64 / 2)
                .await
                .unwrap();
        }
        for direction in [Direction::Up, Direction::Down] {
            let by = |sort| DeviceQuery {
                sort,
                page: PageQuery {
                    direction,
                    ..PageQuery::default()
                },
                ..DeviceQuery::default()
            };
            let mut by_name = names(&db, &by(DeviceSort::Name)).await;
            let mut by_serial = names(&db, &by(DeviceSort::Serial)).await;
            let mut by_age = names(&db, &by(DeviceSort::Added)).await;
            let refs = db.devices_matching(&by(DeviceSort::Name), 3).await.unwrap();
            assert_eq!(
                refs.into_iter().map(|device| device.name).collect::<Vec<_>>(),
                by_name[..3]
            );
            if direction == Direction::Down {
                for list in [&mut by_name, &mut by_serial, &mut by_age] {
                    list.reverse();
                }
            }
            assert_eq!(
                by_name,
                ["", "Alpha", "alpha", "bravo", "Charlie", "delta", "älv"]
            );
            assert_eq!(
                by_serial,
                ["", "alpha", "bravo", "Charlie", "älv", "Alpha", "delta"]
            );
            assert_eq!(by_age, ["delta", "Alpha", "älv", "Charlie", "bravo", "alpha", ""]);
        }
    });
}

#[test]
fn a_search_finds_parts_of_names_and_the_beginning_of_serials() {
    on_each(|db| async move {
        db.insert_device(&"a".into(), &form("Åre 100%", "C02Y402HLCM6"), NOW)
            .await
            .unwrap();
        let mac = DeviceForm {
            platform: Platform::MacOs,
            model: "Mac_mini".to_owned(),
            ..form("Lab", "F02Y402HLCM6")
        };
        db.insert_device(
            &"b".into(),
            &DeviceForm {
                user_name: "Bo".to_owned(),
                ..mac
            },
            NOW,
        )
        .await
        .unwrap();
        for (search, expected) in [
            ("åRE", &["Åre 100%"][..]),
            ("0%", &["Åre 100%"]),
            ("%", &["Åre 100%"]),
            ("_m", &["Lab"]),
            ("bERG", &["Åre 100%"]),
            ("c02y", &["Åre 100%"]),
            ("Y402", &[]),
            ("", &["Lab", "Åre 100%"]),
        ] {
            for sort in [DeviceSort::Name, DeviceSort::Added] {
                let query = DeviceQuery {
                    search: search.to_owned(),
                    sort,
                    ..DeviceQuery::default()
                };
                let mut found = names(&db, &query).await;
                found.sort();
                assert_eq!(found, expected, "{search}");
            }
        }
        let query = DeviceQuery {
            platform: Some(Platform::MacOs),
            ..DeviceQuery::default()
        };
        assert_eq!(names(&db, &query).await, ["Lab"]);
    });
}

#[test]
fn devices_are_looked_up_in_the_order_given() {
    on_each(|db| async move {
        let lines: Vec<_> = (0..4).map(|n| line(n, "d")).collect();
        db.import_devices(&lines, NOW, Import::Write).await.unwrap();
        let ids = [3, 0, 9, 1].map(|n| DeviceId(format!("id-d-{n}")));
        let found = db.devices_by_id(&ids).await.unwrap();
        assert_eq!(
            found.iter().map(|device| device.id.as_str()).collect::<Vec<_>>(),
            ["id-d-3", "id-d-0", "id-d-1"]
        );
        let serials = ["SERIAL0002", "SERIAL0099", "SERIAL0000"].map(Serial::known);
        let found = db.devices_by_serial(&serials).await.unwrap();
        assert_eq!(
            found
                .iter()
                .map(|device| device.serial.as_str())
                .collect::<Vec<_>>(),
            ["SERIAL0002", "SERIAL0000"]
        );
    });
}

#[test]
fn d3_a_file_of_few_columns_changes_no_others() {
    on_each(|db| async move {
        let full = DeviceForm {
            platform: Platform::MacOs,
            ownership: DeviceOwnership::Personal,
            enrolment: Enrolment::User,
            supervised: true,
            user_name: "anna".to_owned(),
            ..form("old", "SERIAL0001")
        };
        db.import_devices(&[("a".into(), full.clone())], NOW, Import::Write)
            .await
            .unwrap();
        let lines = [("SERIAL0001", "new"), ("SERIAL0002", "two")].map(|(serial, name)| Line {
            number: 2,
            id: serial.into(),
            form: form(name, serial),
            says: Says::These(vec!["serial", "name"]),
        });
        let done = db
            .import_device_lines(&lines, NOW + 5, Import::Write)
            .await
            .unwrap();
        let renamed = DeviceForm {
            name: "new".to_owned(),
            ..full.clone()
        };
        let differences: Vec<_> = done
            .differences
            .into_iter()
            .map(|difference| (difference.before, difference.after))
            .collect();
        assert_eq!(
            differences,
            [(Some(full), renamed.clone()), (None, form("two", "SERIAL0002"))]
        );
        let kept = db.device(&"a".into()).await.unwrap();
        assert_eq!(
            (kept.name.as_str(), kept.platform, kept.ownership, kept.enrolment),
            ("new", Platform::MacOs, DeviceOwnership::Personal, Enrolment::User)
        );
        assert_eq!((kept.supervised, kept.user_name.as_str()), (true, "anna"));
    });
}

#[test]
fn the_last_check_in_only_becomes_later() {
    on_each(|db| async move {
        let seen = |at| DeviceForm {
            last_check_in: at,
            ..form("a", "SERIAL0001")
        };
        let id: contract::DeviceId = "a".into();
        for (given, changed, expected) in [
            (None, 1, None),
            (Some(NOW - 10), 1, Some(NOW - 10)),
            (Some(NOW - 20), 0, Some(NOW - 10)),
            (None, 0, Some(NOW - 10)),
            (Some(NOW - 5), 1, Some(NOW - 5)),
        ] {
            let done = db
                .import_devices(&[(id.clone(), seen(given))], NOW, Import::Write)
                .await
                .unwrap();
            assert_eq!(done.added + done.changed, changed, "{given:?}");
            assert_eq!(db.device(&id).await.unwrap().seen_at, expected, "{given:?}");
        }
    });
}
