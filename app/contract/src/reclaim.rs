//! Freeing licences that nobody uses: reclaim rules and their review queue (R3), and licences that lead to nobody (L3).
//! Books are never taken back, and licences that were not given here only where they are named.

use crate::{
    AssetId, Caller, Fault, LocationId, OperationId, Page, PageQuery, UnixMillis,
    licenses::{Holder, RevocationPreview},
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// What a rule looks at. Where several rules would take the same licence, the first of this order is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    /// The device was wiped, left management, or is no longer known here.
    #[default]
    Gone,
    /// The device has not checked in for so many days. A device that never did is left alone.
    Unseen,
    /// The app is assigned to groups, and the device is in none of them.
    OutOfScope,
    /// The app has not been on the device for so many days.
    Absent,
}

names! {
    RuleKind { Gone = "gone", Unseen = "unseen", OutOfScope = "out_of_scope", Absent = "absent" }
}

impl RuleKind {
    /// It counts days.
    pub fn has_days(self) -> bool {
        matches!(self, RuleKind::Unseen | RuleKind::Absent)
    }
}

/// What becomes of what a rule finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleMode {
    #[default]
    Off,
    /// Somebody is asked.
    Review,
    /// It is taken back by itself.
    Automatic,
}

names! {
    RuleMode { Off = "off", Review = "review", Automatic = "automatic" }
}

/// One rule as it is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReclaimRule {
    pub kind: RuleKind,
    pub mode: RuleMode,
    /// 1 to [`ReclaimRule::LONGEST`]; what it means is said by the kind.
    pub days: i64,
    /// R4: what is taken by itself is held back for so many minutes first.
    pub hold_minutes: u32,
}

impl ReclaimRule {
    /// Ten years, in days.
    pub const LONGEST: i64 = 3650;

    /// As it is before anybody set it.
    pub fn new(kind: RuleKind) -> Self {
        Self {
            kind,
            mode: RuleMode::Off,
            days: 90,
            hold_minutes: 60,
        }
    }

    /// What the ledger names as the reason.
    pub fn reason(&self) -> String {
        match self.kind {
            RuleKind::Gone => "reclaim rule: the device is gone".to_owned(),
            RuleKind::Unseen => format!("reclaim rule: not seen for {} days", self.days),
            RuleKind::OutOfScope => "reclaim rule: in no group that the app is assigned to".to_owned(),
            RuleKind::Absent => format!("reclaim rule: the app has been absent for {} days", self.days),
        }
    }
}

/// A licence that a rule would take back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReclaimRow {
    pub asset: AssetId,
    pub asset_name: String,
    pub icon: Option<String>,
    pub holder: Holder,
    /// The device's name, if it is known here.
    pub holder_name: Option<String>,
    pub location_name: String,
    pub why: RuleKind,
    /// When it began: the last check-in, the day of leaving, the last day of the app.
    pub fact_at: Option<UnixMillis>,
    pub queued_at: UnixMillis,
}

/// Which of the review queue to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct ReclaimQuery {
    /// The beginning of a serial number.
    pub holder: String,
    pub why: Option<RuleKind>,
    pub location: Option<LocationId>,
    pub page: PageQuery,
}

/// Which of the queue: named ones, or all that a list finds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReclaimScope {
    /// At most 100,000.
    Licenses(Vec<(AssetId, Holder)>),
    Matching(ReclaimQuery),
}

/// What becomes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// They are taken back.
    Approve,
    /// Rules leave them alone from now on.
    Keep,
}

/// What somebody decides about the review queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub how: Verdict,
    pub scope: ReclaimScope,
}

/// A licence that rules leave alone, or all of a device's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRow {
    /// None: all of the holder's.
    pub asset: Option<(AssetId, String)>,
    pub holder: Holder,
    /// The device's name, if it is known here.
    pub holder_name: Option<String>,
    /// Who decided so.
    pub by: String,
    pub at: UnixMillis,
    /// May be empty.
    pub reason: String,
}

/// One rule's day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportRow {
    /// The beginning of the day, UTC.
    pub day: UnixMillis,
    pub rule: RuleKind,
    /// Licences that it found and that were not in the queue before.
    pub proposed: i64,
    /// Licences that were taken, by itself or as somebody approved.
    pub taken: i64,
    /// Licences that somebody kept.
    pub kept: i64,
}

