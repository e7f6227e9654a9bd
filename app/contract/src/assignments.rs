//! Assignments: of devices chosen by hand (this file), and of groups, which the engine keeps true. The plan is shown
//! first in both (A7, A8).

mod change;
mod conflicts;
mod explain;
mod intent;
mod possible;
mod prompts;

pub use change::{
    AssignmentForm, AssignmentRow, Change, ChangeCounts, ChangeFilter, ChangeLine, ChangeView,
    GroupAssignments, GroupChoice, Known, Verdict, WaitingRow,
};
pub use conflicts::{CONFLICTS, Settled, Source, Sources, conflict, settle};
pub use explain::{Brought, Explained, Explanation, Wanted};
pub use intent::{AssignmentSettings, Intent, LicenseKind, Priority, Shortage, Target};
pub use possible::{PossibleCase, possible};
pub use prompts::{PROMPTS, PromptCase, PromptRow, Prompts, Registration, prompts};

use crate::{
    AssetId, Caller, DeviceId, Fault, OperationId, Page, PageQuery, PlanId, Serial, UnixMillis,
    devices::DeviceQuery,
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Which devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceSelection {
    /// Ticked in a list.
    Chosen { devices: Vec<DeviceId> },
    /// All that a search finds.
    Matching { query: DeviceQuery },
    /// Serial numbers as pasted: separated by spaces, commas, semicolons or lines.
    Pasted { text: String },
}

/// Device licences of some apps, at most 100, for some devices, at most 100,000.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRequest {
    /// All of one location or of several.
    pub assets: Vec<AssetId>,
    pub devices: DeviceSelection,
}

/// What a saved plan is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Planned {
    /// Devices chosen by hand.
    Devices(PlanRequest),
    /// A group's assignment, saved or removed.
    Change(Change),
}

/// Why a holder cannot have a licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Apple gives no device licences for this app or book.
    NotDeviceAssignable,
    /// No device with this serial number is known here.
    UnknownSerial,
    /// The text is no serial number.
    NotASerial,
    /// It does not run on the device, or on none of the person's.
    RunsElsewhere,
    /// A3: books have user licences alone.
    BookNeedsUser,
    /// A3: a device in user enrolment takes no device licence.
    UserEnrolment,
    /// A3: user enrolment goes with a Managed Apple Account, and the person has none.
    ManagedAccountNeeded,
    /// A3: the App Store is blocked, and the person has not joined the programme.
    StoreBlocked,
    /// Apple would not register the person; the person's page says why.
    NotRegistered,
    /// A user licence for a device that has no primary user.
    NoPrimaryUser,
    /// A3: device and user licence at once.
    OtherKind,
    /// Given here and gone at Apple, until somebody has decided what is right (S5).
    LostAtApple,
    /// The device was wiped, or is out of management.
    DeviceGone,
    /// A reclaim rule took it (R3), and what led to that lasts; saving the assignment again gives it again.
    Reclaimed,
    /// Apple refused it; saving the assignment again tries again.
    Refused,
    /// No licence was left, and the assignment keeps no waiting list; one that becomes free is given by itself (A8).
    NoneLeft,
    /// A licence cannot be taken back: a book, or an app that Apple says so of.
    NotRevocable,
    /// Apple refused to take it back; it is tried again after the next full sync, and by whoever revokes it by hand.
    NotTakenBack,
    /// It was not given here (S6).
    NotGivenHere,
    /// An operation is at work on it.
    UnderWay,
}

/// What the plan says of one device and one app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Gets a licence now.
    Gets,
    /// Has one, or one is on its way.
    Has,
    /// No licence is left.
    Waits,
    Cannot {
        reason: Reason,
    },
}

/// How many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeCounts {
    pub gets: i64,
    pub has: i64,
    pub waits: i64,
    pub cannot: i64,
}

/// What a plan comes to for one app or book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanAsset {
    pub id: AssetId,
    pub name: String,
    pub location_name: String,
    pub icon: Option<String>,
    pub outcomes: OutcomeCounts,
    /// Licences used after the plan, of how many.
    pub used_after: i64,
    pub total: i64,
    pub unlimited: bool,
}

/// A saved plan of devices chosen by hand: as the data are now, or as they were when it was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanView {
    pub id: PlanId,
    pub made_at: UnixMillis,
    pub made_by: String,
    pub assets: Vec<PlanAsset>,
    pub outcomes: OutcomeCounts,
    /// Reasons with their numbers.
    pub reasons: Vec<(Reason, i64)>,
    /// What whoever gets a licence, now or later, will be asked (A9), with their numbers.
    pub prompts: Vec<(Prompts, i64)>,
    /// Calls to Apple that it takes.
    pub calls: i64,
    /// The data has changed since: it is not applied as it stands.
    pub lapsed: bool,
    /// Already applied, by this operation.
    pub applied: Option<OperationId>,
}

/// Which outcomes to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeFilter {
    #[default]
    All,
    Gets,
    Has,
    Waits,
    Cannot,
}

/// One device and one app of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanLine {
    pub asset_name: String,
    /// A serial number, or what was pasted in its place.
    pub serial: Serial,
    /// None: no such device is known here.
    pub device_name: Option<String>,
    pub outcome: Outcome,
    /// A9, as long as something is to come.
    pub prompts: Option<Prompts>,
}

/// A plan that was made again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewPlan {
    /// Of devices chosen by hand.
    Devices(PlanId),
    /// Of a change to a group's assignment.
    Change(PlanId),
}

/// Device licences for devices chosen by hand, the plan first (A7): [`crate::Permission::ViewLicenses`] to look at a
/// plan, [`crate::Permission::AssignLicenses`] to make and apply one.
#[async_trait]
pub trait Assignments: Send + Sync {
    /// Works the plan out and saves it; nothing is given. [`crate::Code::NothingChosen`] without apps or without
    /// devices, [`crate::Code::TooManyChosen`]; devices that are not known here any more are left out.
    async fn plan(&self, caller: &Caller, request: PlanRequest) -> Result<PlanId, Fault>;
    /// What it comes to now, or came to when it was applied. [`crate::Code::NotFound`] also for a plan of a group's assignment.
    async fn view(&self, caller: &Caller, id: &PlanId) -> Result<PlanView, Fault>;
    /// By app, then device; none once the plan is applied.
    async fn lines(
        &self,
        caller: &Caller,
        id: &PlanId,
        filter: OutcomeFilter,
        page: PageQuery,
    ) -> Result<Page<PlanLine>, Fault>;
    /// The same plan again, of these or of groups, from the data as they are now. [`crate::Code::NotFound`] if its
    /// group was deleted; else what making such a plan answers.
    async fn again(&self, caller: &Caller, id: &PlanId) -> Result<NewPlan, Fault>;
    /// Applies the plan as shown: [`crate::Code::PlanLapsed`] if the data has changed since, [`crate::Code::PlanEmpty`]
    /// if nobody gets or waits for anything, the fault of the token's state where that does not allow it (T3). Applying
    /// twice answers the same operation.
    async fn apply(&self, caller: &Caller, id: &PlanId) -> Result<OperationId, Fault>;
}
