use crate::{
    audit::line,
    people::{add, form, person},
    setup::{Directory, NOW, on_each, walk},
};
use contract::{
    Code, DeviceId, GroupId, PageQuery,
    devices::{DeviceForm, Platform},
    groups::{Attribute, BuiltIn, Comparison, Condition, GroupKind, GroupQuery, Join, Rule},
    people::{PersonForm, Source},
};
use proptest::prelude::*;
use sqlx::{Connection, SqliteConnection};
use std::collections::{BTreeMap, BTreeSet};
use store::{
    Db, StoreError,
    audit::audited,
    devices::Import,
    groups::{GroupEdit, MembersEdit, NewGroup},
    scim::{Compare, Filter, GroupField, Slice, Value},
};

fn condition(attribute: Attribute, comparison: Comparison, value: &str) -> Condition {
    Condition {
        attribute,
        comparison,
        value: value.to_owned(),
    }
}

fn rule(attribute: Attribute, comparison: Comparison, value: &str) -> Rule {
    Rule {
        join: Join::All,
        conditions: vec![condition(attribute, comparison, value)],
    }
}

fn group(id: &str, kind: GroupKind, rule: Option<Rule>, members: &[&str]) -> NewGroup {
    NewGroup {
        id: id.into(),
        name: format!("Group {id}"),
        kind,
        rule,
        source: Source::Manual,
        external_id: None,
        members: members.iter().map(|id| (*id).to_owned()).collect(),
        inner: Vec::new(),
    }
}

