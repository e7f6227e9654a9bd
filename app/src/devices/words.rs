//! Words for what a device is.

use crate::t;
use contract::devices::{DeviceOwnership, Enrolment, Platform};

pub(crate) fn ownership(ownership: DeviceOwnership) -> &'static str {
    match ownership {
        DeviceOwnership::Corporate => t!(ownership_corporate),
        DeviceOwnership::Personal => t!(ownership_personal),
    }
}

pub(crate) fn enrolment(enrolment: Enrolment) -> &'static str {
    match enrolment {
        Enrolment::Device => t!(enrolment_device),
        Enrolment::User => t!(enrolment_user),
        Enrolment::Shared => t!(enrolment_shared),
    }
}

pub(crate) fn yes_no(yes: bool) -> &'static str {
    if yes { t!(answer_yes) } else { t!(answer_no) }
}

/// The choices of a platform, by their names in forms.
pub(crate) fn platforms() -> Vec<(String, String)> {
    Platform::ALL
        .map(|platform| (platform.as_str().to_owned(), platform.label().to_owned()))
        .into()
}

pub(crate) fn ownerships() -> Vec<(String, String)> {
    [DeviceOwnership::Corporate, DeviceOwnership::Personal]
        .map(|choice| (choice.as_str().to_owned(), ownership(choice).to_owned()))
        .into()
}

pub(crate) fn enrolments() -> Vec<(String, String)> {
    Enrolment::ALL
        .map(|choice| (choice.as_str().to_owned(), enrolment(choice).to_owned()))
        .into()
}
