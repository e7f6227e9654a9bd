use crate::setup::{NOW, Raw, on_each, on_each_raw, walk_with};
use contract::{
    Code, DeviceId, Direction, PageQuery, PersonId, Serial,
    devices::{DeviceForm, DeviceQuery},
    groups::{BuiltIn, GroupKind},
    people::{PersonForm, PersonQuery, PersonSort, Source},
};
use store::{
    Db, StoreError,
    devices::Import,
    import::{Line, Says},
    people::{DirectoryFacts, NewPerson},
    scim::{Compare, Filter, PersonField, Slice, Value},
};

pub fn form(user_name: &str, name: &str) -> PersonForm {
    PersonForm {
        name: name.to_owned(),
        user_name: user_name.to_owned(),
        email: format!("{user_name}@skola.example"),
        ..PersonForm::default()
    }
}

pub fn person(id: &str, form: PersonForm) -> NewPerson {
    NewPerson {
        id: id.into(),
        form,
        directory: DirectoryFacts::default(),
        source: Source::Manual,
    }
}

pub async fn add(db: &Db, id: &str, name: &str) {
    db.insert_person(&person(id, form(id, name)), NOW).await.unwrap();
}

async fn names(db: &Db, query: &PersonQuery) -> Vec<String> {
    let first = PageQuery {
        rows: Some(3),
        ..query.page.clone()
    };
    let rows = walk_with(first, async |page| {
        let query = PersonQuery {
            page,
            ..query.clone()
        };
        db.person_list(&query).await
    });
    rows.await.into_iter().map(|row| row.name).collect()
}

#[test]
fn d1_a_user_name_is_one_person_in_whatever_case() {
    on_each(|db| async move {
        add(&db, "anna", "Anna").await;
        let twin = db.insert_person(&person("b", form("ANNA", "Other")), NOW).await;
        assert!(matches!(twin, Err(StoreError::Taken(Code::UserNameTaken))));
        add(&db, "bo", "Bo").await;
        let taken = db
            .change_person(&"bo".into(), &form("Anna", "Bo"), None, None, NOW)
            .await;
        assert!(matches!(taken, Err(StoreError::Taken(Code::UserNameTaken))));
        // In another case it stays the same person's.
        db.change_person(&"anna".into(), &form("Anna", "Anna"), None, None, NOW + 1)
            .await
            .unwrap();
        let anna = db.person(&"anna".into()).await.unwrap();
        assert_eq!((anna.form.user_name.as_str(), anna.version), ("Anna", 2));
        assert_eq!((anna.created_at, anna.changed_at), (NOW, NOW + 1));
    });
}

#[test]
fn the_same_again_changes_nothing_and_an_old_version_is_refused() {
    on_each(|db| async move {
        add(&db, "anna", "Anna").await;
        let id = PersonId::from("anna");
        db.change_person(&id, &form("anna", "Anna"), None, Some(1), NOW + 1)
            .await
            .unwrap();
        assert_eq!(db.person(&id).await.unwrap().version, 1);
        let facts = DirectoryFacts {
            given_name: "Anna".to_owned(),
            external_id: Some("e-1".to_owned()),
            ..DirectoryFacts::default()
        };
        db.change_person(&id, &form("anna", "Anna"), Some(&facts), Some(1), NOW + 2)
            .await
            .unwrap();
        let old = db
            .change_person(&id, &form("anna", "X"), None, Some(1), NOW + 3)
            .await;
        assert!(matches!(old, Err(StoreError::Refused(Code::ChangedMeanwhile))));
        // By hand: what the directory knows stays.
        db.change_person(&id, &form("anna", "Anna B"), None, None, NOW + 4)
            .await
            .unwrap();
        let anna = db.person(&id).await.unwrap();
        assert_eq!(
            (anna.directory, anna.version, anna.form.name.as_str()),
            (facts, 3, "Anna B")
        );
        let old = db.delete_person(&id, Some(1), NOW).await;
        assert!(matches!(old, Err(StoreError::Refused(Code::ChangedMeanwhile))));
        db.delete_person(&id, Some(3), NOW).await.unwrap();
        assert!(matches!(db.person(&id).await, Err(StoreError::NotFound)));
    });
}

