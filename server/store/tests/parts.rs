//! A part of a name is found wherever it stands, whether few have it or many.

use crate::{
    people::{add, form},
    setup::{Directory, NOW, on_each, walk_with},
};
use contract::{
    PageQuery,
    devices::{DeviceForm, DeviceQuery, DeviceRow, DeviceSort},
    groups::{GroupKind, GroupQuery},
    people::{PersonForm, PersonQuery, PersonRow, PersonSort, Source},
};
use proptest::prelude::*;
use sqlx::{Connection, Executor, SqliteConnection};
use store::{
    Db,
    devices::Import,
    groups::{GroupEdit, NewGroup},
};

const ROWS: PageQuery = PageQuery {
    cursor: None,
    direction: contract::Direction::Up,
    rows: Some(200),
    uncounted: false,
};

async fn people(db: &Db, search: &str, sort: PersonSort) -> Vec<PersonRow> {
    walk_with(ROWS, async |page| {
        let search = search.to_owned();
        db.person_list(&PersonQuery {
            search,
            sort,
            page,
            active: None,
        })
        .await
    })
    .await
}

async fn devices(db: &Db, search: &str, sort: DeviceSort) -> Vec<DeviceRow> {
    walk_with(ROWS, async |page| {
        let search = search.to_owned();
        db.device_list(&DeviceQuery {
            search,
            sort,
            page,
            platform: None,
        })
        .await
    })
    .await
}

fn device(name: &str, serial: &str) -> DeviceForm {
    DeviceForm {
        name: name.to_owned(),
        serial: serial.to_owned(),
        ..DeviceForm::default()
    }
}

#[test]
fn d1_what_many_have_is_found_as_what_few_have() {
    on_each(|db| async move {
        let pupils: Vec<_> = (0..1_300)
            .map(|i| {
                let form = PersonForm {
                    email: String::new(),
                    ..form(&format!("u{i}"), &format!("Elev {i:04}"))
                };
                (format!("p{i:04}").as_str().into(), form)
            })
            .collect();
        db.import_people(&pupils, NOW, Import::Write).await.unwrap();
        let pads: Vec<_> = (0..1_300)
            .map(|i| {
                (
                    format!("d{i:04}").as_str().into(),
                    device(&format!("Klass {i:04}"), &format!("SERIE{i:05}")),
                )
            })
            .collect();
        db.import_devices(&pads, NOW, Import::Write).await.unwrap();
        add(&db, "rektor", "Anna \"R\" Elevson").await;
        for sort in [PersonSort::Name, PersonSort::UserName] {
            for (text, number) in [
                ("elev", 1_301),
                ("ELEV 12", 100),
                ("elev 1299", 1),
                ("elev 1300", 0),
                ("\"r\" e", 1),
                ("el", 1_301),
                ("skola.example", 1),
                ("elev\nu", 0),
            ] {
                let found = people(&db, text, sort).await;
                assert_eq!(found.len(), number, "{text} by {sort:?}");
                assert!(found.windows(2).all(|pair| match sort {
                    PersonSort::Name => pair[0].name.to_lowercase() <= pair[1].name.to_lowercase(),
                    PersonSort::UserName => pair[0].user_name <= pair[1].user_name,
                }));
            }
        }
        for sort in [DeviceSort::Name, DeviceSort::Serial, DeviceSort::Added] {
            // A serial number is found by its beginning.
            for (text, number) in [
                ("klass", 1_300),
                ("klass 129", 10),
                ("serie", 1_300),
                ("Serie0129", 10),
                ("erie0129", 0),
                ("0129", 1),
            ] {
                assert_eq!(devices(&db, text, sort).await.len(), number, "{text} by {sort:?}");
            }
        }
        assert_eq!(
            db.devices_matching(
                &DeviceQuery {
                    search: "serie".into(),
                    ..DeviceQuery::default()
                },
                2_000
            )
            .await
            .unwrap()
            .len(),
            1_300
        );
        assert_eq!(
            db.devices_matching(
                &DeviceQuery {
                    search: "klass 129".into(),
                    ..DeviceQuery::default()
                },
                7
            )
            .await
            .unwrap()
            .len(),
            7
        );
    });
}

async fn groups(db: &Db, search: &str) -> Vec<String> {
    let search = search.to_owned();
    let rows = walk_with(ROWS, async |page| {
        let search = search.clone();
        db.group_list(&GroupQuery {
            search,
            page,
            kind: Some(GroupKind::People),
        })
        .await
    })
    .await;
    rows.into_iter().map(|row| row.name).collect()
}

fn group(name: &str) -> NewGroup {
    NewGroup {
        id: name.into(),
        name: name.to_owned(),
        kind: GroupKind::People,
        rule: None,
        source: Source::Manual,
        external_id: None,
        members: Vec::new(),
        inner: Vec::new(),
    }
}

