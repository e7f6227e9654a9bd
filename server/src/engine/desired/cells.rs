//! What a set of groups comes to for one holder: exclusions, then the conflict table (A5), once for each set of bits.

use contract::{
    assignments::{Intent, LicenseKind, Settled, Source as Brings, Sources, Target, settle},
    groups::GroupKind,
};
use std::sync::LazyLock;

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
pub const fn bits_of(intent: Intent, kind: LicenseKind) -> Bits {
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
