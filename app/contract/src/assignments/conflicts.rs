//! A5: what several intents for one device come to. The table is data; everything else here reads it.

use super::Intent;
use crate::groups::GroupKind;
use serde::{Deserialize, Serialize};

/// An intent, and the kind of group that brings it. Groups of devices have no "available" (A1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// UR of the rule.
    UserRequired,
    /// UA of the rule.
    UserAvailable,
    /// UX of the rule.
    UserUninstall,
    /// DR of the rule.
    DeviceRequired,
    /// DX of the rule.
    DeviceUninstall,
}

/// What is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    Required,
    /// Required, and offered where people look for apps.
    RequiredAndAvailable,
    Available,
    /// Offered; uninstalled if it was there as required, until it is asked for again.
    AvailableUninstalled,
    Uninstall,
}

use Settled as S;
use Source::{DeviceRequired, DeviceUninstall, UserAvailable, UserRequired, UserUninstall};

/// THE table.
pub const CONFLICTS: [(Source, Source, Settled); 10] = [
    (UserRequired, UserAvailable, S::RequiredAndAvailable),
    (UserRequired, UserUninstall, S::Required),
    (UserAvailable, UserUninstall, S::Uninstall),
    (UserRequired, DeviceRequired, S::Required),
    (UserRequired, DeviceUninstall, S::Required),
    (UserAvailable, DeviceRequired, S::RequiredAndAvailable),
    (UserAvailable, DeviceUninstall, S::AvailableUninstalled),
    (UserUninstall, DeviceRequired, S::Required),
    (UserUninstall, DeviceUninstall, S::Uninstall),
    (DeviceRequired, DeviceUninstall, S::Required),
];

impl Source {
    /// Whoever is beaten by the table stands after whoever beats it.
    pub const ALL: [Source; 5] = [
        UserRequired,
        DeviceRequired,
        UserUninstall,
        UserAvailable,
        DeviceUninstall,
    ];

    /// None for "available" to devices, which is refused when it is saved.
    pub fn of(members: GroupKind, intent: Intent) -> Option<Self> {
        Some(match (members, intent) {
            (GroupKind::People, Intent::Required) => UserRequired,
            (GroupKind::People, Intent::Available) => UserAvailable,
            (GroupKind::People, Intent::Uninstall) => UserUninstall,
            (GroupKind::Devices, Intent::Required) => DeviceRequired,
            (GroupKind::Devices, Intent::Uninstall) => DeviceUninstall,
            (GroupKind::Devices, Intent::Available) => return None,
        })
    }

    /// What the group is to have.
    pub fn intent(self) -> Intent {
        match self {
            UserRequired | DeviceRequired => Intent::Required,
            UserAvailable => Intent::Available,
            UserUninstall | DeviceUninstall => Intent::Uninstall,
        }
    }

