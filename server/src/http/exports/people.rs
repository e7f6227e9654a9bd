//! People, devices, and groups of either (D1 to D3).

use super::pages::{export, key};
use crate::portal::csv::rows;
use app::ui::Address;
use contract::{
    GroupId,
    groups::{BuiltIn, GroupRow, MemberRow},
};

export! {
    /// With the columns that an upload of devices knows (D3).
    devices: "devices.csv", devices.list(app::devices::list_query), rows::device_head(), rows::device
}

export! {
    /// With the columns that an upload of people knows (D3).
    people: "people.csv", people.list(app::people::list_query), rows::person_head(), rows::person
}

export! {
    /// D2, by name.
    groups: "groups.csv", groups.list(app::groups::list_query), GROUP_HEAD, group
}

const GROUP_HEAD: [&str; 5] = ["name", "kind", "rule", "source", "members"];

/// Whom a group that is always there takes in.
fn everybody(group: BuiltIn) -> String {
    match group {
        BuiltIn::AllPeople => "everybody who is active".to_owned(),
        BuiltIn::AllDevices => "every device".to_owned(),
    }
}

fn group(row: GroupRow) -> Vec<String> {
    let rule = row.rule.filter(|_| row.built_in.is_none()).map(|rule| {
        let conditions = rule.conditions.iter().map(|one| {
            let (attribute, comparison) = (one.attribute.as_str(), one.comparison.as_str());
            format!("{attribute} {comparison} {}", one.value)
                .trim_end()
                .to_owned()
        });
        let conditions: Vec<_> = conditions.collect();
        format!("{}: {}", rule.join.as_str(), conditions.join("; "))
    });
    vec![
        row.name,
        row.kind.as_str().to_owned(),
        rule.or_else(|| row.built_in.map(everybody)).unwrap_or_default(),
        row.source.as_str().to_owned(),
        row.members.to_string(),
    ]
}

export! {
    /// D2: who is in a group, by name.
    members: "members.csv", groups.members(of &group_of, Address::page), MEMBER_HEAD, member
}

fn group_of(address: &Address) -> GroupId {
    GroupId(address.get("group"))
}

const MEMBER_HEAD: [&str; 3] = ["name", "key", "put_in"];

fn member(row: MemberRow) -> Vec<String> {
    vec![row.name, key(&row.key), row.fixed.to_string()]
}
