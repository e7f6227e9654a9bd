//! The small numbers that stand for states in storage. Stored: never renumber.

use crate::{operations::BatchState, planning::Errand, users::UserWish};
use contract::{
    Serial,
    activity::ItemState,
    assignments::{Intent, LicenseKind, Priority, Shortage},
    catalog::ProductType,
    groups::GroupKind,
    licenses::{Act, Holder, LicenseState},
    moves::Stay,
    reclaim::{OrphanKind, RuleKind},
    users::UserStatus,
};

macro_rules! numbers {
    ($($type:ident { $($name:ident = $number:literal),+ $(,)? })+) => {$(
        impl Number for $type {
            fn number(self) -> i64 {
                match self { $($type::$name => $number),+ }
            }

            fn from_number(number: i64) -> Option<Self> {
                match number { $($number => Some($type::$name),)+ _ => None }
            }
        }
    )+};
}

/// Something that is stored as a small number.
pub trait Number: Sized {
    fn number(self) -> i64;
    fn from_number(number: i64) -> Option<Self>;
}

numbers! {
    LicenseState { Waiting = 0, Requested = 1, Held = 2, Releasing = 3, Released = 4, Failed = 5 }
    ItemState { Open = 0, Sent = 1, Done = 2, Failed = 3, Waiting = 4 }
    Act { Found = 0, Gone = 1, Queued = 2, Requested = 3, Held = 4, Releasing = 5, Released = 6, Failed = 7,
        Adopted = 8, LetGo = 9, Forgotten = 10, Withdrawn = 11, Ended = 12 }
    ProductType { App = 0, Book = 1 }
    GroupKind { People = 0, Devices = 1 }
    BatchState { Prepared = 0, Sending = 1, Sent = 2 }
    Intent { Required = 0, Available = 1, Uninstall = 2 }
    LicenseKind { Device = 0, User = 1 }
    Priority { High = 0, Normal = 1, Low = 2 }
    Shortage { Wait = 0, Fail = 1 }
    RuleKind { Gone = 0, Unseen = 1, OutOfScope = 2, Absent = 3 }
    OrphanKind { UnknownDevice = 0, DeviceLeft = 1, UnknownUser = 2, Duplicate = 3, BothKinds = 4 }
    Stay { UnknownUser = 0, NoDevices = 1, UserEnrolled = 2, Refused = 3, RunsElsewhere = 4 }
    Errand { Install = 0, Uninstall = 1 }
    UserStatus { Wanted = 0, Registered = 1, Associated = 2, Retired = 3 }
    UserWish { Create = 0, Update = 1, Retire = 2 }
}

/// A device's licence.
pub const DEVICE: i64 = 0;
/// A user's.
pub const USER: i64 = 1;

/// The kind of a holder.
pub fn kind(holder: &Holder) -> i64 {
    match holder {
        Holder::Device(_) => DEVICE,
        Holder::User(_) => USER,
    }
}

/// The holder of that kind.
pub fn holder(kind: i64, id: String) -> Holder {
    if kind == DEVICE {
        Holder::Device(Serial::known(id))
    } else {
        Holder::User(id)
    }
}
