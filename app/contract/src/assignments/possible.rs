//! A3: which licence a device's or person's enrolment allows, and what the device runs.

use super::{LicenseKind, Reason, Registration};
use crate::{catalog::ProductType, devices::Enrolment};

/// What the rules look at. Of a person without devices the device's part is as it usually is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PossibleCase {
    pub product: ProductType,
    /// Apple gives device licences of it.
    pub device_assignable: bool,
    pub kind: LicenseKind,
    pub enrolment: Enrolment,
    /// The App Store is blocked on the device.
    pub store_blocked: bool,
    /// The app or book runs on other platforms than the device's.
    pub runs_elsewhere: bool,
    pub registration: Registration,
    /// The person has a Managed Apple Account.
    pub managed_account: bool,
}

impl PossibleCase {
    /// A Managed Apple Account is associated as soon as Apple is told of the person, without an invitation:
    /// <https://developer.apple.com/documentation/devicemanagement/setting-up-and-assigning-content>. Whoever Apple knows
    /// without being associated waits for that.
    fn joins_at_once(&self) -> bool {
        self.managed_account && self.registration == Registration::None
    }
}

/// Why this licence cannot be given, if it cannot.
pub fn possible(case: PossibleCase) -> Result<(), Reason> {
    match case.kind {
        LicenseKind::Device if case.product == ProductType::Book => Err(Reason::BookNeedsUser),
        LicenseKind::Device | LicenseKind::User if case.runs_elsewhere => Err(Reason::RunsElsewhere),
        LicenseKind::Device if case.enrolment == Enrolment::User => Err(Reason::UserEnrolment),
        LicenseKind::Device if !case.device_assignable => Err(Reason::NotDeviceAssignable),
        LicenseKind::User if case.enrolment == Enrolment::User && !case.managed_account => {
            Err(Reason::ManagedAccountNeeded)
        }
        LicenseKind::User
            if case.store_blocked
                && case.registration != Registration::Associated
                && !case.joins_at_once() =>
        {
            Err(Reason::StoreBlocked)
        }
        LicenseKind::Device | LicenseKind::User => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use LicenseKind::{Device, User};

    const USUAL: PossibleCase = PossibleCase {
        product: ProductType::App,
        device_assignable: true,
        kind: Device,
        enrolment: Enrolment::Device,
        store_blocked: false,
        runs_elsewhere: false,
        registration: Registration::Registered,
        managed_account: false,
    };

    #[test]
    fn each_rule() {
        let user = PossibleCase { kind: User, ..USUAL };
        let book = ProductType::Book;
        let rows = [
            (USUAL, Ok(())),
            (user, Ok(())),
            (
                PossibleCase {
                    product: book,
                    ..USUAL
                },
                Err(Reason::BookNeedsUser),
            ),
            (
                PossibleCase {
                    product: book,
                    ..user
                },
                Ok(()),
            ),
            (
                PossibleCase {
                    device_assignable: false,
                    ..USUAL
                },
                Err(Reason::NotDeviceAssignable),
            ),
            (
                PossibleCase {
                    enrolment: Enrolment::User,
                    ..USUAL
                },
                Err(Reason::UserEnrolment),
            ),
            (
                PossibleCase {
                    enrolment: Enrolment::User,
                    ..user
                },
                Err(Reason::ManagedAccountNeeded),
            ),
            (
                PossibleCase {
                    enrolment: Enrolment::User,
                    managed_account: true,
                    ..user
                },
                Ok(()),
            ),
            (
                PossibleCase {
                    store_blocked: true,
                    ..user
                },
                Err(Reason::StoreBlocked),
            ),
            (
                PossibleCase {
                    store_blocked: true,
                    registration: Registration::Associated,
                    ..user
                },
                Ok(()),
            ),
            (
                PossibleCase {
                    store_blocked: true,
                    ..USUAL
                },
                Ok(()),
            ),
            // A Managed Apple Account joins when Apple is told of it, and has not joined if Apple was told before.
            (
                PossibleCase {
                    store_blocked: true,
                    registration: Registration::None,
                    managed_account: true,
                    ..user
                },
                Ok(()),
            ),
            (
                PossibleCase {
                    store_blocked: true,
                    registration: Registration::None,
                    ..user
                },
                Err(Reason::StoreBlocked),
            ),
            (
                PossibleCase {
                    store_blocked: true,
                    managed_account: true,
                    ..user
                },
                Err(Reason::StoreBlocked),
            ),
            (
                PossibleCase {
                    runs_elsewhere: true,
                    ..USUAL
                },
                Err(Reason::RunsElsewhere),
            ),
            (
                PossibleCase {
                    runs_elsewhere: true,
                    ..user
                },
                Err(Reason::RunsElsewhere),
            ),
            // Whoever is not registered yet becomes so with the licence.
            (
                PossibleCase {
                    registration: Registration::None,
                    ..user
                },
                Ok(()),
            ),
        ];
        for (case, expected) in rows {
            assert_eq!(possible(case), expected, "{case:?}");
        }
    }
}
