//! Assignments spread over the members of their groups.

use super::{
    DesiredAsset, Group,
    cells::{Bits, Cell, bits_of, brings},
    directory::{Directory, Who},
};
use contract::{
    assignments::{Intent, LicenseKind, Settled, Target},
    groups::GroupKind,
};

/// None, where nothing leads.
const NOBODY: u16 = u16::MAX;

/// What one asset's assignments bring everybody. Used again for the next asset, so that nothing is allocated anew.
#[derive(Clone, Debug, Default)]
pub struct Spread {
    /// A device's own, with those of its primary user.
    devices: Vec<Bits>,
    people: Vec<Bits>,
    device_leads: Vec<u16>,
    person_leads: Vec<u16>,
}

impl Spread {
    /// Works out what the asset's assignments bring, and which of them leads for each holder: the first, in the order of
    /// claims, of those that are required, then of those that are available, then of those that uninstall.
    pub fn fill(&mut self, directory: &Directory, groups: &[Group], asset: &DesiredAsset) {
        reset(&mut self.devices, directory.devices().len(), 0);
        reset(&mut self.people, directory.people().len(), 0);
        reset(&mut self.device_leads, directory.devices().len(), NOBODY);
        reset(&mut self.person_leads, directory.people().len(), NOBODY);
        for assigned in &asset.assigned {
            let Some(group) = groups.get(assigned.group) else {
                continue;
            };
            let bits = brings(group.kind, assigned.target);
            let to = match group.kind {
                GroupKind::People => &mut self.people,
                GroupKind::Devices => &mut self.devices,
            };
            for member in &group.members {
                if let Some(own) = to.get_mut(*member as usize) {
                    *own |= bits;
                }
            }
        }
        for (own, device) in self.devices.iter_mut().zip(directory.devices()) {
            if let Some(bits) = device.owner.and_then(|owner| self.people.get(owner as usize)) {
                *own |= *bits;
            }
        }
        for intent in [Intent::Required, Intent::Available, Intent::Uninstall] {
            for (assigned, at) in asset.assigned.iter().zip(0..) {
                if let (Target::Include { intent: own, .. }, Some(group)) =
                    (assigned.target, groups.get(assigned.group))
                    && own == intent
                {
                    self.lead(directory, group, brings(group.kind, assigned.target), at);
                }
            }
        }
    }

    /// Has this assignment lead wherever it counts and none leads yet.
    fn lead(&mut self, directory: &Directory, group: &Group, bits: Bits, at: u16) {
        let for_devices = bits
            & (bits_of(Intent::Required, LicenseKind::User) | bits_of(Intent::Available, LicenseKind::User))
            == 0;
        let for_people = bits
            & (bits_of(Intent::Required, LicenseKind::Device)
                | bits_of(Intent::Available, LicenseKind::Device))
            == 0;
        let Self {
            devices,
            people,
            device_leads,
            person_leads,
        } = self;
        let mut device = |position: u32| {
            let own = devices.get(position as usize).copied().unwrap_or_default();
            let counts = Cell::of(own).count & bits != 0;
            if let Some(lead) = device_leads.get_mut(position as usize)
                && counts
                && *lead == NOBODY
            {
                *lead = at;
            }
            counts
        };
        let mut person = |position: u32| {
            if let Some(lead) = person_leads.get_mut(position as usize)
                && *lead == NOBODY
            {
                *lead = at;
            }
        };
        match group.kind {
            GroupKind::People => {
                for member in &group.members {
                    if for_devices {
                        directory.devices_of(*member).iter().for_each(|of| {
                            device(*of);
                        });
                    }
                    let own = people.get(*member as usize).copied().unwrap_or_default();
                    if for_people && Cell::of(own).count & bits != 0 {
                        person(*member);
                    }
                }
            }
            GroupKind::Devices => {
                for member in &group.members {
                    if for_devices {
                        device(*member);
                    }
                    if for_people
                        && let Some(owner) = directory.device(*member).owner
                        && Cell::of(devices.get(*member as usize).copied().unwrap_or_default()).count & bits
                            != 0
                    {
                        directory.accounts_of(owner).for_each(&mut person);
                    }
                }
            }
        }
    }

    /// What it comes to for a device.
    pub fn device(&self, position: u32) -> Cell {
        Cell::of(self.device_bits(position))
    }

    pub fn device_bits(&self, position: u32) -> Bits {
        self.devices.get(position as usize).copied().unwrap_or_default()
    }

    pub fn person_bits(&self, position: u32) -> Bits {
        self.people.get(position as usize).copied().unwrap_or_default()
    }

    /// What it comes to for a person: by the person's own groups, and by those of the devices.
    pub fn person(&self, directory: &Directory, position: u32) -> Cell {
        let own = Cell::of(self.person_bits(position));
        let user = bits_of(Intent::Required, LicenseKind::User);
        let by_devices = directory
            .devices_of(position)
            .iter()
            .fold(0, |all, device| all | (self.device(*device).count & user));
        match own.settled {
            _ if by_devices == 0 => own,
            Some(settled) if settled.holds(Intent::Available) => Cell {
                settled: Some(Settled::RequiredAndAvailable),
                count: own.count | by_devices,
            },
            _ => Cell {
                settled: Some(Settled::Required),
                count: own.count & !bits_of(Intent::Uninstall, LicenseKind::User) | by_devices,
            },
        }
    }