#[test]
fn d3_a_preview_of_people_tells_what_the_import_does_and_writes_nothing() {
    on_each(|db| async move {
        let line = |id: &str, name: &str| (PersonId::from(id), form(id, name));
        let first = [line("a", "A"), line("b", "B"), line("c", "C")];
        db.import_people(&first, NOW, Import::Write).await.unwrap();
        let lines = [
            line("a", "A"),
            (PersonId::from("other"), form("B", "B changed")),
            line("d", "D"),
        ];
        for how in [Import::Preview, Import::Write] {
            let done = db.import_people(&lines, NOW + 5, how).await.unwrap();
            assert_eq!((done.added, done.changed, done.unchanged), (1, 1, 1));
        }
        assert_eq!(
            names(&db, &PersonQuery::default()).await,
            ["A", "B changed", "C", "D"]
        );
        let known = db.person(&"b".into()).await.unwrap();
        assert_eq!((known.version, known.source), (2, Source::Csv));
        assert!(matches!(
            db.person(&"other".into()).await,
            Err(StoreError::NotFound)
        ));
        let everybody = db.group(&BuiltIn::AllPeople.id()).await.unwrap();
        assert_eq!(everybody.row.members, 4);
    });
}

#[test]
fn d3_a_file_of_few_columns_neither_wipes_the_others_nor_brings_leavers_back() {
    on_each(|db| async move {
        let left = PersonForm {
            active: false,
            ..form("anna", "Anna")
        };
        db.import_people(&[("a".into(), left.clone())], NOW, Import::Write)
            .await
            .unwrap();
        let line = Line {
            number: 2,
            id: PersonId::from("other"),
            form: PersonForm {
                user_name: "ANNA".to_owned(),
                name: "Anna Berg".to_owned(),
                ..PersonForm::default()
            },
            says: Says::These(vec!["user_name", "name"]),
        };
        db.import_person_lines(&[line], NOW + 5, Import::Write)
            .await
            .unwrap();
        let expected = PersonForm {
            user_name: "ANNA".to_owned(),
            name: "Anna Berg".to_owned(),
            ..left
        };
        assert_eq!(db.person(&"a".into()).await.unwrap().form, expected);
    });
}

#[test]
fn d1_the_list_is_searched_filtered_and_walked_both_ways() {
    on_each(|db| async move {
        for (id, name) in [
            ("e", "delta"),
            ("d", "Alpha"),
            ("c", "älv"),
            ("b", "Charlie"),
            ("a", "bravo"),
        ] {
            add(&db, id, name).await;
        }
        let gone = PersonForm {
            active: false,
            ..form("b", "Charlie")
        };
        db.change_person(&"b".into(), &gone, None, None, NOW)
            .await
            .unwrap();
        for direction in [Direction::Up, Direction::Down] {
            let by = |sort| PersonQuery {
                sort,
                page: PageQuery {
                    direction,
                    ..PageQuery::default()
                },
                ..PersonQuery::default()
            };
            let mut by_name = names(&db, &by(PersonSort::Name)).await;
            let mut by_user = names(&db, &by(PersonSort::UserName)).await;
            if direction == Direction::Down {
                by_name.reverse();
                by_user.reverse();
            }
            assert_eq!(by_name, ["Alpha", "bravo", "Charlie", "delta", "älv"]);
            assert_eq!(by_user, ["bravo", "Charlie", "älv", "Alpha", "delta"]);
        }
        let search = |search: &str, active| PersonQuery {
            search: search.to_owned(),
            active,
            ..PersonQuery::default()
        };
        assert_eq!(names(&db, &search("ÄL", None)).await, ["älv"]);
        assert_eq!(names(&db, &search("B@SKOLA", None)).await, ["Charlie"]);
        assert_eq!(names(&db, &search("", Some(false))).await, ["Charlie"]);
        assert_eq!(names(&db, &search("", Some(true))).await.len(), 4);
        assert_eq!(names(&db, &search("a", Some(true))).await.len(), 4);
    });
}

