//! What is read becomes the facts of the pure functions.

use super::SHORTAGE;
use crate::engine::desired::{
    Assigned, Desired, DesiredAsset, Device, Directory, Group, Held, Person, Source, Who,
};
use contract::licenses::LicenseState;
use store::{
    catalog::StockAsset,
    planning::{PlanAssetData, PlanLicense, PlanSource, PlanningData},
};

pub fn facts(data: &PlanningData, stock: &[StockAsset]) -> Desired {
    let devices = data.devices.iter().map(|device| Device {
        owner: device.owner,
        ownership: device.ownership,
        supervised: device.supervised,
        enrolment: device.enrolment,
        kiosk: device.kiosk,
        store_blocked: device.store_blocked,
        platform: device.platform,
        gone: device.gone,
    });
    let mut before = None;
    let people = data.people.iter().map(|person| Person {
        registration: person.registration,
        managed_account: person.managed_account,
        again: before.replace(&person.id) == Some(&person.id),
        refused: person.refused,
        left: person.left,
        registered_at: person.registered_at,
    });
    let groups = data.groups.iter().map(|(_, kind, members)| Group {
        kind: *kind,
        members: members.clone(),
    });
    let assets = data
        .assets
        .iter()
        .zip(stock)
        .map(|(own, stock)| asset_facts(data, own, stock));
    Desired {
        directory: Directory::new(devices.collect(), people.collect()),
        groups: groups.collect(),
        assets: assets.collect(),
    }
}

fn asset_facts(data: &PlanningData, own: &PlanAssetData, stock: &StockAsset) -> DesiredAsset {
    let assigned = own.assignments.iter().filter_map(|one| {
        // A group that is gone brings nobody anything.
        let group = data.groups.binary_search_by(|(id, ..)| id.cmp(&one.group)).ok()?;
        Some(Assigned {
            number: one.number,
            group,
            target: one.target,
            priority: one.priority,
            shortage: one.shortage,
            reserved: one.reserved,
            keeps: one.settings.keep_licenses,
            created_at: one.created_at,
            changed_at: one.changed_at,
            draw: one
                .settings
                .draw_from
                .as_ref()
                .and_then(|from| own.sources.iter().position(|source| source.location == *from)),
        })
    });
    let devices = own
        .device_licenses
        .iter()
        .map(|license| held(Who::Device(license.position), license));
    let people = own
        .user_licenses
        .iter()
        .map(|license| held(Who::Person(license.position), license));
    let asked_devices = own.asked_devices.iter();
    let asked_devices = asked_devices.map(|(position, at)| (Who::Device(*position), *at));
    let asked_people = own.asked_people.iter();
    let asked_people = asked_people.map(|(position, at)| (Who::Person(*position), *at));
    DesiredAsset {
        id: stock.id,
        product: stock.product,
        platforms: stock.platforms,
        device_assignable: stock.device_assignable,
        revocable: stock.revocable,
        free: (!stock.unlimited).then_some(stock.counts.available - own.requested),
        assigned: assigned.collect(),
        held: devices.chain(people).collect(),
        asked: asked_devices.chain(asked_people).collect(),
        removed: None,
        license_only: own
            .assignments
            .iter()
            .filter(|one| one.settings.license_only)
            .map(|one| one.number)
            .chain(data.removed_license_only.iter().copied())
            .collect(),
        moved: own.moved_people.clone(),
        barred: own
            .barred_devices
            .iter()
            .map(|(position, at)| (Who::Device(*position), *at))
            .collect(),
        sources: own.sources.iter().map(source).collect(),
        foreign: own.foreign.clone(),
        lost: own
            .lost_devices
            .iter()
            .map(|position| Who::Device(*position))
            .chain(own.lost_people.iter().map(|position| Who::Person(*position)))
            .collect(),
    }
}

fn source(source: &PlanSource) -> Source {
    let held = source
        .held
        .iter()
        .map(|license| held(Who::Device(license.position), license));
    Source {
        free: source.free,
        held: held.collect(),
    }
}

fn held(who: Who, license: &PlanLicense) -> Held {
    Held {
        who,
        state: license.state,
        since: license.since,
        turn: license.turn,
        assignment: license.assignment,
        known: license.known,
        shortage: license.error == Some(i64::from(SHORTAGE)),
        unknown: license.error == Some(i64::from(apple::number::UNKNOWN_USER)),
        none_left: license.state == LicenseState::Failed && license.error.is_none(),
        not_taken_back: license.state == LicenseState::Held && license.error.is_some(),
    }
}
