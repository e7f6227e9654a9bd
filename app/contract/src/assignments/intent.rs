//! What a group is to have of an asset: A1, A8, A11, A12.

use crate::LocationId;
use serde::{Deserialize, Serialize};

/// What a group is to have of an asset (A1, A4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// The licence is taken now, the app installed.
    #[default]
    Required,
    /// The licence is taken when the person asks for the app. Groups of people only.
    Available,
    /// The app is removed and the licence taken back.
    Uninstall,
}

/// Whom a licence is given to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LicenseKind {
    /// One device's, without any Apple Account (A2).
    #[default]
    Device,
    /// One person's with one Apple Account, for up to five devices (A2); the only kind for books (A3).
    User,
}

/// A group is included with an intent, or excluded from whatever other groups of its kind bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    Include { intent: Intent, kind: LicenseKind },
    Exclude,
}

/// Who gets a licence first where there are too few; then the one who has wanted it longer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    High,
    #[default]
    Normal,
    Low,
}

/// A8: what becomes of those for whom no licence is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shortage {
    /// They get one by themselves when one is freed or bought.
    #[default]
    Wait,
    /// They are told so, and are not on a waiting list; one that becomes free goes to the first who failed.
    Fail,
}

names! {
    Intent { Required = "required", Available = "available", Uninstall = "uninstall" }
    LicenseKind { Device = "device", User = "user" }
    Priority { High = "high", Normal = "normal", Low = "low" }
    Shortage { Wait = "wait", Fail = "fail" }
}

/// A11 to A13.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AssignmentSettings {
    /// The app goes when the device leaves management.
    pub uninstall_on_removal: bool,
    /// People may delete the app themselves.
    pub removable: bool,
    /// Backups to iCloud leave the app's data out.
    pub no_icloud_backup: bool,
    /// Automatic updates (M3) leave the app out.
    pub no_automatic_update: bool,
    /// The VPN profile that the app's traffic goes through; empty for none.
    pub vpn_profile: String,
    /// Whoever leaves the group keeps the licence; else it is freed (R2).
    pub keep_licenses: bool,
    /// A13: the licence alone is given and taken back; another tool installs the app and removes it.
    pub license_only: bool,
    /// A12: the location whose token gives a device licence of the same app when this one has none left.
    pub draw_from: Option<LocationId>,
}

impl Default for AssignmentSettings {
    fn default() -> Self {
        Self {
            uninstall_on_removal: true,
            removable: true,
            no_icloud_backup: false,
            no_automatic_update: false,
            vpn_profile: String::new(),
            keep_licenses: false,
            license_only: false,
            draw_from: None,
        }
    }
}
