//! What should be: assignments spread over the members of their groups, exclusions and the conflict table applied (A1 to
//! A5). Pure. Holders are positions in sorted lists, and what several groups bring one device is a set of bits, so that
//! 100,000 devices and 25 apps take a fraction of a second.

use contract::{
    AssetId, UnixMillis,
    assignments::{
        Intent, LicenseKind, Priority, Registration, Settled, Shortage, Source as Brings, Sources, Target,
        settle,
    },
    catalog::ProductType,
    devices::{DeviceOwnership, Enrolment, Platform, Platforms},
    groups::GroupKind,
    licenses::LicenseState,
};
use std::sync::LazyLock;

/// A device or a person, or rather one Apple Account of a person's, by position in the [`Directory`]. The order is that of the ids, which do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    Device(u32),
    Person(u32),
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Device {
    /// The primary user.
    pub owner: Option<u32>,
    pub ownership: DeviceOwnership,
    pub supervised: bool,
    pub enrolment: Enrolment,
    pub kiosk: bool,
    pub store_blocked: bool,
    pub platform: Platform,
    /// Wiped, or out of management.
    pub gone: bool,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Person {
    pub registration: Registration,
    pub managed_account: bool,
    /// Another account of the one before (A2).
    pub again: bool,
    /// Apple would not have the person.
    pub refused: bool,
    /// The person has left (D4).
    pub left: bool,
    pub registered_at: UnixMillis,
}

/// Everybody whom the plan is about.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    devices: Vec<Device>,
    people: Vec<Person>,
    /// Positions of devices, person by person.
    owned: Vec<u32>,
    /// Where each person's begin in `owned`; one more at the end.
    begins: Vec<u32>,
}

impl Directory {
    pub fn new(devices: Vec<Device>, people: Vec<Person>) -> Self {
        let owner_of = |device: &Device| device.owner.map(|owner| owner as usize);
        let mut begins = vec![0_u32; people.len() + 1];
        for owner in devices.iter().filter_map(owner_of) {
            if let Some(count) = begins.get_mut(owner + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for begin in &mut begins {
            sum += *begin;
            *begin = sum;
        }
        let mut next = begins.clone();
        let mut owned = vec![0; sum as usize];
        for (device, position) in devices.iter().zip(0..) {
            if let Some(next) = owner_of(device)
                .filter(|owner| *owner < people.len())
                .and_then(|at| next.get_mut(at))
            {
                if let Some(slot) = owned.get_mut(*next as usize) {
                    *slot = position;
                }
                *next += 1;
            }
        }
        Self {
            devices,
            people,
            owned,
            begins,
        }
    }

    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    pub fn people(&self) -> &[Person] {
        &self.people
    }

    pub fn device(&self, position: u32) -> Device {
        self.devices.get(position as usize).copied().unwrap_or_default()
    }

    pub fn person(&self, position: u32) -> Person {
        self.people.get(position as usize).copied().unwrap_or_default()
    }

    /// The first account of the person whose account this is: the one that devices name.
    pub fn first_account(&self, person: u32) -> u32 {
        let mut at = person;
        while at > 0 && self.person(at).again {
            at -= 1;
        }
        at
    }

    /// All accounts of the person whose first one this is.
    pub fn accounts_of(&self, owner: u32) -> std::ops::Range<u32> {
        let mut end = owner + 1;
        while self.people.get(end as usize).is_some_and(|person| person.again) {
            end += 1;
        }
        owner..end
    }

    /// Positions of the devices whose primary user this is.
    pub fn devices_of(&self, person: u32) -> &[u32] {
        let at = self.first_account(person) as usize;
        let ends = (self.begins.get(at), self.begins.get(at + 1));
        let (Some(from), Some(to)) = ends else { return &[] };
        self.owned.get(*from as usize..*to as usize).unwrap_or_default()
    }
}

/// A group's members: positions of people or of devices, sorted.
#[derive(Clone, Debug)]
pub struct Group {
    pub kind: GroupKind,
    pub members: Vec<u32>,
}

/// An assignment of an asset.
#[derive(Clone, Copy, Debug)]
pub struct Assigned {
    /// As it is stored.
    pub number: i64,
    /// In [`Desired::groups`].
    pub group: usize,
    pub target: Target,
    pub priority: Priority,
    pub shortage: Shortage,
    pub reserved: i64,
    /// Whoever leaves the group keeps the licence.
    pub keeps: bool,
    pub created_at: UnixMillis,
    /// A failure before this moment is tried again.
    pub changed_at: UnixMillis,
    /// In [`DesiredAsset::sources`]: where it draws from (A12).
    pub draw: Option<usize>,
}

/// The same app of another location (A12).
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Licences free to give. None if unlimited.
    pub free: Option<i64>,
    /// Devices with a licence of it, sorted.
    pub held: Vec<Held>,
}

impl Source {
    /// What the holder has, or was refused, there.
    pub fn of(&self, who: Who) -> Option<&Held> {
        let at = self.held.binary_search_by_key(&who, |held| held.who).ok()?;
        self.held.get(at)
    }

