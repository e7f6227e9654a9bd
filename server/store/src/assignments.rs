//! Assignments to groups, what their plans are worked out from, and what comes of the plans.

use crate::{Result, locations::Fence, numbers, operations::NewOperation, users::NewUser};
pub use contract::licenses::Errand;

use async_trait::async_trait;
use contract::{
    AssetId, DeviceId, GroupId, LocationId, Page, PageQuery, PersonId, PlanId, Serial, UnixMillis,
    assignments::{
        AssignmentRow, AssignmentSettings, Change, GroupChoice, Known, Priority, Registration, Shortage,
        Target, WaitingRow, Wanted,
    },
    devices::{DeviceOwnership, Enrolment, Platform},
    groups::GroupKind,
    licenses::{Holder, LicenseState},
    users::AppleAccount,
};
use std::collections::{BTreeMap, BTreeSet};

/// The number of an assignment that is not stored yet.
pub const NEW_ASSIGNMENT: i64 = i64::MAX;

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

#[derive(Clone, Debug)]
pub struct PlanDevice {
    pub id: DeviceId,
    pub serial: Serial,
    /// The primary user, by position among [`PlanningData::people`].
    pub owner: Option<u32>,
    pub platform: Platform,
    pub ownership: DeviceOwnership,
    pub supervised: bool,
    pub enrolment: Enrolment,
    pub kiosk: bool,
    pub store_blocked: bool,
    /// Wiped, or out of management.
    pub gone: bool,
}

#[derive(Clone, Debug)]
pub struct PlanPerson {
    pub id: PersonId,
    pub user_name: String,
    /// The Apple Account is a Managed one; of somebody who has not joined, the one that is to join.
    pub managed_account: bool,
    /// With which the person joins.
    pub account: AppleAccount,
    pub registration: Registration,
    /// What Apple calls the person; none: not thought of yet.
    pub client_user_id: Option<String>,
    /// Apple is being told of the person.
    pub joining: bool,
    /// Apple would not have the person.
    pub refused: bool,
    /// Inactive (D4).
    pub left: bool,
    /// Is to be retired at Apple, or is being retired.
    pub retiring: bool,
    pub registered_at: UnixMillis,
}

/// A licence, by the holder's position among devices or people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanLicense {
    pub position: u32,
    pub state: LicenseState,
    pub since: UnixMillis,
    /// Its place among those that wait since the same moment.
    pub turn: i64,
    pub assignment: Option<i64>,
    /// Given or adopted here.
    pub known: bool,
    /// Apple's number of the failure.
    pub error: Option<i64>,
}

/// The same app of another location, as far as the asset's assignments draw from it (A12).
#[derive(Clone, Debug)]
pub struct PlanSource {
    pub asset: AssetId,
    pub location: LocationId,
    /// Free to give to others, none if unlimited.
    pub free: Option<i64>,
    /// Device licences, sorted by position.
    pub held: Vec<PlanLicense>,
}

/// One asset's part.
#[derive(Clone, Debug, Default)]
pub struct PlanAssetData {
    pub assignments: Vec<StoredAssignment>,
    /// Of known devices, sorted by position.
    pub device_licenses: Vec<PlanLicense>,
    pub user_licenses: Vec<PlanLicense>,
    /// Positions of devices and of people that asked for it (A4), with the moment, sorted.
    pub asked_devices: Vec<(u32, UnixMillis)>,
    pub asked_people: Vec<(u32, UnixMillis)>,
    /// Positions of devices and of people whose licence is gone at Apple, undecided (S5), sorted.
    pub lost_devices: Vec<u32>,
    /// Positions of people who were migrated to licences of their devices (A10) while there were assignments that still
    /// give user licences.
    pub moved_people: Vec<u32>,
    /// Positions of devices whose licence a reclaim rule took (R3), with the moment, sorted.
    pub barred_devices: Vec<(u32, UnixMillis)>,
    pub sources: Vec<PlanSource>,
    /// Assignments of other locations' assets that gave some of the licences, sorted.
    pub foreign: Vec<i64>,
    pub lost_people: Vec<u32>,
    /// Positions of devices with what they are to do, sorted.
    pub errands: Vec<(u32, Errand)>,
    /// Licences on their way, of devices and users.
    pub requested: i64,
}