#[test]
fn a_device_belongs_to_the_person_whom_it_names() {
    on_each(|db| async move {
        add(&db, "anna", "Anna").await;
        let device = |serial: &str, user: &str| DeviceForm {
            name: serial.to_owned(),
            serial: serial.to_owned(),
            user_name: user.to_owned(),
            ..DeviceForm::default()
        };
        for (id, user) in [("SERIAL0001", "Anna"), ("SERIAL0002", "bo"), ("SERIAL0003", "")] {
            db.insert_device(&id.into(), &device(id, user), NOW)
                .await
                .unwrap();
        }
        assert_eq!(db.person_row(&"anna".into()).await.unwrap().devices, 1);
        let devices = db.person_devices(&"anna".into(), 10).await.unwrap();
        assert_eq!(
            devices.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(),
            ["SERIAL0001"]
        );
        let everything = db.group(&BuiltIn::AllDevices.id()).await.unwrap();
        assert_eq!(
            (everything.row.members, everything.row.kind),
            (3, GroupKind::Devices)
        );
        let all = db.device_list(&DeviceQuery::default()).await.unwrap();
        assert_eq!(all.total, Some(3));
    });
}

#[test]
fn a2_devices_go_along_with_their_user_s_new_user_name() {
    on_each(|db| async move {
        add(&db, "anna", "Anna").await;
        let device = DeviceForm {
            name: "Pad".to_owned(),
            serial: "SERIAL0001".to_owned(),
            user_name: "ANNA".to_owned(),
            ..DeviceForm::default()
        };
        let pad = DeviceId::from("pad");
        db.insert_device(&pad, &device, NOW).await.unwrap();
        let other = DeviceForm {
            serial: "SERIAL0002".to_owned(),
            user_name: "bo".to_owned(),
            ..device.clone()
        };
        db.insert_device(&"other".into(), &other, NOW).await.unwrap();
        let sessions = db.device_sessions(&pad).await.unwrap();
        let renamed = PersonForm {
            user_name: "Anna.Ek@School.example".to_owned(),
            ..db.person(&"anna".into()).await.unwrap().form
        };
        db.change_person(&"anna".into(), &renamed, None, None, NOW)
            .await
            .unwrap();
        let devices = db.person_devices(&"anna".into(), 10).await.unwrap();
        let names: Vec<_> = devices
            .iter()
            .map(|row| (row.id.as_str(), row.user_name.as_str()))
            .collect();
        assert_eq!(names, [("pad", "Anna.Ek@School.example")]);
        assert_eq!(
            db.device_sessions(&pad).await.unwrap(),
            sessions,
            "the same person's"
        );
        let search = async |text: &str| {
            let query = DeviceQuery {
                search: text.to_owned(),
                ..DeviceQuery::default()
            };
            db.device_list(&query).await.unwrap().rows.len()
        };
        assert_eq!((search("anna.ek").await, search("bo").await), (1, 1));
    });
}

