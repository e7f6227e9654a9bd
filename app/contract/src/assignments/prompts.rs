//! A9: what a person will be asked, as a function of the device and the licence. The table is data.

use super::LicenseKind;
use crate::devices::{DeviceOwnership, Enrolment};
use serde::{Deserialize, Serialize};

/// How far a person is in the programme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    /// Unknown at Apple.
    #[default]
    None,
    /// Known at Apple, not joined.
    Registered,
    /// Joined with an Apple Account.
    Associated,
}

/// What the prompts depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PromptCase {
    pub ownership: DeviceOwnership,
    pub supervised: bool,
    pub kind: LicenseKind,
    /// The device is in single-app mode.
    pub kiosk: bool,
    pub enrolment: Enrolment,
    pub registration: Registration,
    /// The person has a Managed Apple Account.
    pub managed_account: bool,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompts {
    /// Which of the three come.
    Asked {
        /// To join the programme.
        invitation: bool,
        install: bool,
        apple_account: bool,
    },
    /// A user licence on a kiosk.
    NotSupported,
    /// Of several devices: asked on some, not supported on those that are kiosks.
    NotOnKiosks {
        invitation: bool,
        install: bool,
        apple_account: bool,
    },
}

impl Prompts {
    /// Of two devices of one person's: whatever either asks.
    pub fn with(self, other: Prompts) -> Prompts {
        let (one, other) = (self.parts(), other.parts());
        let kiosk = one.1 || other.1;
        let asked = match (one.0, other.0) {
            (Some([a, b, c]), Some([x, y, z])) => Some([a || x, b || y, c || z]),
            (one, other) => one.or(other),
        };
        match asked {
            None => Prompts::NotSupported,
            Some([invitation, install, apple_account]) if kiosk => Prompts::NotOnKiosks {
                invitation,
                install,
                apple_account,
            },
            Some([invitation, install, apple_account]) => Prompts::Asked {
                invitation,
                install,
                apple_account,
            },
        }
    }

    /// Invitation, install prompt, Apple Account prompt, where it is supported; and whether some device is a kiosk.
    pub fn parts(self) -> (Option<[bool; 3]>, bool) {
        match self {
            Prompts::Asked {
                invitation,
                install,
                apple_account,
            } => (Some([invitation, install, apple_account]), false),
            Prompts::NotOnKiosks {
                invitation,
                install,
                apple_account,
            } => (Some([invitation, install, apple_account]), true),
            Prompts::NotSupported => (None, true),
        }
    }
}

/// A row of the table; none: in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PromptRow {
    /// As the rule counts.
    pub number: u8,
    pub kiosk: bool,
    pub ownership: Option<DeviceOwnership>,
    pub supervised: Option<bool>,
    pub kind: LicenseKind,
    /// Invitation, install prompt, Apple Account prompt; none: not supported.
    pub asks: Option<[bool; 3]>,
}

use DeviceOwnership::{Corporate, Personal};
use LicenseKind::{Device, User};

/// THE table.
pub const PROMPTS: [PromptRow; 8] = [
    row(1, false, Some(Personal), None, User, Some([true, true, true])),
    row(
        2,
        false,
        Some(Corporate),
        Some(false),
        User,
        Some([true, true, true]),
    ),
    row(
        3,
        false,
        Some(Corporate),
        Some(true),
        User,
        Some([true, false, true]),
    ),
    row(4, false, Some(Personal), None, Device, Some([false, true, false])),
    row(
        5,
        false,
        Some(Corporate),
        Some(false),
        Device,
        Some([false, true, false]),
    ),
    row(
        6,
        false,
        Some(Corporate),
        Some(true),
        Device,
        Some([false, false, false]),
    ),
    row(7, true, None, None, Device, Some([false, false, false])),
    row(8, true, None, None, User, None),
];

const fn row(
    number: u8,
    kiosk: bool,
    ownership: Option<DeviceOwnership>,
    supervised: Option<bool>,
    kind: LicenseKind,
    asks: Option<[bool; 3]>,
) -> PromptRow {
    PromptRow {
        number,
        kiosk,
        ownership,
        supervised,
        kind,
        asks,
    }
}