/// Everything the plans of some assets are worked out from, read at one moment.
#[derive(Clone, Debug, Default)]
pub struct PlanningData {
    /// Sorted by id.
    pub devices: Vec<PlanDevice>,
    /// Sorted by id. Whoever has two Apple Accounts (A2) is there twice.
    pub people: Vec<PlanPerson>,
    /// Sorted by id; members are positions among the devices or the people, sorted.
    pub groups: Vec<(GroupId, GroupKind, Vec<u32>)>,
    /// In the order asked for.
    pub assets: Vec<PlanAssetData>,
    /// Removed assignments, of whatever app, that another tool installed for (A13).
    pub removed_license_only: Vec<i64>,
}

/// Where a licence, or a place in the line, comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LicenseOrigin {
    /// The assignment that gave it, as long as there is one.
    pub assignment: Option<GivenBy>,
    /// Who gave it in which operation.
    pub operation: Option<GivenIn>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenBy {
    pub asset: AssetId,
    pub group_name: String,
    pub location_name: String,
    /// Whoever leaves the group keeps the licence.
    pub keeps: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenIn {
    pub by: String,
    pub reason: String,
    /// A request was approved with it.
    pub requested: bool,
}

/// Licences of one asset that an assignment gives, or has waiting; none: by hand, as before.
#[derive(Clone, Debug)]
pub struct Mark {
    pub asset: AssetId,
    /// [`NEW_ASSIGNMENT`] for the one that is saved along.
    pub assignment: i64,
    /// In [`Fulfilment::holders`].
    pub holders: Vec<u32>,
}

/// Licences of one asset that are no longer waited for, or failed and are over.
#[derive(Clone, Debug)]
pub struct Leave {
    pub asset: AssetId,
    /// For the ledger.
    pub reason: String,
    /// In [`Fulfilment::holders`].
    pub holders: Vec<u32>,
}

/// A change of assignments by somebody.
#[derive(Clone, Debug)]
pub struct Applied {
    pub plan: PlanId,
    pub change: Change,
    pub by: String,
    /// The asset's assignments as the plan knows them, [`among`] which the change was looked at.
    pub among: Vec<(i64, UnixMillis)>,
    /// What the plan says: [`crate::plans::SavedPlan::shown`].
    pub shown: String,
}

/// What tells one state of an asset's assignments from another: their numbers, sorted, and when each was saved.
pub fn among(assignments: &[StoredAssignment]) -> Vec<(i64, UnixMillis)> {
    let all = assignments.iter();
    let mut all: Vec<_> = all.map(|one| (one.number, one.changed_at)).collect();
    all.sort_unstable();
    all
}

/// What plans came to, to be written in one transaction.
#[derive(Clone, Debug, Default)]
pub struct Fulfilment {
    pub at: UnixMillis,
    /// Whom the ledger names where no operation does.
    pub by: String,
    pub applied: Option<Applied>,
    /// What was planned, as it was queued when the facts were read. Where something else came since, the plan has lapsed.
    pub planned: Vec<Queued>,
    /// What the lists below count in.
    pub holders: Vec<Holder>,
    /// People who join at a location, so that they can hold licences.
    pub joining: Option<(LocationId, Vec<NewUser>)>,
    pub operations: Vec<NewOperation>,
    pub marks: Vec<Mark>,
    /// Leave the waiting list.
    pub leaves: Vec<Leave>,
    /// Fail, since none is left: with the assignment that says so.
    pub fails: Vec<Mark>,
    /// Since when those of the above are in the line who asked before they were planned: the asset, and the place in
    /// [`Fulfilment::holders`].
    pub since: Vec<(AssetId, u32, UnixMillis)>,
    /// None: there is nothing to do any more.
    pub errands: Vec<(AssetId, DeviceId, Option<Errand>)>,
}

/// Licences of an asset that are not free to give, though Apple counts them as available.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpokenFor {
    /// On their way to somebody.
    pub requested: i64,
    /// Kept for groups whose members do not have them yet (A12).
    pub kept: i64,
}

