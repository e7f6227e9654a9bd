//! A3: which licence a device's or person's enrolment allows.

use super::{LicenseKind, Reason, Registration};
use crate::{catalog::ProductType, devices::Enrolment};

/// What the rules look at. Of a person without devices the device's part is as it usually is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PossibleCase {
    pub product: ProductType,
    pub device_assignable: bool,
    pub kind: LicenseKind,
    pub enrolment: Enrolment,
    pub store_blocked: bool,
    pub registration: Registration,
    pub managed_account: bool,
}

/// Why this licence cannot be given, if it cannot.
pub fn possible(case: PossibleCase) -> Result<(), Reason> {
    match case.kind {
        LicenseKind::Device if case.product == ProductType::Book => Err(Reason::BookNeedsUser),
        LicenseKind::Device if case.enrolment == Enrolment::User => Err(Reason::UserEnrolment),
        LicenseKind::Device if !case.device_assignable => Err(Reason::NotDeviceAssignable),
        LicenseKind::User if case.enrolment == Enrolment::User && !case.managed_account => {
            Err(Reason::ManagedAccountNeeded)
        }
        LicenseKind::User if case.store_blocked && case.registration != Registration::Associated => {
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
