//! What becomes of apps and of what failed when an assignment ends, a group is left, or Apple refused.

use super::{
    tests::{
        DEVICE, REQUIRED, USER, asset, assigned, devices, drawing, held, include, people, source, verdicts,
    },
    *,
};
use crate::engine::desired::{Device, Group, Person, Source};
use contract::{assignments::Registration, devices::Platform, groups::GroupKind};

/// One person with an iPad and a Mac, who is in no group.
fn owner() -> Desired {
    let device = |platform| Device {
        owner: Some(0),
        platform,
        ..Device::default()
    };
    let (mut desired, _) = people(
        vec![Person {
            registration: Registration::Associated,
            ..Person::default()
        }],
        0,
    );
    let all = desired.directory.people().to_vec();
    desired.directory = Directory::new(vec![device(Platform::IPadOs), device(Platform::MacOs)], all);
    desired.groups[0].members.clear();
    desired
}

#[test]
fn r2_the_app_goes_from_a_persons_devices_with_the_persons_licence() {
    let desired = owner();
    let mut asset = asset(0, vec![assigned(1, 0, include(Intent::Required, USER))]);
    asset.held = vec![held(Who::Person(0), LicenseState::Held, Some(1))];
    let plan = Planner::default().plan(&desired, &asset);
    assert_eq!(plan.lines[0].verdict, Verdict::Loses);
    assert_eq!(plan.errands, [(0, Errand::Uninstall)], "not from the Mac");
}

#[test]
fn r2_the_app_stays_where_another_licence_stands_in_for_the_persons() {
    let mut desired = owner();
    let mut asset = asset(0, vec![assigned(1, 0, include(Intent::Required, USER))]);
    asset.held = vec![
        held(Who::Device(0), LicenseState::Held, None),
        held(Who::Person(0), LicenseState::Held, Some(1)),
    ];
    assert_eq!(
        Planner::default().plan(&desired, &asset).errands,
        [],
        "the device's own"
    );
    let account = |again| Person {
        again,
        registration: Registration::Associated,
        ..Person::default()
    };
    let owned = desired.directory.devices().to_vec();
    desired.directory = Directory::new(owned, vec![account(false), account(true)]);
    asset.held = vec![
        held(Who::Person(0), LicenseState::Held, Some(1)),
        held(Who::Person(1), LicenseState::Held, None),
    ];
    let plan = Planner::default().plan(&desired, &asset);
    assert_eq!(plan.errands, [], "the person's other account's");
}

#[test]
fn r2_a12_what_goes_back_to_another_location_is_removed_unless_there_is_a_licence_here() {
    let mut desired = devices(3);
    desired.groups[0].members = vec![0];
    let asset = DesiredAsset {
        held: vec![held(Who::Device(0), LicenseState::Held, Some(1))],
        ..drawing(0, source(0, &[(0, Some(1)), (1, Some(1))]))
    };
    let plan = Planner::default().plan(&desired, &asset);
    assert_eq!(plan.returns, [(0, 0), (1, 0)]);
    assert_eq!(plan.errands, [(0, Errand::Install), (1, Errand::Uninstall)]);
}

#[test]
fn a12_what_apple_refused_a_device_there_is_not_drawn_again_until_the_assignment_is_saved() {
    let refused = |since, shortage| Held {
        since,
        shortage,
        ..held(Who::Device(0), LicenseState::Failed, Some(1))
    };
    let planned = |there, changed_at| {
        let mut asset = drawing(
            0,
            Source {
                free: Some(1),
                held: vec![there],
            },
        );
        asset.assigned[0].changed_at = changed_at;
        verdicts(&devices(1), &asset)
    };
    let waits = [Verdict::Waits { before: 0 }];
    assert_eq!(planned(refused(5, false), 5), waits, "it is in the line here");
    assert_eq!(planned(refused(5, false), 6), [Verdict::Draws]);
    assert_eq!(planned(refused(5, true), 5), [Verdict::Draws], "that passes");
    let short = Held {
        none_left: true,
        ..refused(5, false)
    };
    assert_eq!(planned(short, 5), [Verdict::Draws], "and so does this");
}

