//! Who is at the demo's school, and its groups.

use crate::{portal::Portal, start::StartError};
use contract::{
    Caller, GroupId,
    devices::DeviceForm,
    devices::Platform,
    groups::{Attribute, Comparison, Condition, GroupForm, GroupKind, Groups, Join, Rule},
    people::People,
};

/// As a school's register would export them.
const PEOPLE: &str = include_str!("people.csv");

/// Groups of people by their department.
const DEPARTMENTS: [(&str, &str); 3] = [("Class 6A", "6A"), ("Class 6B", "6B"), ("Teachers", "Teachers")];
/// What both classes are inside of.
const PUPILS: &str = "Pupils";
/// Groups of devices by their platform.
const PLATFORMS: [(&str, Platform); 2] = [("iPads", Platform::IPadOs), ("Macs", Platform::MacOs)];

/// Through the portal, as an administrator would.
pub(super) async fn add_school(portal: &Portal, owner: &Caller) -> Result<(), StartError> {
    People::import_csv(portal, owner, PEOPLE)
        .await
        .map_err(StartError::First)?;
    let pupils = add_group(portal, owner, PUPILS, GroupKind::People, None).await?;
    for (name, department) in DEPARTMENTS {
        let rule = equals(Attribute::Department, department);
        add_group(portal, owner, name, GroupKind::People, Some(rule)).await?;
        if name.starts_with("Class") {
            Groups::nest(portal, owner, &pupils, name)
                .await
                .map_err(StartError::First)?;
        }
    }
    for (name, platform) in PLATFORMS {
        let rule = equals(Attribute::Platform, platform.as_str());
        add_group(portal, owner, name, GroupKind::Devices, Some(rule)).await?;
    }
    Ok(())
}

async fn add_group(
    portal: &Portal,
    owner: &Caller,
    name: &str,
    kind: GroupKind,
    rule: Option<Rule>,
) -> Result<GroupId, StartError> {
    let form = GroupForm {
        name: name.to_owned(),
        kind,
        rule,
        members: String::new(),
    };
    let (id, _) = Groups::add(portal, owner, form)
        .await
        .map_err(StartError::First)?;
    Ok(id)
}

fn equals(attribute: Attribute, value: &str) -> Rule {
    Rule {
        join: Join::All,
        conditions: vec![Condition {
            attribute,
            comparison: Comparison::Equals,
            value: value.to_owned(),
        }],
    }
}

/// Everybody has a device of their own, from the end of the list; the first ones are for whoever needs one.
pub(super) fn hand_out(devices: &mut [DeviceForm]) {
    let people = PEOPLE.lines().skip(1).filter_map(|line| line.split(',').nth(1));
    for (device, user_name) in devices.iter_mut().rev().zip(people) {
        user_name.clone_into(&mut device.user_name);
    }
}