    /// Apple has refused the holder a licence there since then; that none was left is no refusal.
    pub fn refused(&self, who: Who, since: UnixMillis) -> bool {
        self.of(who).is_some_and(|held| {
            let short = held.shortage || held.none_left;
            held.state == LicenseState::Failed && !short && held.since >= since
        })
    }
}

impl Assigned {
    /// The order in which assignments lead, and claims are met.
    pub fn order(&self) -> (Priority, UnixMillis, i64) {
        (self.priority, self.created_at, self.number)
    }

    /// It is to bring licences: only such ones have some reserved (A12).
    pub fn gives(&self) -> bool {
        gives(self.target).is_some()
    }

    /// It gives user licences.
    pub fn gives_users(&self) -> bool {
        gives(self.target) == Some(LicenseKind::User)
    }
}

/// The kind of licence that it gives.
pub fn gives(target: Target) -> Option<LicenseKind> {
    match target {
        Target::Include {
            intent: Intent::Required | Intent::Available,
            kind,
        } => Some(kind),
        Target::Include { .. } | Target::Exclude => None,
    }
}

/// A licence as it is stored: what Apple confirmed, and what is on its way or waited for.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    pub who: Who,
    pub state: LicenseState,
    pub since: UnixMillis,
    /// Its place among those that wait since the same moment.
    pub turn: i64,
    /// The assignment that it was given by.
    pub assignment: Option<i64>,
    /// Given or adopted here (S6).
    pub known: bool,
    /// It failed because Apple had none left.
    pub shortage: bool,
    /// It failed because Apple did not know the person.
    pub unknown: bool,
    /// It failed because none was left here.
    pub none_left: bool,
}

/// An asset with all that its plan depends on.
#[derive(Clone, Debug)]
pub struct DesiredAsset {
    pub id: AssetId,
    pub product: ProductType,
    pub platforms: Platforms,
    pub device_assignable: bool,
    pub revocable: bool,
    /// Licences free to give, those on their way taken off. None if unlimited.
    pub free: Option<i64>,
    /// In the order of [`Assigned::order`].
    pub assigned: Vec<Assigned>,
    /// Sorted by holder.
    pub held: Vec<Held>,
    /// Who asked for it (A4), and when, sorted.
    pub asked: Vec<(Who, UnixMillis)>,
    pub sources: Vec<Source>,
    /// Assignments of the same app of other locations, which gave some of what is held; sorted.
    pub foreign: Vec<i64>,
    /// Given here and gone at Apple, undecided (S5), sorted.
    pub lost: Vec<Who>,
    /// Whose user licence was migrated to licences of their devices (A10).
    pub moved: Vec<u32>,
    /// Whose licence a reclaim rule took (R3), and when, sorted.
    pub barred: Vec<(Who, UnixMillis)>,
    /// The number of an assignment that is being removed: what it drew from another location goes back (A12).
    pub removed: Option<i64>,
    /// Numbers of the assignments that leave installing and removing to another tool (A13), the removed one among them.
    pub license_only: Vec<i64>,
}

impl DesiredAsset {
    /// When the holder asked for it, if so (A4).
    pub fn asked_by(&self, who: Who) -> Option<UnixMillis> {
        let at = self.asked.binary_search_by_key(&who, |(asker, _)| *asker).ok()?;
        self.asked.get(at).map(|(_, at)| *at)
    }

    /// Whether another tool installs what this assignment brings or gave, and removes it (A13).
    pub fn is_license_only(&self, assignment: Option<i64>) -> bool {
        assignment.is_some_and(|number| self.license_only.contains(&number))
    }

    /// A10: a migration gave this device licence in place of the user licence that the assignment gives; or of one that is
    /// gone, and others have taken over whom it concerned.
    pub fn in_place_of_a_users(&self, held: &Held) -> bool {
        let Some(number) = held.assignment else {
            return false;
        };
        match self.assigned.iter().find(|assigned| assigned.number == number) {
            Some(assigned) => assigned.gives_users(),
            None => self.foreign.binary_search(&number).is_err(),
        }
    }
}

/// Everything that is worked from.
#[derive(Clone, Debug, Default)]
pub struct Desired {
    pub directory: Directory,
    pub groups: Vec<Group>,
    pub assets: Vec<DesiredAsset>,
}

/// What groups bring: an intent, for whose licence, or an exclusion.
pub type Bits = u16;