impl ReportRow {
    /// Days that a report goes back.
    pub const DAYS: i64 = 30;
}

/// Why a licence leads to nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrphanKind {
    /// No device with this serial number is known here.
    #[default]
    UnknownDevice,
    /// The device was wiped, or left management.
    DeviceLeft,
    /// Nobody here goes by this client user id at Apple.
    UnknownUser,
    /// The holder has the same app by another token too.
    Duplicate,
    /// The device has a licence, and its user has one too.
    BothKinds,
}

names! {
    OrphanKind {
        UnknownDevice = "unknown_device",
        DeviceLeft = "device_left",
        UnknownUser = "unknown_user",
        Duplicate = "duplicate",
        BothKinds = "both_kinds",
    }
}

/// A licence that leads to nobody (L3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrphanRow {
    pub asset: AssetId,
    pub asset_name: String,
    pub icon: Option<String>,
    pub holder: Holder,
    /// The device's name, if it is known here.
    pub holder_name: Option<String>,
    pub location_name: String,
    pub why: OrphanKind,
    /// Since when the licence is held.
    pub since: UnixMillis,
    /// It was given or adopted here.
    pub known: bool,
    /// It can be taken back at all.
    pub revocable: bool,
}

/// Which of them to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct OrphanQuery {
    /// The beginning of a serial number or client user id.
    pub holder: String,
    pub why: Option<OrphanKind>,
    pub location: Option<LocationId>,
    pub page: PageQuery,
}

/// What frees licences by itself or on review, for whoever has [`crate::Permission::ViewLicenses`]; rules and what they
/// leave alone are set with [`crate::Permission::ManageReclaim`], the queue is decided on with
/// [`crate::Permission::RevokeLicenses`].
#[async_trait]
pub trait Reclaim: Send + Sync {
    /// All four, in the order of [`RuleKind::ALL`].
    async fn rules(&self, caller: &Caller) -> Result<Vec<ReclaimRule>, Fault>;
    /// What the rule would take at this moment, at all locations.
    async fn preview_rule(&self, caller: &Caller, rule: ReclaimRule) -> Result<RevocationPreview, Fault>;
    /// Applied at once. [`crate::Code::FieldsInvalid`] for `days` and `hold_minutes`.
    async fn save_rule(&self, caller: &Caller, rule: ReclaimRule) -> Result<(), Fault>;
    /// The review queue, by app, then holder.
    async fn queue(&self, caller: &Caller, query: ReclaimQuery) -> Result<Page<ReclaimRow>, Fault>;
    /// What it is about; nothing is decided. [`crate::Code::NothingChosen`] if none of it is queued any more,
    /// [`crate::Code::TooManyChosen`].
    async fn preview_decision(&self, caller: &Caller, what: Decision) -> Result<RevocationPreview, Fault>;
    /// Answers the first operation of an approval, one a location and rule. Faults as of the preview,
    /// [`crate::Code::ChangedMeanwhile`] if some of it was decided or is to be left alone by now, and that of the
    /// token's state where it does not allow it (T3).
    async fn decide(
        &self,
        caller: &Caller,
        what: Decision,
        reason: &str,
        hold_minutes: u32,
    ) -> Result<Option<OperationId>, Fault>;
    /// What rules leave alone, by holder.
    async fn kept(&self, caller: &Caller, page: PageQuery) -> Result<Page<KeptRow>, Fault>;
    /// Rules leave all of these devices alone: serial numbers as pasted. [`crate::Code::FieldsInvalid`] for `serials`;
    /// [`crate::Code::TooManyChosen`] for more than 10,000.
    async fn protect(&self, caller: &Caller, serials: &str, reason: &str) -> Result<(), Fault>;
    /// Rules apply again to what a [`KeptRow`] with this asset, or none, left alone; nothing happens if there is none.
    async fn unprotect(&self, caller: &Caller, asset: Option<AssetId>, holder: Holder) -> Result<(), Fault>;
    /// The last days, the newest first.
    async fn report(&self, caller: &Caller) -> Result<Vec<ReportRow>, Fault>;
    /// By app, then holder.
    async fn orphans(&self, caller: &Caller, query: OrphanQuery) -> Result<Page<OrphanRow>, Fault>;
}