    /// The assignment that leads for a holder, by position in the asset's.
    pub fn lead_of(&self, who: Who) -> Option<u16> {
        let lead = match who {
            Who::Device(position) => self.device_leads.get(position as usize),
            Who::Person(position) => self.person_leads.get(position as usize),
        };
        lead.copied().filter(|lead| *lead != NOBODY)
    }
}

fn reset<T: Copy>(list: &mut Vec<T>, length: usize, value: T) {
    list.clear();
    list.resize(length, value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::desired::{Assigned, Device, Person};
    use contract::{
        AssetId,
        assignments::{Priority, Shortage},
        catalog::ProductType,
        devices::Platforms,
    };

    const DEVICE: LicenseKind = LicenseKind::Device;
    const USER: LicenseKind = LicenseKind::User;

    fn include(intent: Intent, kind: LicenseKind) -> Target {
        Target::Include { intent, kind }
    }

    /// Person 0 has devices 0 and 1, person 1 has device 2; device 3 is nobody's.
    fn directory() -> Directory {
        let of = |owner| Device {
            owner,
            ..Device::default()
        };
        Directory::new(
            vec![of(Some(0)), of(Some(0)), of(Some(1)), of(None)],
            vec![Person::default(); 2],
        )
    }

    fn spread(assignments: &[(GroupKind, &[u32], Target)]) -> (Directory, Spread) {
        let directory = directory();
        let groups: Vec<_> = assignments
            .iter()
            .map(|(kind, members, _)| Group {
                kind: *kind,
                members: members.to_vec(),
            })
            .collect();
        let assigned = assignments
            .iter()
            .enumerate()
            .map(|(group, (.., target))| Assigned {
                number: group as i64,
                group,
                target: *target,
                priority: Priority::Normal,
                shortage: Shortage::Wait,
                reserved: 0,
                keeps: false,
                created_at: group as i64,
                changed_at: 0,
                draw: None,
            });
        let asset = DesiredAsset {
            id: AssetId(1),
            product: ProductType::App,
            platforms: Platforms::default(),
            device_assignable: true,
            revocable: true,
            free: None,
            assigned: assigned.collect(),
            held: Vec::new(),
            asked: Vec::new(),
            lost: Vec::new(),
            barred: Vec::new(),
            moved: Vec::new(),
            removed: None,
            license_only: Vec::new(),
            sources: Vec::new(),
            foreign: Vec::new(),
        };
        let mut spread = Spread::default();
        spread.fill(&directory, &groups, &asset);
        (directory, spread)
    }

    fn settled(spread: &Spread) -> Vec<Option<Settled>> {
        (0..4).map(|device| spread.device(device).settled).collect()
    }

    #[test]
    fn a_device_licence_for_people_covers_all_their_devices() {
        let (_, spread) = spread(&[(GroupKind::People, &[0], include(Intent::Required, DEVICE))]);
        let required = Some(Settled::Required);
        assert_eq!(settled(&spread), [required, required, None, None]);
        assert!(spread.device(0).holds(Intent::Required, DEVICE));
        assert_eq!(spread.lead_of(Who::Device(1)), Some(0));
        assert_eq!(spread.lead_of(Who::Device(2)), None);
        assert_eq!(spread.lead_of(Who::Person(0)), None, "the devices hold it");
    }

    #[test]
    fn a_user_licence_for_devices_covers_their_primary_users() {
        let (directory, spread) = spread(&[(GroupKind::Devices, &[1, 3], include(Intent::Required, USER))]);
        assert!(spread.person(&directory, 0).holds(Intent::Required, USER));
        assert_eq!(spread.person(&directory, 1), Cell::default());
        assert_eq!(spread.lead_of(Who::Person(0)), Some(0));
        assert!(
            !spread.device(3).holds(Intent::Required, DEVICE),
            "no device licence"
        );
    }

    #[test]
    fn an_exclusion_beats_what_its_own_kind_of_group_brings_and_nothing_else() {
        let (_, spread) = spread(&[
            (GroupKind::People, &[0, 1], include(Intent::Required, DEVICE)),
            (GroupKind::Devices, &[0, 3], include(Intent::Required, DEVICE)),
            (GroupKind::People, &[0], Target::Exclude),
            (GroupKind::Devices, &[3], Target::Exclude),
        ]);
        let required = Some(Settled::Required);
        assert_eq!(settled(&spread), [required, None, required, None]);
        assert_eq!(spread.lead_of(Who::Device(0)), Some(1), "not the excluded group");
    }

    #[test]
    fn the_first_of_those_that_count_leads() {
        let (_, spread) = spread(&[
            (GroupKind::People, &[0], include(Intent::Uninstall, DEVICE)),
            (GroupKind::People, &[0], include(Intent::Available, DEVICE)),
            (GroupKind::Devices, &[1], include(Intent::Required, DEVICE)),
        ]);
        assert_eq!(spread.device(0).settled, Some(Settled::Uninstall));
        assert_eq!(spread.lead_of(Who::Device(0)), Some(0));
        assert_eq!(spread.lead_of(Who::Device(1)), Some(2));
    }

    #[test]
    fn available_for_devices_brings_nothing() {
        assert_eq!(brings(GroupKind::Devices, include(Intent::Available, DEVICE)), 0);
    }

    #[test]
    fn a_person_without_devices_has_what_the_own_groups_bring() {
        let directory = Directory::new(Vec::new(), vec![Person::default()]);
        assert!(directory.devices_of(0).is_empty());
        assert!(directory.devices_of(1).is_empty());
    }
}
