//! The rules of the plan one by one, and what holds for any.

use super::*;
use crate::engine::desired::{Device, Group, Person, Source};
use contract::{
    AssetId,
    assignments::{Registration, Target},
    catalog::ProductType,
    devices::{Enrolment, Platform, Platforms},
    groups::GroupKind,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

pub(super) const DEVICE: LicenseKind = LicenseKind::Device;
pub(super) const USER: LicenseKind = LicenseKind::User;

pub(super) fn include(intent: Intent, kind: LicenseKind) -> Target {
    Target::Include { intent, kind }
}

pub(super) fn assigned(number: i64, group: usize, target: Target) -> Assigned {
    Assigned {
        number,
        group,
        target,
        priority: Priority::Normal,
        shortage: Shortage::Wait,
        reserved: 0,
        keeps: false,
        created_at: number,
        changed_at: 100,
        draw: None,
    }
}

pub(super) fn asset(free: i64, assigned: Vec<Assigned>) -> DesiredAsset {
    DesiredAsset {
        id: AssetId(1),
        product: ProductType::App,
        platforms: Platforms::default(),
        device_assignable: true,
        revocable: true,
        free: Some(free),
        assigned,
        held: Vec::new(),
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

pub(super) fn held(who: Who, state: LicenseState, assignment: Option<i64>) -> Held {
    Held {
        who,
        state,
        since: 50,
        turn: 0,
        assignment,
        known: true,
        shortage: false,
        unknown: false,
        none_left: false,
        not_taken_back: false,
    }
}

/// Devices that are nobody's, and one group of all of them.
pub(super) fn devices(count: u32) -> Desired {
    Desired {
        directory: Directory::new(vec![Device::default(); count as usize], Vec::new()),
        groups: vec![Group {
            kind: GroupKind::Devices,
            members: (0..count).collect(),
        }],
        assets: Vec::new(),
    }
}

pub(super) fn verdicts(desired: &Desired, asset: &DesiredAsset) -> Vec<Verdict> {
    let plan = Planner::default().plan(desired, asset);
    plan.lines.iter().map(|line| line.verdict).collect()
}

pub(super) const REQUIRED: Target = Target::Include {
    intent: Intent::Required,
    kind: LicenseKind::Device,
};

#[test]
fn a_hundred_licences_for_five_hundred_go_to_the_first_and_the_rest_wait_in_order() {
    let verdicts = verdicts(&devices(500), &asset(100, vec![assigned(1, 0, REQUIRED)]));
    assert!(verdicts[..100].iter().all(|verdict| *verdict == Verdict::Gets));
    let waits: Vec<_> = (0..400).map(|before| Verdict::Waits { before }).collect();
    assert_eq!(verdicts[100..], waits);
}

#[test]
fn whoever_has_waited_longer_comes_first_and_a_higher_priority_before_that() {
    let mut desired = devices(4);
    desired.groups.push(Group {
        kind: GroupKind::Devices,
        members: vec![0],
    });
    let high = Assigned {
        priority: Priority::High,
        ..assigned(2, 1, REQUIRED)
    };
    let mut asset = asset(2, vec![high, assigned(1, 0, REQUIRED)]);
    asset.held = vec![held(Who::Device(3), LicenseState::Waiting, Some(1))];
    let expected = [
        Verdict::Gets,
        Verdict::Waits { before: 0 },
        Verdict::Waits { before: 1 },
        Verdict::Gets,
    ];
    assert_eq!(verdicts(&desired, &asset), expected);
}

#[test]
fn over_subscription_fails_where_the_assignment_says_so_and_whoever_failed_first_gets_what_is_free_later() {
    let fail = Assigned {
        shortage: Shortage::Fail,
        ..assigned(1, 0, REQUIRED)
    };
    let none_left = Verdict::Cannot {
        reason: Reason::NoneLeft,
    };
    assert_eq!(
        verdicts(&devices(2), &asset(1, vec![fail])),
        [Verdict::Gets, none_left]
    );
    let failed = |at, since| Held {
        since,
        none_left: true,
        ..held(Who::Device(at), LicenseState::Failed, Some(1))
    };
    let mut later = asset(0, vec![fail]);
    later.held = vec![
        held(Who::Device(0), LicenseState::Held, Some(1)),
        failed(2, 60),
        failed(3, 50),
    ];
    assert_eq!(
        verdicts(&devices(4), &later),
        [Verdict::Has, none_left, none_left, none_left],
        "nobody waits"
    );
    later.free = Some(1);
    assert_eq!(
        verdicts(&devices(4), &later),
        [Verdict::Has, none_left, none_left, Verdict::Gets],
        "not to the one who came later"
    );
    later.free = Some(2);
    assert_eq!(
        verdicts(&devices(4), &later),
        [Verdict::Has, none_left, Verdict::Gets, Verdict::Gets]
    );
}

#[test]
fn a8_whoever_waits_comes_before_those_whose_assignment_lets_nobody_wait_and_who_found_none() {
    let mut desired = devices(4);
    let group = |members: &[u32]| Group {
        kind: GroupKind::Devices,
        members: members.to_vec(),
    };
    desired.groups = vec![group(&[0, 1]), group(&[2, 3])];
    let fail = Assigned {
        shortage: Shortage::Fail,
        priority: Priority::High,
        ..assigned(1, 0, REQUIRED)
    };
    let none_left = Verdict::Cannot {
        reason: Reason::NoneLeft,
    };
    let mut asset = asset(1, vec![fail, assigned(2, 1, REQUIRED)]);
    let first = verdicts(&desired, &asset);
    assert_eq!(first[..2], [Verdict::Gets, none_left], "by priority at first");
    let failed = Held {
        since: 50,
        none_left: true,
        ..held(Who::Device(0), LicenseState::Failed, Some(1))
    };
    let waits = Held {
        since: 60,
        ..held(Who::Device(2), LicenseState::Waiting, Some(2))
    };
    asset.held = vec![failed, waits];
    let expected = [none_left, none_left, Verdict::Gets, Verdict::Waits { before: 0 }];
    assert_eq!(verdicts(&desired, &asset), expected);
    asset.free = Some(3);
    let expected = [Verdict::Gets, none_left, Verdict::Gets, Verdict::Gets];
    assert_eq!(verdicts(&desired, &asset), expected);
}

#[test]
fn a_shortage_at_apple_is_waited_for_and_another_refusal_is_not_repeated() {
    let mut asset = asset(1, vec![assigned(1, 0, REQUIRED)]);
    let failed = Held {
        since: 200,
        ..held(Who::Device(0), LicenseState::Failed, Some(1))
    };
    asset.held = vec![failed];
    let refused = Verdict::Cannot {
        reason: Reason::Refused,
    };
    assert_eq!(verdicts(&devices(1), &asset), [refused]);
    asset.held[0].shortage = true;
    assert_eq!(verdicts(&devices(1), &asset), [Verdict::Gets]);
}

#[test]
fn available_is_offered_and_taken_when_it_is_asked_for() {
    let mut desired = devices(2);
    desired.directory = Directory::new(
        vec![
            Device {
                owner: Some(0),
                ..Device::default()
            };
            2
        ],
        vec![Person::default()],
    );
    desired.groups[0] = Group {
        kind: GroupKind::People,
        members: vec![0],
    };
    let mut asset = asset(5, vec![assigned(1, 0, include(Intent::Available, DEVICE))]);
    assert_eq!(verdicts(&desired, &asset), [Verdict::Offered, Verdict::Offered]);
    asset.asked = vec![(Who::Device(1), 60)];
    assert_eq!(verdicts(&desired, &asset), [Verdict::Offered, Verdict::Gets]);
    let plan = Planner::default().plan(&desired, &asset);
    assert_eq!(plan.errands, [(1, Errand::Install)]);
}

#[test]
fn a12_nothing_is_kept_for_a_group_that_is_to_have_no_licence() {
    let mut desired = devices(4);
    desired.groups.push(Group {
        kind: GroupKind::Devices,
        members: vec![3],
    });
    let kept = |target| Assigned {
        reserved: 2,
        ..assigned(2, 1, target)
    };
    let gets = |target| {
        let verdicts = verdicts(&desired, &asset(2, vec![assigned(1, 0, REQUIRED), kept(target)]));
        let gets = verdicts.iter().filter(|verdict| **verdict == Verdict::Gets);
        gets.count()
    };
    assert_eq!(gets(Target::Exclude), 2);
    assert_eq!(gets(include(Intent::Uninstall, DEVICE)), 2);
    assert_eq!(gets(include(Intent::Available, DEVICE)), 0);
}

#[test]
fn a8_whoever_asked_first_is_first_wherever_the_ids_are() {
    let mut desired = devices(5);
    desired.directory = Directory::new(
        vec![
            Device {
                owner: Some(0),
                ..Device::default()
            };
            5
        ],
        vec![Person::default()],
    );
    desired.groups[0] = Group {
        kind: GroupKind::People,
        members: vec![0],
    };
    let mut asset = asset(1, vec![assigned(1, 0, include(Intent::Available, DEVICE))]);
    let asked = |at, since| (Who::Device(at), since);
    asset.asked = vec![
        asked(0, 90),
        asked(1, 80),
        asked(2, 60),
        asked(3, 40),
        asked(4, 30),
    ];
    // Since 50; and what was refused since it was asked for is a new claim once the assignment is saved again.
    asset.held = vec![
        held(Who::Device(3), LicenseState::Waiting, Some(1)),
        held(Who::Device(4), LicenseState::Failed, Some(1)),
    ];
    let waits = |before| Verdict::Waits { before };
    let expected = [waits(2), waits(1), waits(0), Verdict::Gets, waits(3)];
    assert_eq!(verdicts(&desired, &asset), expected);
    let plan = Planner::default().plan(&desired, &asset);
    let since: Vec<_> = plan.lines.iter().map(|line| line.since).collect();
    assert_eq!(since, [Some(90), Some(80), Some(60), Some(50), None]);
}

#[test]
fn what_an_assignment_gave_goes_with_it_and_what_was_given_by_hand_stays() {
    let mut asset = asset(0, Vec::new());
    asset.held = vec![
        held(Who::Device(0), LicenseState::Held, Some(1)),
        held(Who::Device(1), LicenseState::Held, None),
        held(Who::Device(2), LicenseState::Waiting, Some(1)),
        held(Who::Device(3), LicenseState::Requested, Some(1)),
    ];
    let plan = Planner::default().plan(&devices(4), &asset);
    let said: Vec<_> = plan.lines.iter().map(|line| (line.who, line.verdict)).collect();
    let under_way = Verdict::Keeps {
        reason: Reason::UnderWay,
    };
    let expected = [
        (Who::Device(0), Verdict::Loses),
        (Who::Device(2), Verdict::Leaves),
        (Who::Device(3), under_way),
    ];
    assert_eq!(said, expected);
    assert_eq!(plan.errands, [(0, Errand::Uninstall)]);
}

#[test]
fn whoever_leaves_a_group_that_keeps_licences_keeps_it() {
    let mut desired = devices(2);
    desired.groups[0].members = vec![1];
    let keeping = Assigned {
        keeps: true,
        ..assigned(1, 0, REQUIRED)
    };
    let mut asset = asset(5, vec![keeping]);
    asset.held = vec![held(Who::Device(0), LicenseState::Held, Some(1))];
    let plan = Planner::default().plan(&desired, &asset);
    assert_eq!(plan.lines.len(), 1);
    assert_eq!(
        (plan.lines[0].who, plan.lines[0].verdict),
        (Who::Device(1), Verdict::Gets)
    );
}

#[test]
fn uninstall_takes_licences_back_but_not_what_was_not_given_here() {
    let mut asset = asset(0, vec![assigned(1, 0, include(Intent::Uninstall, DEVICE))]);
    let found = Held {
        known: false,
        ..held(Who::Device(1), LicenseState::Held, None)
    };
    asset.held = vec![held(Who::Device(0), LicenseState::Held, None), found];
    let not_ours = Verdict::Keeps {
        reason: Reason::NotGivenHere,
    };
    assert_eq!(verdicts(&devices(3), &asset), [Verdict::Loses, not_ours]);
    let errands = Planner::default().plan(&devices(3), &asset).errands;
    assert_eq!(errands.len(), 3, "the app goes from every device");
}

#[test]
fn a_mac_is_never_told_to_uninstall() {
    let mut desired = devices(1);
    desired.directory = Directory::new(
        vec![Device {
            platform: Platform::MacOs,
            ..Device::default()
        }],
        Vec::new(),
    );
    let asset = asset(0, vec![assigned(1, 0, include(Intent::Uninstall, DEVICE))]);
    assert_eq!(Planner::default().plan(&desired, &asset).errands, []);
}

#[test]
fn a_licence_that_apple_lost_is_not_given_again_until_that_is_settled() {
    let mut asset = asset(5, vec![assigned(1, 0, REQUIRED)]);
    asset.lost = vec![Who::Device(0)];
    let lost = Verdict::Cannot {
        reason: Reason::LostAtApple,
    };
    assert_eq!(verdicts(&devices(2), &asset), [lost, Verdict::Gets]);
}

#[test]
fn whoever_waits_by_hand_gets_one_though_the_last_was_lost_or_taken_by_a_rule() {
    let mut asset = asset(2, Vec::new());
    let short = Held {
        shortage: true,
        ..held(Who::Device(1), LicenseState::Failed, None)
    };
    asset.held = vec![held(Who::Device(0), LicenseState::Waiting, None), short];
    asset.lost = vec![Who::Device(0), Who::Device(1)];
    asset.barred = vec![(Who::Device(0), 100), (Who::Device(1), 100)];
    assert_eq!(verdicts(&devices(2), &asset), [Verdict::Gets, Verdict::Gets]);
}

#[test]
fn devices_chosen_by_hand_wait_in_the_same_line() {
    let mut asset = asset(1, vec![assigned(1, 0, REQUIRED)]);
    let mut desired = devices(2);
    desired.groups[0].members = vec![0];
    asset.held = vec![held(Who::Device(1), LicenseState::Waiting, None)];
    let expected = [Verdict::Waits { before: 0 }, Verdict::Gets];
    assert_eq!(verdicts(&desired, &asset), expected, "it has waited longer");
}

/// One group with all of these people, and their user licences of an asset.
pub(super) fn people(people: Vec<Person>, free: i64) -> (Desired, DesiredAsset) {
    let members = (0..people.len() as u32).collect();
    let desired = Desired {
        directory: Directory::new(Vec::new(), people),
        groups: vec![Group {
            kind: GroupKind::People,
            members,
        }],
        assets: Vec::new(),
    };
    let assigned = assigned(1, 0, include(Intent::Required, USER));
    (desired, asset(free, vec![assigned]))
}

#[test]
fn whoever_apple_does_not_know_yet_gets_a_licence_unless_apple_would_not() {
    let refused = Person {
        refused: true,
        ..Person::default()
    };
    let (desired, asset) = people(vec![Person::default(), refused], 5);
    let not_registered = Verdict::Cannot {
        reason: Reason::NotRegistered,
    };
    assert_eq!(verdicts(&desired, &asset), [Verdict::Gets, not_registered]);
}

#[test]
fn a2_two_accounts_of_one_person_count_two() {
    let again = Person {
        again: true,
        ..Person::default()
    };
    let (mut desired, asset) = people(vec![Person::default(), again, Person::default()], 2);
    let expected = [Verdict::Gets, Verdict::Gets, Verdict::Waits { before: 0 }];
    assert_eq!(verdicts(&desired, &asset), expected);
    // The same by way of a device.
    let owned = Device {
        owner: Some(0),
        ..Device::default()
    };
    let all = desired.directory.people().to_vec();
    desired.directory = Directory::new(vec![owned], all);
    desired.groups[0] = Group {
        kind: GroupKind::Devices,
        members: vec![0],
    };
    assert_eq!(verdicts(&desired, &asset), [Verdict::Gets, Verdict::Gets]);
    assert_eq!(desired.directory.devices_of(1), [0]);
}

#[test]
fn d4_whoever_has_left_keeps_nothing_but_books() {
    let left = Person {
        left: true,
        registration: Registration::Associated,
        ..Person::default()
    };
    let (desired, mut asset) = people(vec![left], 5);
    asset.held = vec![held(Who::Person(0), LicenseState::Held, None)];
    assert_eq!(
        verdicts(&desired, &asset),
        [Verdict::Loses],
        "by whomever it was given"
    );
    asset.held = vec![held(Who::Person(0), LicenseState::Waiting, Some(1))];
    assert_eq!(verdicts(&desired, &asset), [Verdict::Leaves]);
    asset.product = ProductType::Book;
    asset.revocable = false;
    asset.held = vec![held(Who::Person(0), LicenseState::Held, Some(1))];
    let stays = Verdict::Keeps {
        reason: Reason::NotRevocable,
    };
    assert_eq!(verdicts(&desired, &asset), [stays]);
}

#[test]
fn whoever_apple_knows_again_gets_what_failed_meanwhile() {
    let registered = |registered_at| Person {
        registration: Registration::Registered,
        registered_at,
        ..Person::default()
    };
    let (desired, mut asset) = people(vec![registered(3), registered(9)], 5);
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
    assert_eq!(verdicts(&desired, &asset), [refused, Verdict::Gets]);
}

#[test]
fn a_user_licence_for_a_device_of_nobody_is_refused_with_the_reason() {
    let asset = asset(5, vec![assigned(1, 0, include(Intent::Required, USER))]);
    let nobody = Verdict::Cannot {
        reason: Reason::NoPrimaryUser,
    };
    assert_eq!(verdicts(&devices(1), &asset), [nobody]);
}

#[test]
fn a_licence_that_is_being_taken_back_is_still_in_the_way_of_the_other_kind() {
    let mut desired = devices(1);
    let owned = Device {
        owner: Some(0),
        ..Device::default()
    };
    let registered = Person {
        registration: Registration::Registered,
        ..Person::default()
    };
    desired.directory = Directory::new(vec![owned], vec![registered]);
    let other_kind = Verdict::Cannot {
        reason: Reason::OtherKind,
    };
    let mut asset = asset(5, vec![assigned(1, 0, include(Intent::Required, USER))]);
    asset.held = vec![held(Who::Device(0), LicenseState::Releasing, None)];
    assert_eq!(verdicts(&desired, &asset), [other_kind]);
    asset.held = vec![
        held(Who::Device(0), LicenseState::Waiting, None),
        held(Who::Person(0), LicenseState::Held, Some(1)),
    ];
    assert_eq!(
        verdicts(&desired, &asset),
        [other_kind, Verdict::Has],
        "chosen by hand too"
    );
}

#[derive(Clone, Debug)]
struct World {
    desired: Desired,
    asset: DesiredAsset,
}

fn world() -> impl Strategy<Value = World> {
    let device = (
        prop::option::weighted(0.7, 0..6_u32),
        0..3_u8,
        any::<bool>(),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.3),
    );
    let registration = prop_oneof![
        Just(Registration::None),
        Just(Registration::Registered),
        Just(Registration::Associated)
    ];
    let target = prop_oneof![
        4 => (0..3_usize, any::<bool>()).prop_map(|(intent, user)| Target::Include {
            intent: Intent::ALL[intent],
            kind: if user { USER } else { DEVICE },
        }),
        1 => Just(Target::Exclude),
    ];
    let group = (any::<bool>(), prop::collection::btree_set(0..12_u32, 0..10));
    let assignment = (
        0..5_usize,
        target,
        0..3_usize,
        any::<bool>(),
        0..4_i64,
        any::<bool>(),
    );
    let state = prop_oneof![
        Just(LicenseState::Held),
        Just(LicenseState::Requested),
        Just(LicenseState::Waiting),
        Just(LicenseState::Releasing),
        Just(LicenseState::Failed)
    ];
    let license = (state, 0..9_i64, prop::option::of(0..4_i64), any::<bool>());
    (
        prop::collection::vec(device, 12),
        prop::collection::vec(
            (
                registration,
                any::<bool>(),
                prop::bool::weighted(0.2),
                prop::bool::weighted(0.2),
            ),
            6,
        ),
        prop::collection::vec(group, 5),
        prop::collection::vec(assignment, 0..5),
        prop::collection::btree_map(0..18_u32, license, 0..10),
        (
            prop::option::weighted(0.8, -1..8_i64),
            prop::bool::weighted(0.9),
            any::<bool>(),
            prop::bool::weighted(0.2),
            prop::bool::weighted(0.2),
        ),
        prop::collection::btree_set(0..18_u32, 0..6),
        prop::collection::btree_set(0..18_u32, 0..2),
    )
        .prop_map(
            |(devices, people, groups, assignments, licenses, facts, asked, lost)| {
                let who = |number: u32| match number {
                    0..12 => Who::Device(number),
                    _ => Who::Person(number - 12),
                };
                let again: Vec<bool> = people.iter().map(|(.., again, _)| *again).collect();
                let devices = devices
                    .into_iter()
                    .map(|(owner, enrolment, supervised, blocked, mac)| Device {
                        // Devices name the first of a person's accounts.
                        owner: owner.map(|owner| {
                            let is_first = |at: &u32| *at == 0 || !again[*at as usize];
                            (0..=owner).rev().find(is_first).unwrap_or_default()
                        }),
                        supervised,
                        enrolment: [Enrolment::Device, Enrolment::User, Enrolment::Shared]
                            [usize::from(enrolment)],
                        store_blocked: blocked,
                        platform: if mac { Platform::MacOs } else { Platform::IPadOs },
                        ..Device::default()
                    });
                let people = people.into_iter().enumerate().map(
                    |(at, (registration, managed_account, again, refused))| Person {
                        registration,
                        managed_account,
                        again: again && at > 0,
                        refused: refused && registration == Registration::None,
                        ..Person::default()
                    },
                );
                let groups = groups.into_iter().map(|(of_people, members)| Group {
                    kind: if of_people {
                        GroupKind::People
                    } else {
                        GroupKind::Devices
                    },
                    members: members
                        .into_iter()
                        .filter(|member| !of_people || *member < 6)
                        .collect(),
                });
                let assigned = assignments.into_iter().zip(0..).map(
                    |((group, target, priority, fails, reserved, keeps), number)| Assigned {
                        number,
                        group,
                        target,
                        priority: Priority::ALL[priority],
                        shortage: if fails { Shortage::Fail } else { Shortage::Wait },
                        reserved,
                        keeps,
                        created_at: 0,
                        changed_at: 4,
                        draw: None,
                    },
                );
                let mut assigned: Vec<_> = assigned.collect();
                assigned.sort_by_key(Assigned::order);
                let held = licenses
                    .into_iter()
                    .map(|(number, (state, since, assignment, known))| Held {
                        who: who(number),
                        state,
                        since,
                        turn: since % 2,
                        assignment,
                        known: known || assignment.is_some() || state != LicenseState::Held,
                        shortage: since % 3 == 0,
                        unknown: false,
                        none_left: since % 3 == 1,
                        not_taken_back: false,
                    });
                let (free, device_assignable, revocable, book, runs_on_macs) = facts;
                World {
                    desired: Desired {
                        directory: Directory::new(devices.collect(), people.collect()),
                        groups: groups.collect(),
                        assets: Vec::new(),
                    },
                    asset: DesiredAsset {
                        id: AssetId(1),
                        product: if book { ProductType::Book } else { ProductType::App },
                        platforms: Platforms::of(runs_on_macs.then_some("macOS")),
                        device_assignable: device_assignable && !book,
                        revocable,
                        free,
                        assigned,
                        held: held.collect(),
                        asked: asked.into_iter().map(|one| (who(one), 60)).collect(),
                        lost: lost.into_iter().map(who).collect(),
                        barred: Vec::new(),
                        moved: Vec::new(),
                        removed: None,
                        license_only: Vec::new(),
                        sources: Vec::new(),
                        foreign: Vec::new(),
                    },
                }
            },
        )
}

/// Person 0 has devices 0, 1 and 3, person 1 device 2; both are to have user licences. Devices 0 and 1 have theirs in place
/// of person 0's.
fn moved(held: Vec<Held>) -> (Desired, DesiredAsset) {
    let of = |owner| Device {
        owner: Some(owner),
        ..Device::default()
    };
    let desired = Desired {
        directory: Directory::new(vec![of(0), of(0), of(1), of(0)], vec![Person::default(); 2]),
        groups: vec![Group {
            kind: GroupKind::People,
            members: vec![0, 1],
        }],
        assets: Vec::new(),
    };
    let mut asset = asset(5, vec![assigned(1, 0, include(Intent::Required, USER))]);
    asset.held = held;
    (desired, asset)
}

fn lines(desired: &Desired, asset: &DesiredAsset) -> Vec<(Who, Verdict)> {
    let plan = Planner::default().plan(desired, asset);
    plan.lines.iter().map(|line| (line.who, line.verdict)).collect()
}

#[test]
fn a10_devices_stand_in_for_a_person_who_moved_and_lose_it_with_the_group() {
    use {LicenseState::Held as There, Who::Device as D, Who::Person as P};
    let (mut desired, mut asset) = moved(vec![
        held(D(0), There, Some(1)),
        held(D(1), There, Some(1)),
        held(P(1), There, Some(1)),
    ]);
    let has = |who| (who, Verdict::Has);
    let gets = (D(3), Verdict::Gets);
    assert_eq!(
        lines(&desired, &asset),
        [has(D(0)), has(D(1)), gets, has(P(0)), has(P(1))],
        "and a device that came later gets its own"
    );
    let plan = Planner::default().plan(&desired, &asset);
    assert!(
        plan.lines.iter().all(|line| line.lead == Some(0)),
        "the assignment leads to all"
    );
    let installs = plan
        .errands
        .iter()
        .filter(|(_, errand)| *errand == Errand::Install);
    assert_eq!(installs.count(), 4);
    // Another assignment of user licences takes over.
    asset.assigned = vec![assigned(2, 0, include(Intent::Required, USER))];
    assert_eq!(lines(&desired, &asset)[..2], [has(D(0)), has(D(1))]);
    asset.assigned.clear();
    let loses = |who| (who, Verdict::Loses);
    assert_eq!(lines(&desired, &asset), [loses(D(0)), loses(D(1)), loses(P(1))]);
    asset.assigned = vec![assigned(1, 0, include(Intent::Required, USER))];
    desired.groups[0].members = vec![1];
    assert_eq!(lines(&desired, &asset), [loses(D(0)), loses(D(1)), has(P(1))]);
}

#[test]
fn a10_whoever_was_migrated_stays_so_when_a_rule_takes_what_the_devices_have() {
    use {Who::Device as D, Who::Person as P};
    let (desired, mut asset) = moved(Vec::new());
    asset.assigned[0].changed_at = 0;
    asset.moved = vec![0];
    asset.barred = vec![(D(0), 50)];
    let reclaimed = |who| {
        let reason = Reason::Reclaimed;
        (who, Verdict::Cannot { reason })
    };
    let gets = |who| (who, Verdict::Gets);
    let expected = [
        reclaimed(D(0)),
        gets(D(1)),
        gets(D(3)),
        (P(0), Verdict::Has),
        gets(P(1)),
    ];
    assert_eq!(lines(&desired, &asset), expected);
    asset.barred = vec![(D(0), 50), (D(1), 50), (D(3), 50)];
    let expected = [
        reclaimed(D(0)),
        reclaimed(D(1)),
        reclaimed(D(3)),
        reclaimed(P(0)),
        gets(P(1)),
    ];
    assert_eq!(lines(&desired, &asset), expected);
}

#[test]
fn a10_while_the_users_licence_is_there_the_migration_alone_gives_to_devices() {
    use {LicenseState::Held as There, Who::Device as D, Who::Person as P};
    let (desired, mut asset) = moved(vec![
        held(D(0), LicenseState::Requested, Some(1)),
        held(D(1), LicenseState::Failed, Some(1)),
        held(P(0), There, Some(1)),
    ]);
    asset.assigned[0].changed_at = 0;
    let refused = Verdict::Cannot {
        reason: Reason::Refused,
    };
    let expected = [
        (D(0), Verdict::Has),
        (D(1), refused),
        (P(0), Verdict::Has),
        (P(1), Verdict::Gets),
    ];
    assert_eq!(lines(&desired, &asset), expected);
}

fn plan(world: &World) -> AssetPlan {
    Planner::default().plan(&world.desired, &world.asset)
}

/// The world after the plan was carried out, and Apple confirmed it.
fn carried_out(world: &World) -> World {
    let mut after = world.clone();
    let mut held: BTreeMap<Who, Held> = world.asset.held.iter().map(|held| (held.who, *held)).collect();
    for line in plan(world).lines {
        let by = line
            .lead
            .map(|lead| world.asset.assigned[usize::from(lead)].number);
        let given = |state| Held {
            who: line.who,
            state,
            since: held.get(&line.who).map_or(10, |held| held.since),
            turn: held.get(&line.who).map_or(0, |held| held.turn),
            assignment: by,
            known: true,
            shortage: false,
            unknown: false,
            none_left: state == LicenseState::Failed,
            not_taken_back: false,
        };
        match line.verdict {
            Verdict::Gets => {
                held.insert(line.who, given(LicenseState::Held));
                after.asset.free = after.asset.free.map(|free| free - 1);
            }
            Verdict::Waits { .. } if line.state != Some(LicenseState::Waiting) => {
                held.insert(line.who, given(LicenseState::Waiting));
            }
            Verdict::Cannot {
                reason: Reason::NoneLeft,
            } if line.state != Some(LicenseState::Failed) => {
                let failed = Held {
                    since: 10,
                    ..given(LicenseState::Failed)
                };
                held.insert(line.who, failed);
            }
            Verdict::Loses => {
                held.remove(&line.who);
                after.asset.free = after.asset.free.map(|free| free + 1);
            }
            Verdict::Leaves => {
                held.remove(&line.who);
            }
            Verdict::Cannot { .. } if line.state == Some(LicenseState::Waiting) => {
                held.remove(&line.who);
            }
            _ => {}
        }
    }
    after.asset.held = held.into_values().collect();
    after
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn never_more_than_the_pool(world in world()) {
        let gets = plan(&world).lines.iter().filter(|line| line.verdict == Verdict::Gets).count() as i64;
        prop_assert!(world.asset.free.is_none_or(|free| gets <= free.max(0)));
    }

    #[test]
    fn nobody_gets_or_waits_for_what_runs_on_none_of_the_devices(world in world()) {
        let directory = &world.desired.directory;
        let runs = |device: u32| world.asset.platforms.suit(directory.device(device).platform);
        let plan = plan(&world);
        for line in &plan.lines {
            let comes = matches!(line.verdict, Verdict::Gets | Verdict::Waits { .. } | Verdict::Offered);
            let suits = match line.who {
                Who::Device(device) => runs(device),
                Who::Person(person) => {
                    let own = directory.devices_of(person);
                    own.is_empty() || own.iter().any(|device| runs(*device))
                }
            };
            prop_assert!(suits || !comes, "{:?}", line);
        }
        for (device, errand) in &plan.errands {
            prop_assert!(*errand == Errand::Uninstall || runs(*device));
        }
    }

    #[test]
    fn a_book_is_never_taken_back(mut world in world()) {
        world.asset.product = ProductType::Book;
        prop_assert!(plan(&world).lines.iter().all(|line| line.verdict != Verdict::Loses));
    }

    #[test]
    fn never_both_kinds_for_a_holder(world in world()) {
        let lines = plan(&world).lines;
        let directory = &world.desired.directory;
        let held = |who: Who| world.asset.held.iter().any(|held| held.who == who && holds(held.state));
        let gets = |who: Who| lines.iter().any(|line| line.who == who && line.verdict == Verdict::Gets);
        for (device, position) in directory.devices().iter().zip(0..) {
            let (own, Some(owner)) = (Who::Device(position), device.owner) else { continue };
            for owner in directory.accounts_of(owner).map(Who::Person) {
                let new = gets(own) || gets(owner);
                let both = (gets(own) || held(own)) && (gets(owner) || held(owner));
                prop_assert!(!(new && both), "{:?} {:?}", own, owner);
            }
        }
    }

    #[test]
    fn stable_under_reordering(world in world()) {
        let mut turned = world.clone();
        turned.desired.groups.reverse();
        let groups = turned.desired.groups.len();
        for assigned in &mut turned.asset.assigned {
            assigned.group = groups - 1 - assigned.group;
        }
        turned.asset.assigned.reverse();
        turned.asset.assigned.sort_by_key(Assigned::order);
        prop_assert_eq!(plan(&turned), plan(&world));
        let mut used = Planner::default();
        used.plan(&turned.desired, &turned.asset);
        prop_assert_eq!(used.plan(&world.desired, &world.asset), plan(&world), "the memory is clean again");
    }

    #[test]
    fn empty_when_applied_twice(world in world()) {
        // What is under way is another plan's.
        let mut world = world;
        world.asset.held.retain(|held| !matches!(held.state, LicenseState::Requested | LicenseState::Releasing));
        // What is freed goes to the next: after as many plans as there are holders nothing is left to do.
        let mut last = world;
        for _ in 0..18 {
            last = carried_out(&last);
        }
        let busy: Vec<_> = plan(&last)
            .lines
            .into_iter()
            .filter(|line| matches!(line.verdict, Verdict::Gets | Verdict::Loses | Verdict::Leaves)
                || matches!(line.verdict, Verdict::Waits { .. }) && line.state != Some(LicenseState::Waiting))
            .collect();
        prop_assert_eq!(busy, vec![]);
    }

    #[test]
    fn nobody_waits_while_a_licence_is_free_that_is_not_kept_for_others(world in world()) {
        let mut world = world;
        for assigned in &mut world.asset.assigned {
            assigned.reserved = 0;
        }
        let lines = plan(&world).lines;
        let gets = lines.iter().filter(|line| line.verdict == Verdict::Gets).count() as i64;
        if lines.iter().any(|line| matches!(line.verdict, Verdict::Waits { .. })) {
            prop_assert_eq!(Some(gets), world.asset.free.map(|free| free.max(0)));
        }
    }

    #[test]
    fn whoever_is_to_have_a_licence_has_it_or_there_is_a_reason(world in world()) {
        let lines = plan(&world).lines;
        let mut spread = Spread::default();
        spread.fill(&world.desired.directory, &world.desired.groups, &world.asset);
        for position in 0..world.desired.directory.devices().len() as u32 {
            if spread.device(position).holds(Intent::Required, DEVICE) {
                let line = lines.iter().find(|line| line.who == Who::Device(position)).unwrap();
                let told = matches!(
                    line.verdict,
                    Verdict::Gets | Verdict::Has | Verdict::Waits { .. } | Verdict::Cannot { .. }
                );
                prop_assert!(told, "{:?}", line);
            }
        }
    }
}

/// The app of another location with so many free, of which devices hold some by these assignments.
pub(super) fn source(free: i64, held_by: &[(u32, Option<i64>)]) -> Source {
    let held_by = held_by.iter();
    Source {
        free: Some(free),
        held: held_by
            .map(|(device, assignment)| held(Who::Device(*device), LicenseState::Held, *assignment))
            .collect(),
    }
}

pub(super) fn drawing(free: i64, source: Source) -> DesiredAsset {
    let own = Assigned {
        draw: Some(0),
        ..assigned(1, 0, include(Intent::Required, DEVICE))
    };
    DesiredAsset {
        sources: vec![source],
        ..asset(free, vec![own])
    }
}

#[test]
fn a12_who_finds_none_left_draws_from_the_other_location_and_then_waits() {
    let desired = devices(4);
    let asset = drawing(1, source(2, &[]));
    let plan = Planner::default().plan(&desired, &asset);
    let verdicts: Vec<_> = plan.lines.iter().map(|line| line.verdict).collect();
    assert_eq!(
        verdicts,
        [
            Verdict::Gets,
            Verdict::Draws,
            Verdict::Draws,
            Verdict::Waits { before: 0 }
        ]
    );
    let drawn: Vec<_> = plan
        .draws
        .iter()
        .map(|draw| (draw.device, draw.source, draw.lead))
        .collect();
    assert_eq!(drawn, [(1, 0, 0), (2, 0, 0)]);
    assert_eq!(
        plan.errands.len(),
        3,
        "the app is installed where there is a licence"
    );
    // Applied, nothing is left to do.
    let after = DesiredAsset {
        held: vec![
            held(Who::Device(0), LicenseState::Held, Some(1)),
            held(Who::Device(3), LicenseState::Waiting, Some(1)),
        ],
        ..drawing(0, source(0, &[(1, Some(1)), (2, Some(1))]))
    };
    let plan = Planner::default().plan(&desired, &after);
    assert_eq!((plan.draws.len(), plan.returns.len()), (0, 0));
    assert!(plan.lines[..3].iter().all(|line| line.verdict == Verdict::Has));
}

#[test]
fn a12_what_was_drawn_goes_back_once_it_is_not_wanted_or_there_is_one_here() {
    let mut desired = devices(3);
    let has_here = |at| held(Who::Device(at), LicenseState::Held, Some(1));
    let asset = DesiredAsset {
        held: vec![has_here(0)],
        ..drawing(0, source(0, &[(0, Some(1)), (1, Some(1)), (2, Some(1))]))
    };
    desired.groups[0].members = vec![0, 1];
    let plan = Planner::default().plan(&desired, &asset);
    assert_eq!(plan.returns, [(0, 0), (2, 0)]);
    // What others gave there is never touched.
    let others = drawing(0, source(0, &[(2, None), (1, Some(9))]));
    assert_eq!(Planner::default().plan(&desired, &others).returns, []);
}

#[test]
fn a12_the_other_location_leaves_what_was_drawn_from_it() {
    let desired = devices(2);
    let mut asset = DesiredAsset {
        held: vec![held(Who::Device(0), LicenseState::Held, Some(77))],
        foreign: vec![77],
        ..asset(5, Vec::new())
    };
    assert_eq!(Planner::default().plan(&desired, &asset).lines, []);
    asset.foreign.clear();
    let plan = Planner::default().plan(&desired, &asset);
    assert_eq!(plan.lines[0].verdict, Verdict::Loses, "the assignment is gone");
}

#[test]
fn r3_a_gone_or_reclaimed_device_is_given_nothing_until_the_assignment_is_saved_again() {
    let mut desired = devices(2);
    desired.directory = Directory::new(
        vec![
            Device {
                gone: true,
                ..Device::default()
            },
            Device::default(),
        ],
        Vec::new(),
    );
    let required = include(Intent::Required, DEVICE);
    let mut asset = DesiredAsset {
        barred: vec![(Who::Device(1), 100)],
        ..asset(5, vec![assigned(1, 0, required)])
    };
    let verdicts = |asset: &DesiredAsset| -> Vec<Verdict> {
        let plan = Planner::default().plan(&desired, asset);
        plan.lines.iter().map(|line| line.verdict).collect()
    };
    let cannot = |reason| Verdict::Cannot { reason };
    assert_eq!(
        verdicts(&asset),
        [cannot(Reason::DeviceGone), cannot(Reason::Reclaimed)]
    );
    asset.assigned[0].changed_at = 101;
    assert_eq!(verdicts(&asset), [cannot(Reason::DeviceGone), Verdict::Gets]);
}