/// An asset to be planned, with the stamp of the newest cause.
pub type Queued = (AssetId, i64);

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
    async fn group_choices(&self, search: &str) -> Result<Vec<GroupChoice>>;
    async fn group_choice(&self, id: &GroupId) -> Result<Option<GroupChoice>>;
    /// By place: priority, time, then the device's id.
    async fn waiting_list(&self, asset: AssetId, page: &PageQuery) -> Result<Page<WaitingRow>>;

    /// Of these assets, their groups and `more` ones: devices and people concerned, and what they hold. As if one of the
    /// assignments drew from the location `draw` too.
    async fn planning_data(
        &self,
        assets: &[AssetId],
        more: &[GroupId],
        draw: Option<&LocationId>,
    ) -> Result<PlanningData>;
    /// In one durable transaction: the change and its plan, operations, marks, the waiting list, failures, errands. With
    /// a fence, as its worker. [`contract::Code::PlanLapsed`] if the plan is applied already, if the group is gone that is to
    /// be assigned to, if the asset's assignments are not those that the plan knows, if more would be given than there is now, or if what was planned has been queued again, or is assigned to a group that changed.
    async fn fulfil(&self, fence: Option<&Fence>, fulfilment: &Fulfilment) -> Result<()>;

    /// Those of the assets that are assigned to any group.
    async fn assigned_of(&self, assets: &[AssetId]) -> Result<Vec<AssetId>>;
    /// T8: the operations, with which everything of the location's is taken back. In the same durable transaction nothing
    /// of it is assigned, asked or waited for any more, by other locations neither, and no migration goes on, so that
    /// nothing is given again. Answers how many assignments there were.
    async fn revoke_everything(
        &self,
        location: &LocationId,
        operations: &[NewOperation],
        by: &str,
        now: UnixMillis,
    ) -> Result<u64>;

    /// A4: a device or a person asks for an app, until its licence is taken back.
    async fn ask(&self, asset: AssetId, who: &Asker, now: UnixMillis) -> Result<()>;

    /// Has the assets planned that groups with other members are assigned; answers whether there were such groups.
    async fn queue_changed_groups(&self) -> Result<bool>;
    /// Those of the location that may be planned now, at most `limit`; not those whose counts are in doubt.
    async fn assets_to_plan(&self, location: &LocationId, now: UnixMillis, limit: u32)
    -> Result<Vec<Queued>>;
    /// These have been planned, as far as nothing has come since.
    async fn planned(&self, fence: &Fence, queued: &[Queued]) -> Result<()>;
    /// This asset waits until then, with those that were refused what they drew from it (A12), or all of the location do.
    async fn plan_later(&self, fence: &Fence, asset: Option<AssetId>, not_before: UnixMillis) -> Result<()>;
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

impl Fulfilment {
    /// The holders at these positions, by kind.
    pub(crate) fn by_kind(&self, positions: &[u32]) -> BTreeMap<i64, Vec<&str>> {
        let mut kinds: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
        for holder in positions.iter().filter_map(|at| self.holders.get(*at as usize)) {
            kinds.entry(numbers::kind(holder)).or_default().push(holder.id());
        }
        kinds
    }

    /// [`Fulfilment::since`] with the holders themselves.
    pub(crate) fn placed(&self) -> impl Iterator<Item = (AssetId, &Holder, UnixMillis)> {
        let placed = self.since.iter();
        placed.filter_map(|(asset, at, since)| Some((*asset, self.holders.get(*at as usize)?, *since)))
    }

    /// Assets of which other licences are listed afterwards, beside those of operations.
    pub(crate) fn listed(&self) -> BTreeSet<AssetId> {
        let leaving = self.leaves.iter().map(|leave| leave.asset);
        leaving.chain(self.fails.iter().map(|mark| mark.asset)).collect()
    }
}

impl Mark {
    /// The assignment's number in storage, if it has one; `new` is that of the one saved along.
    pub(crate) fn stored(&self, new: Option<i64>) -> Option<i64> {
        match self.assignment {
            NEW_ASSIGNMENT => new,
            number => Some(number),
        }
    }
}