#[test]
fn scim_finds_people_by_any_filter() {
    on_each(|db| async move {
        for (id, name, external) in [
            ("anna", "Anna", Some("E1")),
            ("bo", "Bo", None),
            ("cleo", "Ännä", Some("e2")),
        ] {
            let person = NewPerson {
                directory: DirectoryFacts {
                    given_name: name.to_owned(),
                    external_id: external.map(str::to_owned),
                    ..DirectoryFacts::default()
                },
                ..person(id, form(id, name))
            };
            db.insert_person(&person, NOW).await.unwrap();
        }
        let gone = PersonForm {
            active: false,
            email: String::new(),
            ..form("bo", "Bo")
        };
        db.change_person(&"bo".into(), &gone, None, None, NOW + 9)
            .await
            .unwrap();
        let text = |field, compare, text: &str| Filter::Compare(field, compare, Value::Text(text.to_owned()));
        let not = |filter| Filter::Not(Box::new(filter));
        use Compare as C;
        use PersonField as F;
        for (filter, expected) in [
            (text(F::UserName, C::Eq, "ANNA"), &["anna"][..]),
            (text(F::UserName, C::Ne, "anna"), &["bo", "cleo"]),
            (text(F::UserName, C::Gt, "anna"), &["bo", "cleo"]),
            (text(F::UserName, C::Le, "BO"), &["anna", "bo"]),
            (text(F::DisplayName, C::Co, "NN"), &["anna", "cleo"]),
            (text(F::DisplayName, C::Sw, "änn"), &["cleo"]),
            (text(F::DisplayName, C::Ew, "O"), &["bo"]),
            (text(F::DisplayName, C::Ew, "longer than bo"), &[]),
            (text(F::GivenName, C::Eq, "anna"), &["anna"]),
            (text(F::ExternalId, C::Eq, "e1"), &[]),
            (text(F::ExternalId, C::Eq, "E1"), &["anna"]),
            (text(F::ExternalId, C::Ne, "E1"), &["bo", "cleo"]),
            (not(text(F::ExternalId, C::Eq, "E1")), &["bo", "cleo"]),
            (not(Filter::Present(F::ExternalId)), &["bo"]),
            (Filter::Present(F::Email), &["anna", "cleo"]),
            (text(F::Email, C::Co, "@Skola"), &["anna", "cleo"]),
            (text(F::Email, C::Co, "%"), &[]),
            (text(F::Id, C::Eq, "bo\0"), &["bo"]),
            (Filter::Compare(F::Active, C::Eq, Value::Flag(false)), &["bo"]),
            (Filter::Compare(F::Modified, C::Gt, Value::Moment(NOW)), &["bo"]),
            (
                Filter::Or(
                    Box::new(text(F::UserName, C::Eq, "bo")),
                    Box::new(Filter::And(
                        Box::new(text(F::UserName, C::Eq, "anna")),
                        Box::new(Filter::Compare(F::Active, C::Eq, Value::Flag(true))),
                    )),
                ),
                &["anna", "bo"],
            ),
        ] {
            let all = Slice { skip: 0, take: 10 };
            let found = db.find_people(Some(&filter), all).await.unwrap();
            let ids: Vec<_> = found.rows.iter().map(|person| person.id.as_str()).collect();
            assert_eq!(ids, expected, "{filter:?}");
            assert_eq!(found.total, expected.len() as i64);
        }
        let page = db.find_people(None, Slice { skip: 1, take: 1 }).await.unwrap();
        assert_eq!((page.total, page.rows[0].id.as_str()), (3, "bo"));
        let none = db.find_people(None, Slice { skip: 9, take: 1 }).await.unwrap();
        assert_eq!((none.total, none.rows.len()), (3, 0));
    });
}

/// The user names that a comparison finds.
async fn called(db: &Db, field: PersonField, compare: Compare, text: &str) -> Vec<String> {
    let filter = Filter::Compare(field, compare, Value::Text(text.to_owned()));
    let all = Slice { skip: 0, take: 10 };
    let found = db.find_people(Some(&filter), all).await.unwrap();
    found
        .rows
        .into_iter()
        .map(|person| person.form.user_name)
        .collect()
}

