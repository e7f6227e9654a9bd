//! What a device can run (A3), what of it another tool installs (A13), and what its user is asked for it.

use super::{
    tests::{
        DEVICE, REQUIRED, USER, asset, assigned, devices, drawing, held, include, people, source, verdicts,
    },
    *,
};
use crate::engine::desired::{Device, Group, Person};
use contract::{
    assignments::{Prompts, Registration},
    devices::{DeviceOwnership, Platform, Platforms},
    groups::GroupKind,
};

const RUNS_ELSEWHERE: Verdict = Verdict::Cannot {
    reason: Reason::RunsElsewhere,
};

fn on(platform: Platform) -> Device {
    Device {
        platform,
        ..Device::default()
    }
}

/// A person's devices.
fn owned(devices: impl IntoIterator<Item = Device>) -> (Desired, DesiredAsset) {
    let (mut desired, asset) = people(vec![Person::default()], 5);
    let devices = devices.into_iter().map(|device| Device {
        owner: Some(0),
        ..device
    });
    let people = desired.directory.people().to_vec();
    desired.directory = Directory::new(devices.collect(), people);
    (desired, asset)
}

#[test]
fn a_licence_goes_to_no_device_that_does_not_run_the_app_and_it_does_not_wait_either() {
    let mut desired = devices(4);
    let fleet = [Platform::IPadOs, Platform::MacOs, Platform::IOs, Platform::MacOs];
    desired.directory = Directory::new(fleet.map(on).to_vec(), Vec::new());
    let runs_on = |names: &[&str], free| DesiredAsset {
        platforms: Platforms::of(names.iter().copied()),
        ..asset(free, vec![assigned(1, 0, REQUIRED)])
    };
    assert_eq!(
        verdicts(&desired, &runs_on(&["macOS"], 5)),
        [RUNS_ELSEWHERE, Verdict::Gets, RUNS_ELSEWHERE, Verdict::Gets]
    );
    assert_eq!(
        verdicts(&desired, &runs_on(&["iOS"], 1)),
        [
            Verdict::Gets,
            RUNS_ELSEWHERE,
            Verdict::Waits { before: 0 },
            RUNS_ELSEWHERE
        ],
        "an iPad runs what an iPhone does"
    );
    assert_eq!(
        verdicts(&desired, &runs_on(&[], 5)),
        [Verdict::Gets; 4],
        "not known"
    );
    let mut waiting = runs_on(&["iOS"], 0);
    waiting.held = vec![held(Who::Device(1), LicenseState::Waiting, None)];
    let plan = Planner::default().plan(&desired, &waiting);
    assert_eq!(plan.lines[1].verdict, RUNS_ELSEWHERE, "chosen by hand too");
}

#[test]
fn a_person_has_what_one_of_the_devices_runs_and_it_is_installed_there_alone() {
    let verdict = |devices: &[Device]| {
        let (desired, mut asset) = owned(devices.iter().copied());
        asset.platforms = Platforms::of(["iOS"]);
        verdicts(&desired, &asset)[0]
    };
    let [pad, mac] = [on(Platform::IPadOs), on(Platform::MacOs)];
    let gone = |device| Device { gone: true, ..device };
    assert_eq!(verdict(&[mac, pad]), Verdict::Gets);
    assert_eq!(verdict(&[mac]), RUNS_ELSEWHERE);
    assert_eq!(verdict(&[mac, gone(pad)]), RUNS_ELSEWHERE);
    assert_eq!(verdict(&[]), Verdict::Gets, "no device is known");
    assert_eq!(verdict(&[gone(mac)]), Verdict::Gets, "none is left");
    let blocked = Device {
        store_blocked: true,
        ..pad
    };
    let store_blocked = Verdict::Cannot {
        reason: Reason::StoreBlocked,
    };
    assert_eq!(
        verdict(&[mac, blocked]),
        store_blocked,
        "what can be put right is said"
    );

    let (mut desired, mut asset) = owned([mac, pad]);
    asset.platforms = Platforms::of(["iOS"]);
    desired.groups.push(Group {
        kind: GroupKind::Devices,
        members: vec![0, 1],
    });
    asset.assigned = vec![assigned(1, 1, include(Intent::Required, USER))];
    let plan = Planner::default().plan(&desired, &asset);
    assert_eq!(plan.errands, [(1, Errand::Install)]);
}

