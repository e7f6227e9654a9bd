//! `cargo run --release -p store --example people`: how long changes of people and groups take at 200,000 people and 2,500
//! groups by rule, 2,500 with fixed members. On an empty PostgreSQL database, if its address follows: `-- postgres://…`.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use contract::{
    PageQuery, PersonId,
    groups::{Attribute, Comparison, Condition, GroupKind, GroupQuery, Join, Rule},
    people::{PersonForm, PersonQuery, Source},
};
use std::future::Future;
use store::{
    devices::Import,
    groups::{GroupEdit, NewGroup},
};
use tokio::time::Instant;

const PEOPLE: u32 = 200_000;
const GROUPS: u32 = 2_500;
const NOW: i64 = 1_800_000_000_000;

fn person(n: u32, department: u32) -> (PersonId, PersonForm) {
    let form = PersonForm {
        name: format!("Person {n}"),
        user_name: format!("person{n}@school.example"),
        email: format!("person{n}@school.example"),
        department: format!("Class {}", department % GROUPS),
        ..PersonForm::default()
    };
    (format!("0199aaaa-0000-7000-8000-{n:012}").into(), form)
}

fn rule(department: u32) -> Rule {
    Rule {
        join: Join::All,
        conditions: vec![Condition {
            attribute: Attribute::Department,
            comparison: Comparison::Equals,
            value: format!("class {department}"),
        }],
    }
}

async fn timed<T>(what: &str, work: impl Future<Output = T>) -> T {
    let begin = Instant::now();
    let done = work.await;
    println!("{what:<60} {:>8} ms", begin.elapsed().as_millis());
    done
}

#[tokio::main]
async fn main() {
    let folder = std::env::temp_dir().join(format!("pomona-people-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("pomona.sqlite").display().to_string();
    let url = std::env::args().nth(1).unwrap_or(file);
    let db = store::open(&url).await.unwrap();
    let group = |n: u32, rule: Option<Rule>| NewGroup {
        id: format!("group-{n}-{}", rule.is_some()).into(),
        name: format!("Group {n} {}", rule.is_some()),
        kind: GroupKind::People,
        members: match rule {
            Some(_) => Vec::new(),
            None => (0..80).map(|k| person(n * 80 + k, 0).0.0).collect(),
        },
        rule,
        source: Source::Manual,
        external_id: None,
        inner: Vec::new(),
    };
    timed("2,500 groups by rule, of nobody yet", async {
        for n in 0..GROUPS {
            db.insert_group(&group(n, Some(rule(n))), NOW).await.unwrap();
        }
    })
    .await;
    for begin in (0..PEOPLE).step_by(50_000) {
        let people: Vec<_> = (begin..begin + 50_000).map(|n| person(n, n)).collect();
        timed(
            "50,000 new people, each in one group by rule",
            db.import_people(&people, NOW, Import::Write),
        )
        .await
        .unwrap();
    }
    timed("2,500 groups with 80 fixed members each", async {
        for n in 0..GROUPS {
            db.insert_group(&group(n, None), NOW).await.unwrap();
        }
    })
    .await;
    let edit = GroupEdit {
        rule: Some(rule(7)),
        ..GroupEdit::default()
    };
    let first = group(0, Some(rule(0))).id;
    timed("another rule", db.change_group(&first, &edit, NOW))
        .await
        .unwrap();
    timed("preview of a rule", db.rule_preview(GroupKind::People, &rule(9)))
        .await
        .unwrap();
    let moved: Vec<_> = (0..10_000).map(|n| person(n, n + 1)).collect();
    timed(
        "an import that moves 10,000 people",
        db.import_people(&moved, NOW + 1, Import::Write),
    )
    .await
    .unwrap();
    let (id, form) = person(5, 9);
    timed(
        "one person changed",
        db.change_person(&id, &form, None, None, NOW + 2),
    )
    .await
    .unwrap();
    timed("first page of people", db.person_list(&PersonQuery::default()))
        .await
        .unwrap();
    let search = PersonQuery {
        search: "99".to_owned(),
        ..PersonQuery::default()
    };
    timed("a search of people", db.person_list(&search))
        .await
        .unwrap();
    timed("first page of groups", db.group_list(&GroupQuery::default()))
        .await
        .unwrap();
    let page = PageQuery::default();
    timed(
        "first members of All people",
        db.group_members(&"all_people".into(), &page),
    )
    .await
    .unwrap();
    timed("first members of a class", db.group_members(&first, &page))
        .await
        .unwrap();
    drop(db);
    _ = std::fs::remove_dir_all(folder);
}