#[test]
fn d2_a_group_is_found_by_any_part_of_the_name_that_it_has_now() {
    on_each(|db| async move {
        for name in ["Klass 6A", "Klass 6B", "Kör"] {
            db.insert_group(&group(name), NOW).await.unwrap();
        }
        let renamed = GroupEdit {
            name: Some("Åk 7B".to_owned()),
            ..GroupEdit::default()
        };
        db.change_group(&"Klass 6B".into(), &renamed, NOW).await.unwrap();
        db.delete_group(&"Kör".into(), None, NOW).await.unwrap();
        for (text, names) in [
            ("lass", &["Klass 6A"][..]),
            ("S 6", &["Klass 6A"]),
            ("klass 6b", &[]),
            ("åk 7b", &["Åk 7B"]),
            ("7b", &["Åk 7B"]),
            ("kör", &[]),
            ("k", &["Klass 6A", "Åk 7B"]),
        ] {
            assert_eq!(groups(&db, text).await, names, "{text}");
        }
    });
}

#[tokio::test]
async fn whom_an_older_pomona_knew_is_found_after_an_update() {
    let directory = Directory::new();
    let url = format!("sqlite:{}", directory.file());
    let db = store::open(&url).await.unwrap();
    add(&db, "anna", "Anna Berg").await;
    db.insert_device(&"d".into(), &device("Annas iPad", "SERIAL0001"), NOW)
        .await
        .unwrap();
    db.insert_group(&group("Klass 6A"), NOW).await.unwrap();
    drop(db);
    let mut raw = SqliteConnection::connect(&url).await.unwrap();
    for of in ["people", "devices", "groups"] {
        for what in [
            "TRIGGER {}_pieces_come",
            "TRIGGER {}_pieces_change",
            "TRIGGER {}_pieces_go",
            "TABLE {}_pieces",
            "TABLE {}_numbers",
        ] {
            raw.execute(sqlx::AssertSqlSafe(format!("DROP {}", what.replace("{}", of))))
                .await
                .unwrap();
        }
    }
    raw.execute("DELETE FROM _sqlx_migrations WHERE version IN (19, 31)")
        .await
        .unwrap();
    raw.close().await.unwrap();
    let db = store::open(&url).await.unwrap();
    assert_eq!(people(&db, "nna", PersonSort::Name).await.len(), 1);
    assert_eq!(devices(&db, "nnas", DeviceSort::Name).await.len(), 1);
    assert_eq!(groups(&db, "lass 6").await, ["Klass 6A"]);
}

#[derive(Clone, Debug)]
enum Step {
    Write(u8, String),
    Delete(u8),
    Search(String),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let name = "[abÄ\"%_ 1']{1,9}";
    let step = prop_oneof![
        3 => (0u8..6, name).prop_map(|(person, name)| Step::Write(person, name)),
        1 => (0u8..6).prop_map(Step::Delete),
        4 => "[abä\"%_ 1']{1,5}".prop_map(Step::Search),
    ];
    proptest::collection::vec(step, 1..40)
}

proptest! {
    // Over the wire a case takes a second.
    #![proptest_config(ProptestConfig {
        cases: if std::env::var("POMONA_TEST_POSTGRES_URL").is_ok() { 8 } else { 48 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_part_is_found_in_whoever_has_it(steps in steps()) {
        let steps = &steps;
        on_each(|db| async move {
            let mut names = std::collections::BTreeMap::new();
            for step in steps {
                match step {
                    Step::Write(person, name) => {
                        let id = format!("{person}");
                        let form = PersonForm { email: String::new(), ..form(&format!("\u{1}{person}"), name) };
                        db.import_people(&[(id.as_str().into(), form.clone())], NOW, Import::Write).await.unwrap();
                        names.insert(id, name.clone());
                    }
                    Step::Delete(person) => {
                        let id = format!("{person}");
                        if names.remove(&id).is_some() {
                            db.delete_person(&id.as_str().into(), None, NOW).await.unwrap();
                        }
                    }
                    Step::Search(text) => {
                        let part = text.trim().to_lowercase();
                        let mut expected: Vec<_> = names
                            .iter()
                            .filter(|(id, name)| {
                                name.trim().to_lowercase().contains(&part) || format!("\u{1}{id}").contains(&part)
                            })
                            .map(|(id, _)| id.clone())
                            .collect();
                        let found = people(&db, text, PersonSort::Name).await;
                        let mut found: Vec<_> = found.into_iter().map(|row| row.id.0).collect();
                        found.sort();
                        expected.sort();
                        assert_eq!(found, expected, "{text:?} in {names:?}");
                    }
                }
            }
        });
    }
}
