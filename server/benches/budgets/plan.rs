//! The plan of 100,000 devices and 25 apps, 20 groups with conflicts, on one core; and how many calls it takes.

use crate::{
    Outcome,
    report::{Budget, Report},
};
use contract::{
    AssetId, UnixMillis,
    assignments::{Intent, LicenseKind, Priority, Shortage, Target, Verdict},
    catalog::ProductType,
    devices::{Platform, Platforms},
    groups::GroupKind,
    licenses::LicenseState,
};
use server::engine::{
    Limits,
    desired::{Assigned, Desired, DesiredAsset, Device, Directory, Group, Held, Person, Who},
    fulfil::Planner,
    group,
};
use tokio::time::Instant;

const PLAN: &str = "plan.100k";
const APPLY: &str = "apply.100k";
const DEVICES: u32 = 100_000;
const PEOPLE: u32 = 60_000;
const APPS: i64 = 25;
const GROUPS: u32 = 20;
/// Apple's, as `service/config` says.
const APPLE: Limits = Limits {
    assets: 25,
    holders: 1_000,
};

pub fn measure(report: &Report) -> Outcome<()> {
    if report.wants(PLAN) {
        report.progress("100,000 devices, 25 apps, 20 groups");
        let desired = desired();
        let mut seconds = Vec::new();
        let mut said = [0; 4];
        for _ in 0..report.runs {
            let begun = Instant::now();
            let mut planner = Planner::default();
            said = [0; 4];
            for asset in &desired.assets {
                for line in planner.plan(&desired, asset).lines {
                    let place = match line.verdict {
                        Verdict::Gets => 0,
                        Verdict::Waits { .. } => 1,
                        Verdict::Has => 2,
                        _ => 3,
                    };
                    if let Some(count) = said.get_mut(place) {
                        *count += 1;
                    }
                }
            }
            seconds.push(begun.elapsed().as_secs_f64());
        }
        let note = format!(
            "get {}, wait {}, have {}, other {}",
            said[0], said[1], said[2], said[3]
        );
        report.print_median(PLAN, &seconds, "s", Budget::AtMost(1.0), &note);
    }
    if report.wants(APPLY) {
        let pairs = (0..DEVICES).flat_map(|device| (0..APPS).map(move |app| (AssetId(app), device)));
        let calls = group(pairs, APPLE).len();
        let least = (DEVICES as usize).div_ceil(APPLE.holders) * (APPS as usize).div_ceil(APPLE.assets);
        let note = format!("{calls} calls for {DEVICES} devices and {APPS} apps, {least} at the least");
        report.print(
            APPLY,
            calls as f64 / least as f64,
            "x",
            Budget::AtMost(1.01),
            &note,
        );
    }
    Ok(())
}

/// Half of the groups are of people; each holds every second to every eleventh. Every app is assigned to all groups, with
/// intents that conflict and two exclusions; a part of the licences is held or waited for, and there are too few.
fn desired() -> Desired {
    let devices = (0..DEVICES).map(|device| Device {
        owner: (!device.is_multiple_of(5)).then_some(device % PEOPLE),
        // Every tenth does not run the apps.
        platform: match device.is_multiple_of(10) {
            true => Platform::MacOs,
            false => Platform::IPadOs,
        },
        supervised: device.is_multiple_of(2),
        ..Device::default()
    });
    let groups = (0..GROUPS).map(|group| {
        let (kind, all) = match group % 2 {
            0 => (GroupKind::People, PEOPLE),
            _ => (GroupKind::Devices, DEVICES),
        };
        let every = (group / 2 + 2) as usize;
        Group {
            kind,
            members: (0..all).step_by(every).collect(),
        }
    });
    Desired {
        directory: Directory::new(devices.collect(), vec![Person::default(); PEOPLE as usize]),
        groups: groups.collect(),
        assets: (0..APPS).map(asset).collect(),
    }
}

fn asset(number: i64) -> DesiredAsset {
    let mut assigned: Vec<_> = (0..GROUPS as usize)
        .map(|group| assigned(number, group))
        .collect();
    assigned.sort_by_key(Assigned::order);
    let held = (0..DEVICES).step_by(4).map(|device| Held {
        who: Who::Device(device),
        state: if device.is_multiple_of(8) {
            LicenseState::Held
        } else {
            LicenseState::Waiting
        },
        since: UnixMillis::from(device % 1_000),
        turn: 0,
        assignment: Some(number * i64::from(GROUPS) + 1),
        known: true,
        shortage: false,
        unknown: false,
        none_left: false,
        not_taken_back: false,
    });
    DesiredAsset {
        id: AssetId(number),
        product: ProductType::App,
        platforms: Platforms::of(["iOS"]),
        device_assignable: true,
        revocable: true,
        free: Some(i64::from(DEVICES / 2)),
        assigned,
        held: held.collect(),
        asked: Vec::new(),
        lost: Vec::new(),
        barred: Vec::new(),
        moved: Vec::new(),
        removed: None,
        license_only: Vec::new(),
        sources: Vec::new(),
        foreign: Vec::new(),
    }
}

fn assigned(number: i64, group: usize) -> Assigned {
    let people = group.is_multiple_of(2);
    let intent = match (group + number as usize) % 7 {
        0 => Intent::Uninstall,
        1 | 2 if people => Intent::Available,
        _ => Intent::Required,
    };
    let target = match group {
        18 | 19 => Target::Exclude,
        _ => Target::Include {
            intent,
            kind: LicenseKind::Device,
        },
    };
    Assigned {
        number: number * i64::from(GROUPS) + group as i64,
        group,
        target,
        priority: match group % 3 {
            0 => Priority::High,
            1 => Priority::Normal,
            _ => Priority::Low,
        },
        shortage: Shortage::Wait,
        reserved: i64::from(group == 3) * 100,
        keeps: false,
        created_at: group as i64,
        changed_at: 0,
        draw: None,
    }
}