#[test]
fn a9_a_person_is_asked_whatever_any_device_that_runs_it_asks() {
    let pad = Device {
        supervised: true,
        ownership: DeviceOwnership::Corporate,
        ..on(Platform::IPadOs)
    };
    let kiosk = Device { kiosk: true, ..pad };
    let (desired, mut asset) = owned([pad, on(Platform::MacOs)]);
    let asked = |desired: &Desired, asset: &DesiredAsset| {
        prompts_for(&desired.directory, asset, Who::Person(0)).map(Prompts::parts)
    };
    let (all, quiet) = (Some([true, true, true]), Some([true, false, true]));
    assert_eq!(asked(&desired, &asset), Some((all, false)), "the Mac asks more");
    asset.platforms = Platforms::of(["iOS"]);
    assert_eq!(
        asked(&desired, &asset),
        Some((quiet, false)),
        "the Mac does not run it"
    );
    let (desired, asset) = owned([pad, kiosk]);
    assert_eq!(asked(&desired, &asset), Some((quiet, true)), "a kiosk is named");
    let (desired, asset) = owned([kiosk]);
    assert_eq!(asked(&desired, &asset), Some((None, true)));
    let (desired, asset) = owned([]);
    assert_eq!(asked(&desired, &asset), None);
}

#[test]
fn a3_a_managed_account_joins_with_the_licence_though_the_store_is_blocked() {
    let blocked = Device {
        store_blocked: true,
        ..on(Platform::IPadOs)
    };
    let verdict = |registration, managed_account| {
        let (mut desired, asset) = owned([blocked]);
        let person = Person {
            registration,
            managed_account,
            ..Person::default()
        };
        desired.directory = Directory::new(desired.directory.devices().to_vec(), vec![person]);
        verdicts(&desired, &asset)[0]
    };
    let store_blocked = Verdict::Cannot {
        reason: Reason::StoreBlocked,
    };
    assert_eq!(verdict(Registration::None, true), Verdict::Gets);
    assert_eq!(verdict(Registration::None, false), store_blocked);
    assert_eq!(
        verdict(Registration::Registered, true),
        store_blocked,
        "not associated yet"
    );
    assert_eq!(verdict(Registration::Associated, false), Verdict::Gets);
}

#[test]
fn a13_what_another_tool_installs_is_licensed_and_neither_installed_nor_removed() {
    let errands = |desired: &Desired, asset: &DesiredAsset| Planner::default().plan(desired, asset).errands;
    let desired = devices(2);
    let mut asset = asset(1, vec![assigned(1, 0, REQUIRED)]);
    asset.held = vec![held(Who::Device(1), LicenseState::Held, Some(1))];
    assert_eq!(errands(&desired, &asset).len(), 2);
    asset.license_only = vec![1];
    assert_eq!(verdicts(&desired, &asset), [Verdict::Gets, Verdict::Has]);
    assert_eq!(errands(&desired, &asset), []);

    let mut left = desired.clone();
    left.groups[0].members.clear();
    assert_eq!(verdicts(&left, &asset), [Verdict::Loses]);
    assert_eq!(errands(&left, &asset), []);
    let uninstalling = DesiredAsset {
        assigned: vec![assigned(1, 0, include(Intent::Uninstall, DEVICE))],
        ..asset.clone()
    };
    assert_eq!(verdicts(&desired, &uninstalling), [Verdict::Loses]);
    assert_eq!(errands(&desired, &uninstalling), []);
    let removed = DesiredAsset {
        assigned: Vec::new(),
        removed: Some(1),
        ..asset
    };
    assert_eq!(verdicts(&desired, &removed), [Verdict::Loses]);
    assert_eq!(errands(&desired, &removed), []);
    let gives_back = DesiredAsset {
        assigned: Vec::new(),
        removed: Some(1),
        license_only: vec![1],
        ..drawing(0, source(0, &[(0, Some(1))]))
    };
    let plan = Planner::default().plan(&desired, &gives_back);
    assert_eq!((plan.returns.len(), plan.errands.len()), (1, 0));
}
