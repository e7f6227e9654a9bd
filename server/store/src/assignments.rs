//! Assignments to groups, who asks for what they make available, and who waits.

use crate::Result;

use async_trait::async_trait;
use contract::{
    AssetId, DeviceId, GroupId, Page, PageQuery, PersonId, UnixMillis,
    assignments::{
        AssignmentRow, AssignmentSettings, GroupChoice, Known, Priority, Shortage, Target, WaitingRow, Wanted,
    },
    groups::GroupKind,
    licenses::Holder,
};

/// An assignment as plans need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAssignment {
    pub number: i64,
    pub group: GroupId,
    /// None: the group is gone, and nobody is in it.
    pub group_name: Option<String>,
    pub members_kind: GroupKind,
    pub target: Target,
    pub settings: AssignmentSettings,
    pub priority: Priority,
    pub shortage: Shortage,
    pub reserved: i64,
    pub created_at: UnixMillis,
    pub changed_at: UnixMillis,
}

/// Where a licence, or a place in the line, comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LicenseOrigin {
    /// The assignment that gave it, as long as there is one.
    pub assignment: Option<GivenBy>,
    /// Who gave it in which operation.
    pub operation: Option<GivenIn>,
}

/// The assignment that gave a licence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenBy {
    pub asset: AssetId,
    pub group_name: String,
    pub location_name: String,
    /// Whoever leaves the group keeps the licence.
    pub keeps: bool,
}

/// The operation in which a licence was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenIn {
    pub by: String,
    pub reason: String,
    /// A request was approved with it.
    pub requested: bool,
}

/// Licences of an asset that are not free to give, though Apple counts them as available.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpokenFor {
    /// On their way to somebody.
    pub requested: i64,
    /// Kept for groups whose members do not have them yet (A12).
    pub kept: i64,
}

#[async_trait]
pub trait Assignments: Send + Sync {
    /// None: there is no licence, nor a place in the line.
    async fn license_origin(&self, asset: AssetId, holder: &Holder) -> Result<Option<LicenseOrigin>>;
    /// What this device, or this person's devices, are to do.
    async fn wanted(&self, asset: AssetId, who: &Asker) -> Result<Wanted>;
    /// In the order in which they lead: priority, then time.
    async fn assignments_of(&self, asset: AssetId) -> Result<Vec<StoredAssignment>>;
    /// By the group's name, with numbers.
    async fn assignment_rows(&self, asset: AssetId) -> Result<Vec<AssignmentRow>>;
    async fn spoken_for(&self, asset: AssetId) -> Result<SpokenFor>;
    /// Groups whose name has this in it, by name; at most [`GroupChoice::MOST`].
    async fn group_choices(&self, search: &str) -> Result<Vec<GroupChoice>>;
    /// None: there is no such group.
    async fn group_choice(&self, id: &GroupId) -> Result<Option<GroupChoice>>;
    /// By place: priority, time, then the device's id.
    async fn waiting_list(&self, asset: AssetId, page: &PageQuery) -> Result<Page<WaitingRow>>;
    /// Those of the assets that are assigned to any group.
    async fn assigned_of(&self, assets: &[AssetId]) -> Result<Vec<AssetId>>;
    /// A4: a device or a person asks for an app, until its licence is taken back.
    async fn ask(&self, asset: AssetId, who: &Asker, now: UnixMillis) -> Result<()>;
}

/// Who asks for an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asker {
    Device(DeviceId),
    Person(PersonId),
}

impl From<Known> for Asker {
    fn from(known: Known) -> Self {
        match known {
            Known::Device(id) => Self::Device(id),
            Known::Person(id) => Self::Person(id),
        }
    }
}

impl Asker {
    pub(crate) fn parts(&self) -> (&str, i64) {
        match self {
            Asker::Device(id) => (id.as_str(), 0),
            Asker::Person(id) => (id.as_str(), 1),
        }
    }
}