#[test]
fn d3_parts_of_a_name_are_found_in_whatever_case_also_those_from_before() {
    on_each_raw(|db, raw| async move {
        let mut eva = person("eva", form("eva", "Éva Öberg"));
        eva.directory.given_name = "Éva".to_owned();
        eva.directory.family_name = "Öberg".to_owned();
        db.insert_person(&eva, NOW).await.unwrap();
        add(&db, "bo", "Bo").await;
        let finds = async |db: &Db| {
            for (field, compare, text) in [
                (PersonField::FamilyName, Compare::Eq, "Öberg"),
                (PersonField::FamilyName, Compare::Eq, "öBERG"),
                (PersonField::FamilyName, Compare::Sw, "Ö"),
                (PersonField::GivenName, Compare::Co, "É"),
                (PersonField::GivenName, Compare::Ew, "VA"),
            ] {
                assert_eq!(called(db, field, compare, text).await, ["eva"], "{text}");
            }
            let others = called(db, PersonField::FamilyName, Compare::Ne, "öberg").await;
            assert_eq!(others, ["bo"]);
        };
        finds(&db).await;
        raw.run("UPDATE people SET given_name_key = '', family_name_key = ''")
            .await;
        let (Raw::Sqlite(url) | Raw::Postgres(url)) = &raw;
        finds(&store::open(url).await.unwrap()).await;
        let facts = DirectoryFacts {
            family_name: "Ålund".to_owned(),
            ..eva.directory
        };
        db.change_person(&eva.id, &eva.form, Some(&facts), None, NOW)
            .await
            .unwrap();
        assert_eq!(
            called(&db, PersonField::FamilyName, Compare::Eq, "ålund").await,
            ["eva"]
        );
    });
}

#[test]
fn d1_a_name_is_the_same_in_whichever_form_its_letters_are_written() {
    on_each(|db| async move {
        add(&db, "a\u{30a}se2", "A\u{30a}se").await;
        let twin = db.insert_person(&person("b", form("åse2", "Åse")), NOW).await;
        assert!(matches!(twin, Err(StoreError::Taken(Code::UserNameTaken))));
        let query = PersonQuery {
            search: "ÅSE".to_owned(),
            ..PersonQuery::default()
        };
        assert_eq!(names(&db, &query).await.len(), 1);
        let of_scim = called(&db, PersonField::UserName, Compare::Eq, "åse2").await;
        assert_eq!(of_scim.len(), 1);
    });
}

#[test]
fn d1_a_device_without_a_serial_number_is_the_same_after_its_person_was_renamed() {
    on_each(|db| async move {
        let phone = |serial: Serial, user: &str| DeviceForm {
            name: "Phone".to_owned(),
            serial: serial.to_string(),
            user_name: user.to_owned(),
            ..DeviceForm::default()
        };
        let absent = |user: &str| phone(Serial::absent(user, "Phone"), user);
        add(&db, "anna", "Anna").await;
        add(&db, "bo", "Bo").await;
        for (id, form) in [
            ("a", absent("anna")),
            ("known", phone(Serial::known("C02Y"), "anna")),
        ] {
            db.insert_device(&id.into(), &form, NOW).await.unwrap();
        }
        let rename = async |id: &str, user_name: &str| {
            let form = form(user_name, id);
            db.change_person(&id.into(), &form, None, None, NOW)
                .await
                .unwrap();
        };
        rename("anna", "Anna.Berg").await;
        let again = (DeviceId::from("other"), absent("anna.berg"));
        let imported = db.import_devices(&[again], NOW, Import::Write).await.unwrap();
        assert_eq!(imported.added, 0, "{imported:?}");
        let serial = async |id: &str| db.device(&id.into()).await.unwrap().serial;
        assert_eq!(serial("a").await, Serial::absent("anna.berg", "phone"));
        assert_eq!(serial("known").await, Serial::known("C02Y"));
        // Where there is such a device, both stay what they are.
        db.insert_device(&"b".into(), &absent("bo.lind"), NOW)
            .await
            .unwrap();
        db.insert_device(&"c".into(), &absent("bo"), NOW).await.unwrap();
        rename("bo", "bo.lind").await;
        assert_eq!(serial("b").await, Serial::absent("bo.lind", "phone"));
        assert_eq!(serial("c").await, Serial::absent("bo", "phone"));
        rename("bo", "bo.berg").await;
        assert!(serial("b").await != serial("c").await);
    });
}