/// What the person will be asked. Nobody is invited who has joined, has a Managed Apple Account, or is in user enrolment.
pub fn prompts(case: PromptCase) -> Prompts {
    let fits = |row: &&PromptRow| {
        row.kiosk == case.kiosk
            && row.kind == case.kind
            && row.ownership.is_none_or(|ownership| ownership == case.ownership)
            && row
                .supervised
                .is_none_or(|supervised| supervised == case.supervised)
    };
    let Some([invitation, install, apple_account]) = PROMPTS.iter().find(fits).and_then(|row| row.asks)
    else {
        return Prompts::NotSupported;
    };
    let joined = case.registration == Registration::Associated
        || case.managed_account
        || case.enrolment == Enrolment::User;
    Prompts::Asked {
        invitation: invitation && !joined,
        install,
        apple_account,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(ownership: DeviceOwnership, supervised: bool, kind: LicenseKind, kiosk: bool) -> PromptCase {
        PromptCase {
            ownership,
            supervised,
            kind,
            kiosk,
            enrolment: Enrolment::Device,
            registration: Registration::Registered,
            managed_account: false,
        }
    }

    fn asked(invitation: bool, install: bool, apple_account: bool) -> Prompts {
        Prompts::Asked {
            invitation,
            install,
            apple_account,
        }
    }

    #[test]
    fn each_row_of_the_rule() {
        let rows = [
            (1, case(Personal, false, User, false), asked(true, true, true)),
            (2, case(Corporate, false, User, false), asked(true, true, true)),
            (3, case(Corporate, true, User, false), asked(true, false, true)),
            (4, case(Personal, false, Device, false), asked(false, true, false)),
            (
                5,
                case(Corporate, false, Device, false),
                asked(false, true, false),
            ),
            (
                6,
                case(Corporate, true, Device, false),
                asked(false, false, false),
            ),
            (7, case(Corporate, true, Device, true), asked(false, false, false)),
            (8, case(Corporate, true, User, true), Prompts::NotSupported),
        ];
        for (number, case, expected) in rows {
            assert_eq!(prompts(case), expected, "row {number}");
        }
    }

    #[test]
    fn each_case_has_exactly_one_row() {
        for ownership in [Personal, Corporate] {
            for (supervised, kiosk) in [(false, false), (true, false), (true, true)] {
                for kind in [Device, User] {
                    let fitting = PROMPTS.iter().filter(|row| {
                        row.kiosk == kiosk
                            && row.kind == kind
                            && row.ownership.is_none_or(|own| own == ownership)
                            && row.supervised.is_none_or(|own| own == supervised)
                    });
                    assert_eq!(fitting.count(), 1, "{ownership:?} {supervised} {kiosk} {kind:?}");
                }
            }
        }
    }

    #[test]
    fn of_several_devices_whatever_any_asks_is_asked_and_a_kiosk_is_named() {
        let supervised = asked(false, false, true);
        assert_eq!(supervised.with(asked(true, true, true)), asked(true, true, true));
        let named = Prompts::NotOnKiosks {
            invitation: false,
            install: false,
            apple_account: true,
        };
        assert_eq!(supervised.with(Prompts::NotSupported), named);
        assert_eq!(Prompts::NotSupported.with(supervised), named);
        let alone = Prompts::NotSupported;
        assert_eq!(alone.with(alone), alone);
    }

    #[test]
    fn nobody_is_invited_who_has_joined_or_needs_no_invitation() {
        let personal = case(Personal, false, User, false);
        for case in [
            PromptCase {
                registration: Registration::Associated,
                ..personal
            },
            PromptCase {
                managed_account: true,
                ..personal
            },
            PromptCase {
                enrolment: Enrolment::User,
                ..personal
            },
        ] {
            assert_eq!(prompts(case), asked(false, true, true));
        }
    }
}
