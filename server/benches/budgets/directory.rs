//! The lists of 200,000 people, 100,000 devices and 5,000 groups: as they open, and searched for something else each time.

use crate::{
    Outcome,
    pages::{Waits, percent},
    place::{Folder, add_owner},
    report::Report,
};
use contract::{
    DeviceId, GroupId, PersonId,
    devices::DeviceForm,
    groups::GroupKind,
    people::{PersonForm, Source},
};
use server::clock::new_id;
use store::{devices::Import, groups::NewGroup};

const PEOPLE: usize = 200_000;
const DEVICES: usize = 100_000;
const GROUPS: usize = 5_000;
/// Of each group.
const MEMBERS: usize = 40;
/// People and devices that are written at once.
const AT_ONCE: usize = 50_000;
const SEARCHES: usize = 1_000;

/// A list, as it opens and searched.
const LISTS: [(&str, &str, &str, usize); 3] = [
    ("people.list", "people.search", "/people", PEOPLE),
    ("devices.list", "devices.search", "/devices", DEVICES),
    ("groups.list", "groups.search", "/groups", GROUPS),
];

pub async fn measure(report: &Report) -> Outcome<()> {
    if !LISTS
        .iter()
        .any(|(list, search, ..)| report.wants_any(&[list, search]))
    {
        return Ok(());
    }
    report.progress("making 200,000 people, 100,000 devices and 5,000 groups");
    let folder = Folder::new()?;
    fill(&folder).await?;
    for (list, search, path, number) in LISTS {
        let list = Waits {
            name: list,
            paths: vec![path.to_owned()],
            rows: 50,
            budget: 20.0,
        };
        list.measure(report, &folder).await?;
        // Each finds one by the end of its name, which no index begins with.
        let every = number / SEARCHES;
        let search = Waits {
            name: search,
            paths: (0..SEARCHES)
                .map(|search| format!("{path}?search={}", percent(&surname(search * every))))
                .collect(),
            rows: 1,
            budget: 25.0,
        };
        search.measure(report, &folder).await?;
    }
    Ok(())
}

fn surname(number: usize) -> String {
    format!("Lindqvist {number:06}")
}

async fn fill(folder: &Folder) -> Outcome<()> {
    let portal = folder.portal().await?;
    add_owner(&portal).await?;
    let now = portal.clock.now();
    let people: Vec<_> = (0..PEOPLE)
        .map(|number| {
            let form = PersonForm {
                name: format!("Ada {}", surname(number)),
                user_name: format!("user{number:06}"),
                email: format!("user{number:06}@harbour.example"),
                department: format!("Year {}", number % 13),
                ..PersonForm::default()
            };
            (PersonId(new_id(now)), form)
        })
        .collect();
    for some in people.chunks(AT_ONCE) {
        portal.db.import_people(some, now, Import::Write).await?;
    }
    let devices: Vec<_> = (0..DEVICES)
        .map(|number| {
            let form = DeviceForm {
                name: format!("iPad {}", surname(number)),
                serial: format!("PLUM{number:06}"),
                user_name: format!("user{number:06}"),
                ..DeviceForm::default()
            };
            (DeviceId(new_id(now)), form)
        })
        .collect();
    for some in devices.chunks(AT_ONCE) {
        portal.db.import_devices(some, now, Import::Write).await?;
    }
    for (number, members) in people.chunks(MEMBERS).enumerate().take(GROUPS) {
        let group = NewGroup {
            id: GroupId(new_id(now)),
            name: format!("Class {}", surname(number)),
            kind: GroupKind::People,
            rule: None,
            source: Source::Manual,
            external_id: None,
            members: members.iter().map(|(id, _)| id.to_string()).collect(),
            inner: Vec::new(),
        };
        portal.db.insert_group(&group, now).await?;
    }
    Ok(())
}