#[test]
fn a12_whoever_draws_keeps_the_place_in_the_line_until_it_is_there() {
    let planned = |state| {
        let waiting = |at, since| Held {
            since,
            ..held(Who::Device(at), LicenseState::Waiting, Some(1))
        };
        let there = Held {
            shortage: true,
            ..held(Who::Device(1), state, Some(1))
        };
        let source = Source {
            free: Some(0),
            held: vec![there],
        };
        let asset = DesiredAsset {
            held: vec![waiting(0, 9), waiting(1, 5)],
            ..drawing(0, source)
        };
        verdicts(&devices(2), &asset)
    };
    let waits = |before| Verdict::Waits { before };
    assert_eq!(planned(LicenseState::Requested), [waits(0), Verdict::Has]);
    assert_eq!(
        planned(LicenseState::Failed),
        [waits(1), waits(0)],
        "none was left"
    );
}

#[test]
fn a12_what_a_removed_assignment_drew_goes_back_with_it() {
    let asset = DesiredAsset {
        assigned: Vec::new(),
        removed: Some(1),
        ..drawing(0, source(0, &[(0, Some(1)), (1, Some(2))]))
    };
    let plan = Planner::default().plan(&devices(2), &asset);
    assert_eq!(plan.returns, [(0, 0)], "and nothing else");
    assert_eq!(plan.errands, [(0, Errand::Uninstall)]);
}

#[test]
fn a8_whoever_was_chosen_by_hand_and_met_a_shortage_at_apple_waits() {
    let mut asset = asset(1, Vec::new());
    let short = |at| Held {
        shortage: true,
        ..held(Who::Device(at), LicenseState::Failed, None)
    };
    asset.held = vec![
        short(0),
        short(1),
        held(Who::Device(2), LicenseState::Failed, None),
    ];
    assert_eq!(
        verdicts(&devices(3), &asset),
        [Verdict::Gets, Verdict::Waits { before: 0 }],
        "another refusal is left alone"
    );
    // It may ask for the app too.
    let mut desired = owner();
    desired.groups[0] = Group {
        kind: GroupKind::People,
        members: vec![0],
    };
    asset.assigned = vec![assigned(1, 0, include(Intent::Available, DEVICE))];
    asset.held = vec![short(0)];
    assert_eq!(verdicts(&desired, &asset), [Verdict::Gets, Verdict::Offered]);
}

#[test]
fn what_failed_is_over_when_the_group_is_left_or_the_assignment_removed() {
    let mut desired = devices(2);
    desired.groups[0].members = vec![0];
    let failed = |at, by| held(Who::Device(at), LicenseState::Failed, by);
    let mut asset = asset(0, vec![assigned(1, 0, REQUIRED)]);
    asset.assigned[0].changed_at = 0;
    asset.held = vec![failed(0, Some(1)), failed(1, Some(1))];
    let refused = Verdict::Cannot {
        reason: Reason::Refused,
    };
    assert_eq!(verdicts(&desired, &asset), [refused, Verdict::Leaves]);
    asset.assigned.clear();
    assert_eq!(verdicts(&desired, &asset), [Verdict::Leaves, Verdict::Leaves]);
    asset.held = vec![failed(0, None)];
    assert!(verdicts(&desired, &asset).is_empty(), "by hand it is told still");
}

#[test]
fn whoever_apple_knows_no_more_is_made_known_again_unless_apple_would_not() {
    let gone = |refused| Person {
        refused,
        registered_at: 3,
        ..Person::default()
    };
    let (desired, mut asset) = people(vec![gone(false), gone(true)], 5);
    asset.assigned[0].changed_at = 0;
    let failed = |person| Held {
        since: 5,
        unknown: true,
        ..held(Who::Person(person), LicenseState::Failed, Some(1))
    };
    asset.held = vec![failed(0), failed(1)];
    let refused = Verdict::Cannot {
        reason: Reason::Refused,
    };
    assert_eq!(verdicts(&desired, &asset), [Verdict::Gets, refused]);
}