const EXCLUDED: [(GroupKind, Bits); 2] = [(GroupKind::People, 1 << 8), (GroupKind::Devices, 1 << 9)];
/// An intent to uninstall has no kind of licence: it takes back either.
const BROUGHT: [(Brings, Option<LicenseKind>, Bits); 8] = [
    (Brings::UserRequired, Some(LicenseKind::Device), 1 << 0),
    (Brings::UserRequired, Some(LicenseKind::User), 1 << 1),
    (Brings::UserAvailable, Some(LicenseKind::Device), 1 << 2),
    (Brings::UserAvailable, Some(LicenseKind::User), 1 << 3),
    (Brings::UserUninstall, None, 1 << 4),
    (Brings::DeviceRequired, Some(LicenseKind::Device), 1 << 5),
    (Brings::DeviceRequired, Some(LicenseKind::User), 1 << 6),
    (Brings::DeviceUninstall, None, 1 << 7),
];
/// All combinations of the ten.
const CELLS: Bits = 1 << 10;

/// What an assignment brings each member; nothing if it is one that cannot be ("available" for devices).
pub fn brings(members: GroupKind, target: Target) -> Bits {
    match target {
        Target::Exclude => EXCLUDED
            .iter()
            .filter(|(kind, _)| *kind == members)
            .fold(0, |all, (_, bit)| all | bit),
        Target::Include { intent, kind } => BROUGHT
            .iter()
            .filter(|(source, of, _)| {
                Brings::of(members, intent) == Some(*source) && of.is_none_or(|of| of == kind)
            })
            .fold(0, |all, (.., bit)| all | bit),
    }
}

/// The bits of an intent, for licences of a kind.
const fn bits_of(intent: Intent, kind: LicenseKind) -> Bits {
    match (intent, kind) {
        (Intent::Required, LicenseKind::Device) => 1 | 1 << 5,
        (Intent::Required, LicenseKind::User) => 1 << 1 | 1 << 6,
        (Intent::Available, LicenseKind::Device) => 1 << 2,
        (Intent::Available, LicenseKind::User) => 1 << 3,
        (Intent::Uninstall, _) => 1 << 4 | 1 << 7,
    }
}

/// What a set of bits comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    pub settled: Option<Settled>,
    /// Those of the bits that count.
    pub count: Bits,
}

impl Cell {
    /// Of these bits: exclusions first, then the table.
    pub fn of(bits: Bits) -> Cell {
        CELL.get(usize::from(bits)).copied().unwrap_or_default()
    }

    /// The same for devices that have licences in place of their person's (A10): what brings the person one brings them one.
    pub fn for_moved(self) -> Cell {
        let count = BROUGHT
            .iter()
            .filter(|(_, kind, bit)| *kind == Some(LicenseKind::User) && self.count & bit != 0)
            .flat_map(|(source, ..)| BROUGHT.iter().filter(move |(other, ..)| other == source))
            .fold(self.count, |all, (.., bit)| all | bit);
        Cell { count, ..self }
    }

    /// Whether what counts holds that intent, for licences of that kind.
    pub fn holds(self, intent: Intent, kind: LicenseKind) -> bool {
        self.count & bits_of(intent, kind) != 0
    }
}

static CELL: LazyLock<Vec<Cell>> = LazyLock::new(|| (0..CELLS).map(work_out).collect());

fn work_out(bits: Bits) -> Cell {
    let Some((settled, count)) = settle(sources_of(bits)) else {
        return Cell::default();
    };
    let count = BROUGHT
        .iter()
        .filter(|(source, ..)| count.has(*source))
        .fold(0, |all, (.., bit)| all | (bits & bit));
    Cell {
        settled: Some(settled),
        count,
    }
}

/// The sources among these bits that no exclusion drops.
pub fn sources_of(bits: Bits) -> Sources {
    let brought = BROUGHT
        .iter()
        .filter(|(.., bit)| bits & bit != 0)
        .fold(Sources::default(), |all, (source, ..)| all.with(*source));
    EXCLUDED
        .iter()
        .filter(|(_, bit)| bits & bit != 0)
        .fold(brought, |left, (members, _)| left.without(*members))
}

/// Which kinds of groups exclude.
pub fn excluded_by(bits: Bits) -> impl Iterator<Item = GroupKind> {
    EXCLUDED
        .into_iter()
        .filter(move |(_, bit)| bits & bit != 0)
        .map(|(members, _)| members)
}

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
        reset(&mut self.devices, directory.devices.len(), 0);
        reset(&mut self.people, directory.people.len(), 0);
        reset(&mut self.device_leads, directory.devices.len(), NOBODY);
        reset(&mut self.person_leads, directory.people.len(), NOBODY);
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
        for (own, device) in self.devices.iter_mut().zip(&directory.devices) {
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