async fn members(db: &Db, id: &str) -> BTreeSet<String> {
    let id = GroupId::from(id);
    let rows = walk(async |page| db.group_members(&id, &page).await).await;
    let members: BTreeSet<_> = rows.into_iter().map(|row| row.id).collect();
    assert_eq!(
        db.group(&id).await.unwrap().row.members,
        members.len() as i64,
        "{id}"
    );
    members
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn change(members: Vec<MembersEdit>) -> GroupEdit {
    GroupEdit {
        members,
        ..GroupEdit::default()
    }
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[test]
fn d2_everybody_who_is_active_is_in_all_people_and_a_leaver_in_no_group() {
    on_each(|db| async move {
        for id in ["anna", "bo", "cleo"] {
            add(&db, id, id).await;
        }
        db.insert_group(&group("g", GroupKind::People, None, &["anna", "bo"]), NOW)
            .await
            .unwrap();
        let leave = |active| PersonForm {
            active,
            ..form("anna", "anna")
        };
        let change = async |active| {
            db.change_person(&"anna".into(), &leave(active), None, None, NOW)
                .await
                .unwrap();
        };
        change(false).await;
        assert_eq!(members(&db, "all_people").await, set(&["bo", "cleo"]));
        assert_eq!(members(&db, "g").await, set(&["bo"]));
        assert_eq!(db.groups_of("anna", 9).await.unwrap(), []);
        // Whoever comes back is where they were put.
        change(true).await;
        assert_eq!(members(&db, "g").await, set(&["anna", "bo"]));
        let of: Vec<_> = db.groups_of("anna", 9).await.unwrap();
        let of: Vec<_> = of.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(of, ["all_people", "g"]);
        db.delete_person(&"anna".into(), None, NOW).await.unwrap();
        assert_eq!(members(&db, "g").await, set(&["bo"]));
        assert_eq!(db.group(&"g".into()).await.unwrap().version, 2);
    });
}

#[test]
fn d2_a_rule_follows_its_members_and_its_own_changes() {
    on_each(|db| async move {
        let device = |n: u32, platform, user: &str| {
            let form = DeviceForm {
                name: format!("Device {n}"),
                serial: format!("SERIAL{n:04}"),
                platform,
                user_name: user.to_owned(),
                ..DeviceForm::default()
            };
            (DeviceId(format!("d{n}")), form)
        };
        let devices = [
            device(1, Platform::MacOs, "Åsa"),
            device(2, Platform::IPadOs, "bo"),
            device(3, Platform::MacOs, ""),
        ];
        db.import_devices(&devices, NOW, Import::Write).await.unwrap();
        let macs = rule(Attribute::Platform, Comparison::Equals, "MACOS");
        db.insert_group(&group("m", GroupKind::Devices, Some(macs), &[]), NOW)
            .await
            .unwrap();
        assert_eq!(members(&db, "m").await, set(&["d1", "d3"]));
        let change = [device(2, Platform::MacOs, "bo"), device(3, Platform::IPadOs, "")];
        db.import_devices(&change, NOW, Import::Write).await.unwrap();
        assert_eq!(members(&db, "m").await, set(&["d1", "d2"]));
        let edit = GroupEdit {
            rule: Some(rule(Attribute::UserName, Comparison::IsEmpty, "")),
            name: Some("Nobody's".to_owned()),
            ..GroupEdit::default()
        };
        db.change_group(&"m".into(), &edit, NOW).await.unwrap();
        assert_eq!(members(&db, "m").await, set(&["d3"]));
        assert_eq!(
            db.group_named("NOBODY'S").await.unwrap().unwrap().id.as_str(),
            "m"
        );
        let preview = db
            .rule_preview(
                GroupKind::Devices,
                &rule(Attribute::UserName, Comparison::Equals, "åSA"),
            )
            .await
            .unwrap();
        assert_eq!(
            (preview.members, preview.sample[0].key.as_str()),
            (1, "SERIAL0001")
        );
    });
}

#[test]
fn d2_groups_nest_without_cycles_and_kinds_are_never_mixed() {
    on_each(|db| async move {
        for id in ["anna", "bo"] {
            add(&db, id, id).await;
        }
        for (id, member) in [("a", "anna"), ("b", "bo"), ("c", "bo")] {
            db.insert_group(&group(id, GroupKind::People, None, &[member]), NOW)
                .await
                .unwrap();
        }
        db.insert_group(&group("d", GroupKind::Devices, None, &["anna"]), NOW)
            .await
            .unwrap();
        assert_eq!(members(&db, "d").await, set(&[]), "a person is no device");
        let nest = async |outer: &str, inner: &str| db.nest_group(&outer.into(), &inner.into(), NOW).await;
        nest("a", "b").await.unwrap();
        nest("b", "c").await.unwrap();
        assert_eq!(members(&db, "a").await, set(&["anna", "bo"]));
        for (outer, inner) in [("a", "a"), ("b", "a"), ("c", "a")] {
            let turned = nest(outer, inner).await;
            assert!(
                matches!(turned, Err(StoreError::Refused(Code::GroupCycle))),
                "{outer} {inner}"
            );
        }
        let mixed = nest("a", "d").await;
        assert!(matches!(mixed, Err(StoreError::Refused(Code::GroupKindsMixed))));
        // Still there by the other way.
        db.change_group(&"b".into(), &change(vec![MembersEdit::Remove(ids(&["bo"]))]), NOW)
            .await
            .unwrap();
        assert_eq!(members(&db, "a").await, set(&["anna", "bo"]));
        for lines in [1, 1] {
            let unnest = async { db.unnest_group(&"b".into(), &"c".into(), NOW).await };
            audited(line(NOW), unnest).await.0.unwrap();
            assert_eq!(db.audit(9).await.unwrap().len(), lines, "of what was done alone");
        }
        audited(line(NOW), nest("a", "b")).await.0.unwrap();
        assert_eq!(db.audit(9).await.unwrap().len(), 1);
        assert_eq!(members(&db, "a").await, set(&["anna"]));
        nest("a", "c").await.unwrap();
        assert_eq!(members(&db, "a").await, set(&["anna", "bo"]));
        let inner: Vec<_> = db.inner_groups(&"a".into()).await.unwrap();
        assert_eq!(
            inner.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(),
            ["b", "c"]
        );
        db.delete_group(&"c".into(), None, NOW).await.unwrap();
        assert_eq!(members(&db, "a").await, set(&["anna"]));
        assert!(matches!(db.group(&"c".into()).await, Err(StoreError::NotFound)));
    });
}

#[test]
fn members_are_added_removed_and_set_and_names_are_unique() {
    on_each(|db| async move {
        for id in ["anna", "bo", "cleo"] {
            add(&db, id, id).await;
        }
        db.insert_group(&group("g", GroupKind::People, None, &["anna", "nobody"]), NOW)
            .await
            .unwrap();
        let twin = NewGroup {
            name: "GROUP G".to_owned(),
            ..group("h", GroupKind::People, None, &[])
        };
        let twin = db.insert_group(&twin, NOW).await;
        assert!(matches!(twin, Err(StoreError::Taken(Code::NameTaken))));
        let edit = change(vec![
            MembersEdit::Add(ids(&["anna", "bo", "nobody"])),
            MembersEdit::Remove(ids(&["anna"])),
        ]);
        assert_eq!(db.change_group(&"g".into(), &edit, NOW).await.unwrap(), 1);
        assert_eq!(members(&db, "g").await, set(&["bo"]));
        let edit = change(vec![MembersEdit::Set(ids(&["cleo", "anna"]))]);
        assert_eq!(db.change_group(&"g".into(), &edit, NOW).await.unwrap(), 2);
        assert_eq!(members(&db, "g").await, set(&["anna", "cleo"]));
        assert_eq!(
            db.fixed_members(&"g".into()).await.unwrap(),
            [
                ("anna".to_owned(), "anna".to_owned()),
                ("cleo".to_owned(), "cleo".to_owned())
            ]
        );
        let old = GroupEdit {
            expected: Some(1),
            ..GroupEdit::default()
        };
        let old = db.change_group(&"g".into(), &old, NOW).await;
        assert!(matches!(old, Err(StoreError::Refused(Code::ChangedMeanwhile))));
        let named = db
            .members_named(GroupKind::People, &ids(&["ANNA", "x", "bo"]))
            .await
            .unwrap();
        assert_eq!(
            named,
            [
                ("ANNA".to_owned(), "anna".to_owned()),
                ("bo".to_owned(), "bo".to_owned())
            ]
        );
        assert_eq!(db.unknown_people(&ids(&["anna", "x"])).await.unwrap(), ["x"]);
    });
}

#[test]
fn the_list_of_groups_is_searched_and_scim_finds_those_with_fixed_people() {
    on_each(|db| async move {
        add(&db, "anna", "anna").await;
        for n in 0..5 {
            let members: &[&str] = if n == 3 { &["anna"] } else { &[] };
            db.insert_group(&group(&format!("g{n}"), GroupKind::People, None, members), NOW)
                .await
                .unwrap();
        }
        let by_rule = rule(Attribute::Name, Comparison::Contains, "x");
        db.insert_group(&group("r", GroupKind::People, Some(by_rule), &[]), NOW)
            .await
            .unwrap();
        db.insert_group(&group("d", GroupKind::Devices, None, &[]), NOW)
            .await
            .unwrap();
        let list = async |search: &str, kind| {
            let rows = walk(async |page| {
                let query = GroupQuery {
                    search: search.to_owned(),
                    kind,
                    page,
                };
                db.group_list(&query).await
            });
            rows.await.into_iter().map(|row| row.id.0).collect::<Vec<_>>()
        };
        assert_eq!(list("", None).await.len(), 9);
        assert_eq!(list("", Some(GroupKind::Devices)).await, ["all_devices", "d"]);
        assert_eq!(list("GROUP G", None).await.len(), 5);
        let find = async |filter: Option<Filter<GroupField>>| {
            let found = db
                .find_groups(filter.as_ref(), Slice { skip: 0, take: 99 })
                .await
                .unwrap();
            assert_eq!(found.total, found.rows.len() as i64);
            found
                .rows
                .into_iter()
                .map(|group| group.row.id.0)
                .collect::<Vec<_>>()
        };
        assert_eq!(find(None).await, ["g0", "g1", "g2", "g3", "g4"]);
        let compare =
            |field, compare, text: &str| Some(Filter::Compare(field, compare, Value::Text(text.to_owned())));
        assert_eq!(
            find(compare(GroupField::Member, Compare::Eq, "anna")).await,
            ["g3"]
        );
        assert_eq!(find(compare(GroupField::Member, Compare::Co, "nn")).await, ["g3"]);
        assert_eq!(find(Some(Filter::Present(GroupField::Member))).await, ["g3"]);
        assert_eq!(
            find(compare(GroupField::DisplayName, Compare::Eq, "group G1")).await,
            ["g1"]
        );
        for inner in ["g1", "r"] {
            db.nest_group(&"g4".into(), &inner.into(), NOW).await.unwrap();
        }
        db.nest_group(&"g2".into(), &"r".into(), NOW).await.unwrap();
        let either = GroupField::Member;
        assert_eq!(find(compare(either, Compare::Eq, "g1")).await, ["g4"]);
        assert_eq!(find(compare(either, Compare::Sw, "g")).await, ["g4"]);
        assert_eq!(find(Some(Filter::Present(either))).await, ["g3", "g4"]);
        assert_eq!(find(Some(Filter::Present(GroupField::MemberUser))).await, ["g3"]);
        assert_eq!(find(Some(Filter::Present(GroupField::MemberGroup))).await, ["g4"]);
        assert_eq!(
            find(compare(either, Compare::Eq, "r")).await,
            [""; 0],
            "no directory knows of it"
        );
        assert_eq!(find(Some(Filter::Never)).await, [""; 0]);
    });
}

/// For the engine: each group whose members changed, or what is known of them, and those around it.
#[tokio::test]
async fn changes_of_members_are_noted_for_groups_and_those_around_them() {
    let directory = Directory::new();
    let db = store::open(&directory.file()).await.unwrap();
    add(&db, "anna", "anna").await;
    for id in ["a", "b", "c"] {
        db.insert_group(&group(id, GroupKind::People, None, &[]), NOW)
            .await
            .unwrap();
    }
    db.nest_group(&"a".into(), &"b".into(), NOW).await.unwrap();
    let mut other = SqliteConnection::connect(&format!("sqlite:{}", directory.file()))
        .await
        .unwrap();
    let mut noted = async || -> Vec<String> {
        let groups = sqlx::query_scalar("SELECT group_id FROM group_changes ORDER BY group_id")
            .fetch_all(&mut other)
            .await
            .unwrap();
        sqlx::query("DELETE FROM group_changes")
            .execute(&mut other)
            .await
            .unwrap();
        groups
    };
    assert_eq!(noted().await, ["all_people"]);
    let put_in = change(vec![MembersEdit::Add(ids(&["anna"]))]);
    db.change_group(&"b".into(), &put_in, NOW).await.unwrap();
    assert_eq!(noted().await, ["a", "b"]);
    db.change_group(&"b".into(), &put_in, NOW).await.unwrap();
    assert_eq!(noted().await, [""; 0], "nothing changed");
    db.change_person(&"anna".into(), &form("anna", "Anna"), None, None, NOW)
        .await
        .unwrap();
    assert_eq!(
        noted().await,
        ["a", "all_people", "b"],
        "what is known of a member"
    );
    db.delete_group(&"b".into(), None, NOW).await.unwrap();
    assert_eq!(noted().await, ["a", "b"]);
}

// Whatever happens in whatever order, members are what a naive recomputation makes of the same.

#[derive(Clone, Debug)]
enum Step {
    /// Adds or changes a person: number, department, active.
    Person(u8, u8, bool),
    /// As a file does, several at once.
    Import(Vec<(u8, u8)>),
    Delete(u8),
    /// A group by a rule, or with fixed members; changed if it is there.
    Rule(u8, u8, bool),
    Fixed(u8, Vec<u8>),
    Members(u8, Vec<u8>, u8),
    Nest(u8, u8),
    Unnest(u8, u8),
    Drop(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let person = 0u8..7;
    let group = 0u8..6;
    let department = 0u8..3;
    let some = proptest::collection::vec(0u8..7, 0..5);
    let step = prop_oneof![
        3 => (person.clone(), department.clone(), any::<bool>()).prop_map(|(n, d, a)| Step::Person(n, d, a)),
        1 => proptest::collection::vec((person.clone(), department.clone()), 1..5).prop_map(Step::Import),
        1 => person.prop_map(Step::Delete),
        2 => (group.clone(), department, any::<bool>()).prop_map(|(g, d, any)| Step::Rule(g, d, any)),
        2 => (group.clone(), some.clone()).prop_map(|(g, some)| Step::Fixed(g, some)),
        2 => (group.clone(), some, 0u8..3).prop_map(|(g, some, how)| Step::Members(g, some, how)),
        3 => (group.clone(), group.clone()).prop_map(|(a, b)| Step::Nest(a, b)),
        1 => (group.clone(), group.clone()).prop_map(|(a, b)| Step::Unnest(a, b)),
        1 => group.prop_map(Step::Drop),
    ];
    proptest::collection::vec(step, 1..30)
}

#[derive(Default)]
struct Model {
    people: BTreeMap<String, (String, bool)>,
    groups: BTreeMap<String, (Option<Rule>, BTreeSet<String>)>,
    nested: BTreeSet<(String, String)>,
}

fn rule_of(department: u8, any: bool) -> Rule {
    Rule {
        join: if any { Join::Any } else { Join::All },
        conditions: vec![
            condition(
                Attribute::Department,
                Comparison::Equals,
                &format!("CLASS {department}"),
            ),
            condition(Attribute::UserName, Comparison::Not, "p1"),
        ],
    }
}

impl Model {
    fn takes(rule: &Rule, id: &str, department: &str) -> bool {
        let class = rule.conditions[0].value.to_lowercase() == department.to_lowercase();
        match rule.join {
            Join::All => class && id != "p1",
            Join::Any => class || id != "p1",
        }
    }

    fn reaches(&self, from: &str, to: &str) -> bool {
        from == to
            || self
                .nested
                .iter()
                .any(|(outer, inner)| outer == from && self.reaches(inner, to))
    }

    fn members(&self, id: &str) -> BTreeSet<String> {
        let (rule, fixed) = &self.groups[id];
        let mut all: BTreeSet<String> = self
            .people
            .iter()
            .filter(|(_, (_, active))| *active)
            .filter(|(id, (department, _))| {
                fixed.contains(*id)
                    || rule
                        .as_ref()
                        .is_some_and(|rule| Self::takes(rule, id, department))
            })
            .map(|(id, _)| id.clone())
            .collect();
        for (_, inner) in self.nested.iter().filter(|(outer, _)| outer == id) {
            all.extend(self.members(inner));
        }
        all
    }

    async fn step(&mut self, db: &Db, step: &Step) {
        let p = |n: &u8| format!("p{n}");
        let g = |n: &u8| format!("g{n}");
        let known = |people: &BTreeMap<String, (String, bool)>, some: &[u8]| -> BTreeSet<String> {
            some.iter().map(p).filter(|id| people.contains_key(id)).collect()
        };
        let as_form = |id: &str, department: &str, active| PersonForm {
            department: department.to_owned(),
            active,
            ..form(id, id)
        };
        match step {
            Step::Person(n, department, active) => {
                let (id, department) = (p(n), format!("Class {department}"));
                let form = as_form(&id, &department, *active);
                if self.people.contains_key(&id) {
                    db.change_person(&id.as_str().into(), &form, None, None, NOW)
                        .await
                        .unwrap();
                } else {
                    db.insert_person(&person(&id, form), NOW).await.unwrap();
                }
                self.people.insert(id, (department, *active));
            }
            Step::Import(lines) => {
                let mut people = Vec::new();
                for (n, department) in lines {
                    let (id, department) = (p(n), format!("Class {department}"));
                    people.push((id.as_str().into(), as_form(&id, &department, true)));
                    self.people.insert(id, (department, true));
                }
                db.import_people(&people, NOW, Import::Write).await.unwrap();
            }
            Step::Delete(n) => {
                let id = p(n);
                let gone = db.delete_person(&id.as_str().into(), None, NOW).await;
                assert_eq!(gone.is_ok(), self.people.remove(&id).is_some());
                self.groups
                    .values_mut()
                    .for_each(|(_, fixed)| _ = fixed.remove(&id));
            }
            Step::Rule(n, department, any) => {
                let (id, rule) = (g(n), rule_of(*department, *any));
                match self.groups.get_mut(&id) {
                    Some((Some(old), _)) => {
                        let edit = GroupEdit {
                            rule: Some(rule.clone()),
                            ..GroupEdit::default()
                        };
                        db.change_group(&id.as_str().into(), &edit, NOW).await.unwrap();
                        *old = rule;
                    }
                    Some((None, _)) => {}
                    None => {
                        let new = group(&id, GroupKind::People, Some(rule.clone()), &[]);
                        db.insert_group(&new, NOW).await.unwrap();
                        self.groups.insert(id, (Some(rule), BTreeSet::new()));
                    }
                }
            }
            Step::Fixed(n, some) if !self.groups.contains_key(&g(n)) => {
                let fixed = known(&self.people, some);
                let members: Vec<_> = fixed.iter().map(String::as_str).collect();
                let new = group(&g(n), GroupKind::People, None, &members);
                db.insert_group(&new, NOW).await.unwrap();
                self.groups.insert(g(n), (None, fixed));
            }
            Step::Fixed(..) => {}
            Step::Members(n, some, how) => {
                let Some((None, fixed)) = self.groups.get_mut(&g(n)) else {
                    return;
                };
                let given: Vec<String> = some.iter().map(p).collect();
                let these = known(&self.people, some);
                let edit = match how {
                    0 => {
                        fixed.extend(these);
                        MembersEdit::Add(given)
                    }
                    1 => {
                        fixed.retain(|id| !these.contains(id));
                        MembersEdit::Remove(given)
                    }
                    _ => {
                        *fixed = these;
                        MembersEdit::Set(given)
                    }
                };
                db.change_group(&g(n).into(), &change(vec![edit]), NOW)
                    .await
                    .unwrap();
            }
            Step::Nest(outer, inner) => {
                let (outer, inner) = (g(outer), g(inner));
                if !self.groups.contains_key(&outer) || !self.groups.contains_key(&inner) {
                    return;
                }
                let turns = self.reaches(&inner, &outer);
                let nested = db
                    .nest_group(&outer.as_str().into(), &inner.as_str().into(), NOW)
                    .await;
                assert_eq!(nested.is_err(), turns);
                if !turns {
                    self.nested.insert((outer, inner));
                }
            }
            Step::Unnest(outer, inner) => {
                let (outer, inner) = (g(outer), g(inner));
                if self.groups.contains_key(&outer) {
                    db.unnest_group(&outer.as_str().into(), &inner.as_str().into(), NOW)
                        .await
                        .unwrap();
                }
                self.nested.remove(&(outer, inner));
            }
            Step::Drop(n) => {
                let id = g(n);
                let gone = db.delete_group(&id.as_str().into(), None, NOW).await;
                assert_eq!(gone.is_ok(), self.groups.remove(&id).is_some());
                self.nested.retain(|(outer, inner)| *outer != id && *inner != id);
            }
        }
    }

    async fn check(&self, db: &Db, step: &Step) {
        let page = PageQuery {
            rows: Some(100),
            ..PageQuery::default()
        };
        let everybody = BuiltIn::AllPeople.as_str().to_owned();
        let active = self
            .people
            .iter()
            .filter(|(_, (_, active))| *active)
            .map(|(id, _)| id.clone());
        let all = self.groups.keys().map(|id| (id.clone(), self.members(id)));
        for (id, expected) in all.chain([(everybody, active.collect())]) {
            let found = db.group_members(&id.as_str().into(), &page).await.unwrap();
            let found_ids: BTreeSet<_> = found.rows.into_iter().map(|row| row.id).collect();
            assert_eq!(found_ids, expected, "{id} after {step:?}");
            assert_eq!(found.total, Some(expected.len() as i64), "{id} after {step:?}");
        }
    }
}

proptest! {
    // Over the wire a case takes a second.
    #![proptest_config(ProptestConfig {
        cases: if std::env::var("POMONA_TEST_POSTGRES_URL").is_ok() { 16 } else { 64 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn d2_members_are_what_a_naive_recomputation_says(steps in steps()) {
        let steps = &steps;
        on_each(|db| async move {
            let mut model = Model::default();
            for step in steps {
                model.step(&db, step).await;
                model.check(&db, step).await;
            }
        });
    }
}

#[test]
fn d2_groups_inside_are_edited_with_the_members_and_none_is_inside_of_itself() {
    on_each(|db| async move {
        for name in ["anna", "bo"] {
            add(&db, name, name).await;
        }
        let people = |id, members: &[&str], inner: &[&str]| NewGroup {
            inner: inner.iter().map(|id| (*id).to_owned()).collect(),
            ..group(id, GroupKind::People, None, members)
        };
        db.insert_group(&people("class", &["anna"], &[]), NOW)
            .await
            .unwrap();
        db.insert_group(&people("year", &["bo"], &["class"]), NOW)
            .await
            .unwrap();
        assert_eq!(members(&db, "year").await, set(&["anna", "bo"]));
        let inner = |edits: Vec<MembersEdit>| GroupEdit {
            inner: edits,
            ..GroupEdit::default()
        };
        let add = |id: &str| MembersEdit::Add(vec![id.to_owned()]);
        for itself in ["class", "year"] {
            let refused = db
                .change_group(&"class".into(), &inner(vec![add(itself)]), NOW)
                .await;
            assert!(
                matches!(refused, Err(StoreError::Refused(Code::GroupCycle))),
                "{refused:?}"
            );
        }
        let mixed = db
            .change_group(&"class".into(), &inner(vec![add("all_devices")]), NOW)
            .await;
        assert!(matches!(mixed, Err(StoreError::Refused(Code::GroupKindsMixed))));
        assert_eq!(
            db.group(&"class".into()).await.unwrap().version,
            1,
            "nothing of it is there"
        );
        let set_none = inner(vec![MembersEdit::Set(Vec::new())]);
        db.change_group(&"year".into(), &set_none, NOW + 1).await.unwrap();
        assert_eq!(members(&db, "year").await, set(&["bo"]));
        let version = db.group(&"year".into()).await.unwrap().version;
        db.change_group(&"year".into(), &set_none, NOW + 2).await.unwrap();
        assert_eq!(
            db.group(&"year".into()).await.unwrap().version,
            version,
            "the same again"
        );
    });
}

#[test]
fn d3_a_set_of_inner_groups_leaves_those_by_rule_and_leaves_out_the_unknown() {
    on_each(|db| async move {
        for id in ["outer", "a", "b", "c"] {
            db.insert_group(&group(id, GroupKind::People, None, &[]), NOW)
                .await
                .unwrap();
        }
        for inner in ["a", "all_people"] {
            db.nest_group(&"outer".into(), &inner.into(), NOW).await.unwrap();
        }
        let inside = async || -> Vec<_> {
            let inner = db.inner_groups(&"outer".into()).await.unwrap();
            inner.into_iter().map(|row| row.id.0).collect()
        };
        let edit = |inner: Vec<MembersEdit>| GroupEdit {
            inner,
            ..GroupEdit::default()
        };
        let set = edit(vec![MembersEdit::Set(ids(&["b", "no-such-group"]))]);
        db.change_group(&"outer".into(), &set, NOW).await.unwrap();
        assert_eq!(inside().await, ["all_people", "b"]);
        let several = edit(vec![
            MembersEdit::Add(ids(&["a", "b", "c"])),
            MembersEdit::Remove(ids(&["b", "a"])),
        ]);
        db.change_group(&"outer".into(), &several, NOW).await.unwrap();
        assert_eq!(inside().await, ["all_people", "c"]);
    });
}
