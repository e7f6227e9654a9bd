//! A6: what led to a result.

use super::{Intent, LicenseKind, Prompts, Settled, Source, Target, Verdict};
use crate::{GroupId, groups::GroupKind, licenses::LicenseState};
use serde::{Deserialize, Serialize};

/// An assignment that concerns the holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brought {
    pub group: GroupId,
    pub group_name: String,
    pub members_kind: GroupKind,
    pub target: Target,
    /// It counts in the end: not excluded, not beaten in the table.
    pub counts: bool,
}

/// One step on the way to the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// Everything that led to what one holder has of one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    pub asset_name: String,
    pub holder_name: String,
    /// The serial number or the user name.
    pub key: String,
    /// By whom the licence is or would be held.
    pub kind: LicenseKind,
    pub brought: Vec<Brought>,
    pub steps: Vec<Explained>,
    pub settled: Option<Settled>,
    pub verdict: Option<Verdict>,
    pub state: Option<LicenseState>,
    pub prompts: Option<Prompts>,
    /// What the device is to do, once an MDM is attached.
    pub wanted: Option<Intent>,
}
