//! A6: what led to a result.

use super::{LicenseKind, Prompts, Settled, Source, Target, Verdict};
use crate::{GroupId, groups::GroupKind, licenses::LicenseState, users::AppleAccount};
use serde::{Deserialize, Serialize};

/// An assignment that concerns the holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brought {
    pub group: GroupId,
    /// Its id if the group is gone.
    pub group_name: String,
    pub members_kind: GroupKind,
    pub target: Target,
    /// It counts in the end: not excluded, not beaten in the table.
    pub counts: bool,
}

/// One step on the way to the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Explained {
    /// A group of this kind excludes: what others of its kind bring does not count.
    Excluded { members: GroupKind },
    /// A row of the table.
    Row {
        one: Source,
        other: Source,
        settled: Settled,
    },
    /// One intent alone.
    Alone { source: Source },
    /// No group brings anything.
    Nothing,
    /// A10: devices have licences of their own in place of the person's user licence.
    Moved,
    /// A2: the user licence of the device's primary user covers it.
    ByPerson { user_name: String },
    /// A2: one of the person's devices has a licence of its own, or is to have or to lose one.
    ByDevice {
        serial: String,
        verdict: Option<Verdict>,
        state: Option<LicenseState>,
    },
    /// A2: one of the several Apple Accounts of the person's: the Managed one, or the one that is invited.
    Account {
        account: AppleAccount,
        verdict: Option<Verdict>,
        state: Option<LicenseState>,
    },
    /// A12: so many licences are free and kept for another group.
    Reserved { group_name: String, kept: i64 },
    /// A12: the licence is, or is to be, of another location.
    Drawn { location_name: String },
    /// A12: the licence was given from here by an assignment of another location's.
    DrawnBy {
        group_name: String,
        location_name: String,
    },
    /// Somebody chose the holder by hand, or made the licence one by hand.
    ByHand { by: String, reason: String },
    /// P4: a request was approved.
    Requested { by: String },
    /// Licences of this group's assignment stay when the group is left.
    Stays { group_name: String },
    /// S6: Apple had it when Pomona looked.
    Found,
}

/// What devices are to do, once an MDM is attached: one device, or a person's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Devices that are to install the app.
    pub installs: i64,
    /// Devices that are to remove it.
    pub uninstalls: i64,
}

/// Everything that led to what one holder has of one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    pub asset_name: String,
    pub holder_name: String,
    /// The serial number or the user name.
    pub key: String,
    /// Whether the holder is a device or a person.
    pub holder_kind: GroupKind,
    /// Of which kind the licence is or would be; a device may have its person's, and a person those of the own devices.
    pub kind: LicenseKind,
    /// As assignments lead: by priority, then time.
    pub brought: Vec<Brought>,
    /// In the order in which they lead to the result.
    pub steps: Vec<Explained>,
    /// What the table comes to; none if no group brings anything that counts.
    pub settled: Option<Settled>,
    /// None also where a person's devices have different ones.
    pub verdict: Option<Verdict>,
    /// That of the licence; none if there is none, or where a person's devices have different ones.
    pub state: Option<LicenseState>,
    /// A9; none unless there is a licence to have.
    pub prompts: Option<Prompts>,
    pub wanted: Wanted,
}