    /// Of which kind the group is.
    pub fn members(self) -> GroupKind {
        match self {
            UserRequired | UserAvailable | UserUninstall => GroupKind::People,
            DeviceRequired | DeviceUninstall => GroupKind::Devices,
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl Settled {
    /// Whether that intent is part of it.
    pub fn holds(self, intent: Intent) -> bool {
        match intent {
            Intent::Required => matches!(self, S::Required | S::RequiredAndAvailable),
            Intent::Available => {
                matches!(
                    self,
                    S::RequiredAndAvailable | S::Available | S::AvailableUninstalled
                )
            }
            Intent::Uninstall => self == S::Uninstall,
        }
    }
}

/// Some sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sources(u8);

impl Sources {
    /// These, and this one.
    #[must_use]
    pub fn with(self, source: Source) -> Self {
        Self(self.0 | source.bit())
    }

    /// Without those that groups of this kind bring: one of them excludes (A5).
    #[must_use]
    pub fn without(self, members: GroupKind) -> Self {
        let gone = Source::ALL
            .into_iter()
            .filter(|source| source.members() == members)
            .fold(0, |bits, source| bits | source.bit());
        Self(self.0 & !gone)
    }

    /// Whether this one is among them.
    pub fn has(self, source: Source) -> bool {
        self.0 & source.bit() != 0
    }

    /// No group brings anything.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// In the order of [`Source::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Source> {
        Source::ALL.into_iter().filter(move |source| self.has(*source))
    }
}

/// The row of the table for these two, in either order.
pub fn conflict(one: Source, other: Source) -> Option<Settled> {
    CONFLICTS
        .iter()
        .find(|(a, b, _)| (*a, *b) == (one, other) || (*b, *a) == (one, other))
        .map(|(_, _, settled)| *settled)
}

/// What these come to, and those of them that count: of two, the table drops the one whose intent is not in its result.
pub fn settle(sources: Sources) -> Option<(Settled, Sources)> {
    let mut count = Sources::default();
    for source in sources.iter() {
        let beaten = count
            .iter()
            .any(|winner| conflict(winner, source).is_some_and(|settled| !settled.holds(source.intent())));
        if !beaten {
            count = count.with(source);
        }
    }
    let wants = |intent| count.iter().any(|source| source.intent() == intent);
    let settled = match (wants(Intent::Required), wants(Intent::Available)) {
        (true, true) => S::RequiredAndAvailable,
        (true, false) => S::Required,
        (false, true) if sources.has(DeviceUninstall) => S::AvailableUninstalled,
        (false, true) => S::Available,
        (false, false) if wants(Intent::Uninstall) => S::Uninstall,
        (false, false) => return None,
    };
    Some((settled, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sources: &[Source]) -> Sources {
        sources
            .iter()
            .fold(Sources::default(), |all, source| all.with(*source))
    }

    #[test]
    fn each_row_is_that_of_the_rule() {
        let rule = "UR+UA=RA UR+UX=R UA+UX=X UR+DR=R UR+DX=R UA+DR=RA UA+DX=AX UX+DR=R UX+DX=X DR+DX=R";
        let short = |source| match source {
            UserRequired => "UR",
            UserAvailable => "UA",
            UserUninstall => "UX",
            DeviceRequired => "DR",
            DeviceUninstall => "DX",
        };
        let result = |settled| match settled {
            S::Required => "R",
            S::RequiredAndAvailable => "RA",
            S::Available => "A",
            S::AvailableUninstalled => "AX",
            S::Uninstall => "X",
        };
        let rows: Vec<_> = CONFLICTS
            .iter()
            .map(|(a, b, settled)| format!("{}+{}={}", short(*a), short(*b), result(*settled)))
            .collect();
        assert_eq!(rows.join(" "), rule);
    }

    #[test]
    fn two_sources_come_to_what_their_row_says() {
        for (a, b, settled) in CONFLICTS {
            assert_eq!(
                settle(of(&[a, b])).map(|(settled, _)| settled),
                Some(settled),
                "{a:?} {b:?}"
            );
        }
    }

    #[test]
    fn one_source_is_its_own_intent() {
        for source in Source::ALL {
            let (settled, count) = settle(of(&[source])).unwrap();
            assert!(settled.holds(source.intent()));
            assert_eq!(count, of(&[source]));
        }
        assert_eq!(settle(Sources::default()), None);
    }

    #[test]
    fn whoever_is_beaten_stands_after_whoever_beats_it() {
        for (at, source) in Source::ALL.into_iter().enumerate() {
            for later in &Source::ALL[at + 1..] {
                let settled = conflict(source, *later).unwrap();
                let loses = !settled.holds(source.intent());
                assert!(!loses, "{later:?} beats {source:?}");
            }
        }
    }

    #[test]
    fn any_set_keeps_an_intent_that_no_other_that_counts_beats() {
        for bits in 1..32_u8 {
            let sources = Sources(bits);
            let (settled, count) = settle(sources).unwrap();
            assert!(!count.is_empty());
            for source in sources.iter() {
                let beaten = count
                    .iter()
                    .any(|other| conflict(other, source).is_some_and(|row| !row.holds(source.intent())));
                assert_eq!(count.has(source), !beaten, "{bits:05b}");
                assert_eq!(count.has(source), settled.holds(source.intent()) && !beaten);
            }
        }
    }

    #[test]
    fn an_exclusion_drops_what_groups_of_its_kind_bring() {
        let all = of(&Source::ALL);
        assert_eq!(
            all.without(GroupKind::People),
            of(&[DeviceRequired, DeviceUninstall])
        );
        assert!(
            all.without(GroupKind::Devices)
                .without(GroupKind::People)
                .is_empty()
        );
    }
}
