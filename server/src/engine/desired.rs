//! What should be: assignments spread over the members of their groups, exclusions and the conflict table applied (A1 to
//! A5). Pure. Holders are positions in sorted lists, and what several groups bring one device is a set of bits, so that
//! 100,000 devices and 25 apps take a fraction of a second.

mod cells;
mod directory;
mod spread;

pub use cells::{Bits, Cell, brings, excluded_by, sources_of};
pub use directory::{Device, Directory, Person, Who};
pub use spread::Spread;

use contract::{
    AssetId, UnixMillis,
    assignments::{Intent, LicenseKind, Priority, Shortage, Target},
    catalog::ProductType,
    devices::Platforms,
    groups::GroupKind,
    licenses::LicenseState,
};

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
    /// It is held still because Apple refused to take it back. To be tried again after the next full sync.
    pub not_taken_back: bool,
}

impl Held {
    /// It failed because none was left.
    pub fn is_short(&self) -> bool {
        self.state == LicenseState::Failed && (self.shortage || self.none_left)
    }
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
    /// Numbers of the assignments that leave installing and removing to another tool (A13), removed ones among them.
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
