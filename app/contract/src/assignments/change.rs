//! Assignments to groups: A1, A2, A7, A8, A11, A12.

use super::{AssignmentSettings, Explanation, LicenseKind, Priority, Prompts, Reason, Shortage, Target};
use crate::{
    AssetId, Caller, DeviceId, Fault, GroupId, OperationId, Page, PageQuery, PersonId, PlanId, UnixMillis,
    groups::GroupKind, licenses::Holder,
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// What a group is to have of an asset, as a form gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignmentForm {
    pub group: GroupId,
    pub target: Target,
    #[serde(default)]
    pub settings: AssignmentSettings,
    #[serde(default)]
    pub priority: Priority,
    #[serde(default)]
    pub shortage: Shortage,
    /// A12: so many licences are kept for this group; 0 for none.
    #[serde(default)]
    pub reserved: i64,
}

/// A change of one asset's assignments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Adds it, or puts it in place of the group's former one.
    Save {
        asset: AssetId,
        form: AssignmentForm,
    },
    Remove {
        asset: AssetId,
        group: GroupId,
    },
}

impl Change {
    /// The one whose assignments change.
    pub fn asset(&self) -> AssetId {
        match self {
            Change::Save { asset, .. } | Change::Remove { asset, .. } => *asset,
        }
    }

    /// The one that is to have something else of it.
    pub fn group(&self) -> &GroupId {
        match self {
            Change::Save { form, .. } => &form.group,
            Change::Remove { group, .. } => group,
        }
    }
}

/// One assignment, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignmentRow {
    pub group: GroupId,
    /// Its id if the group is gone.
    pub group_name: String,
    /// Whether the group is of people or of devices.
    pub members_kind: GroupKind,
    pub target: Target,
    pub settings: AssignmentSettings,
    pub priority: Priority,
    pub shortage: Shortage,
    /// As [`AssignmentForm::reserved`].
    pub reserved: i64,
    pub created_at: UnixMillis,
    pub created_by: String,
    /// With those of the groups inside.
    pub members: i64,
    /// Licences that this assignment gave, those of other locations among them.
    pub licensed: i64,
    /// Of those: drawn from other locations (A12).
    #[serde(default)]
    pub drawn: i64,
    /// The name of the location that it draws from.
    #[serde(default)]
    pub draws_from: Option<String>,
    /// Holders whom it has put on the waiting list.
    pub waiting: i64,
    /// Licences of it that failed.
    pub failed: i64,
}

/// A group that can be added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupChoice {
    pub id: GroupId,
    pub name: String,
    pub kind: GroupKind,
    /// With those of the groups inside.
    pub members: i64,
}

/// What the plan says of one holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Gets a licence now.
    Gets,
    /// Has one, or one is on its way.
    Has,
    /// Gets one of the location that the assignment draws from (A12).
    Draws,
    /// No licence is left: so many are before it on the waiting list.
    Waits { before: i64 },
    /// It is not given, for this reason.
    Cannot { reason: Reason },
    /// Can ask for it (A4).
    Offered,
    /// The licence is taken back.
    Loses,
    /// It should be taken back, and is not for this reason.
    Keeps { reason: Reason },
    /// Leaves the waiting list.
    Leaves,
    /// What it has of another location goes back there (A12).
    Returns,
}

/// How many of each; uninstalls are devices that the app is to be removed from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeCounts {
    pub gets: i64,
    pub draws: i64,
    pub has: i64,
    pub waits: i64,
    pub cannot: i64,
    pub offered: i64,
    pub loses: i64,
    pub keeps: i64,
    pub leaves: i64,
    /// Devices that are to install the app and were not to before.
    pub installs: i64,
    /// The same of removing it.
    pub uninstalls: i64,
    /// Devices whose licence of another location goes back there (A12).
    #[serde(default)]
    pub returns: i64,
}

/// A saved plan of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeView {
    pub id: PlanId,
    pub made_at: UnixMillis,
    pub made_by: String,
    pub change: Change,
    pub asset_name: String,
    pub location_name: String,
    /// Empty if the group is no more.
    pub group_name: String,
    /// The group was deleted before the plan was applied: it has lapsed, and cannot be made again.
    #[serde(default)]
    pub group_gone: bool,
    pub counts: ChangeCounts,
    /// Reasons with their numbers.
    pub reasons: Vec<(Reason, i64)>,
    /// What those who get a licence now, or wait for one, will be asked, with their numbers.
    pub prompts: Vec<(Prompts, i64)>,
    /// Licences used after the plan, of how many.
    pub used_after: i64,
    pub total: i64,
    pub unlimited: bool,
    /// A book: never to be taken back, so a second confirmation is asked for.
    pub irrevocable: bool,
    /// The data has changed since: it is not applied as it stands.
    pub lapsed: bool,
    pub applied: bool,
    /// What carries it out, if licences are given or taken back.
    pub operation: Option<OperationId>,
}

/// Which lines of a plan to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeFilter {
    /// All that changes something or needs a word.
    #[default]
    All,
    /// Also those drawn from another location.
    Gets,
    Waits,
    /// Also those that are not taken back.
    Cannot,
    /// Also those that leave the waiting list, and those that go back to another location.
    Loses,
}

impl ChangeFilter {
    /// Whether lines with this verdict are among them.
    pub fn shows(self, verdict: Verdict) -> bool {
        match self {
            ChangeFilter::All => true,
            ChangeFilter::Gets => matches!(verdict, Verdict::Gets | Verdict::Draws),
            ChangeFilter::Waits => matches!(verdict, Verdict::Waits { .. }),
            ChangeFilter::Cannot => matches!(verdict, Verdict::Cannot { .. } | Verdict::Keeps { .. }),
            ChangeFilter::Loses => matches!(verdict, Verdict::Loses | Verdict::Leaves | Verdict::Returns),
        }
    }
}

/// A device or a person that is known here, with a page of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    Device(DeviceId),
    Person(PersonId),
}

/// One holder of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeLine {
    pub who: Known,
    pub name: String,
    /// The serial number or the user name.
    pub key: String,
    /// Of which kind the licence is: a device's own or the person's.
    pub kind: LicenseKind,
    /// The group that leads to it, if one does.
    pub group_name: Option<String>,
    pub verdict: Verdict,
    /// What whoever gets a licence will be asked (A9).
    pub prompts: Option<Prompts>,
}

/// Somebody on a waiting list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingRow {
    /// From 1.
    pub place: i64,
    pub holder: Holder,
    /// None: nobody here goes by it.
    pub who: Option<Known>,
    /// None as [`WaitingRow::who`] is.
    pub holder_name: Option<String>,
    /// Of a person.
    pub user_name: Option<String>,
    /// What counts among those of the same priority.
    pub since: UnixMillis,
    /// Of the assignment; normal for whoever was chosen by hand.
    pub priority: Priority,
    /// None: chosen by hand.
    pub group_name: Option<String>,
}

/// What groups are to have, and what that comes to for each holder: [`crate::Permission::ViewLicenses`] to look,
/// [`crate::Permission::AssignLicenses`] to choose a group, plan and apply.
#[async_trait]
pub trait GroupAssignments: Send + Sync {
    /// Of one asset, by the group's name.
    async fn rows(&self, caller: &Caller, asset: AssetId) -> Result<Vec<AssignmentRow>, Fault>;
    /// Groups whose names hold `search`, by name, at most [`GroupChoice::MOST`].
    async fn choices(&self, caller: &Caller, search: &str) -> Result<Vec<GroupChoice>, Fault>;
    /// By place: priority, then time (A8).
    async fn waiting(
        &self,
        caller: &Caller,
        asset: AssetId,
        page: PageQuery,
    ) -> Result<Page<WaitingRow>, Fault>;
    /// Works the change out, and saves the plan. [`crate::Code::AvailableNeedsPeople`], [`crate::Code::BookUserOnly`],
    /// [`crate::Code::BothKinds`], [`crate::Code::DeviceToUser`], [`crate::Code::UserToDevice`];
    /// [`crate::Code::FieldsInvalid`] for `group`, `reserved`, `vpn_profile` and `draw_from`.
    async fn plan_change(&self, caller: &Caller, change: Change) -> Result<PlanId, Fault>;
    /// What it comes to now, or came to when it was applied. [`crate::Code::NotFound`] also for a plan of devices
    /// chosen by hand.
    async fn change_view(&self, caller: &Caller, id: &PlanId) -> Result<ChangeView, Fault>;
    /// Holder by holder, what goes back to other locations last; none once the plan is applied.
    async fn change_lines(
        &self,
        caller: &Caller,
        id: &PlanId,
        filter: ChangeFilter,
        page: PageQuery,
    ) -> Result<Page<ChangeLine>, Fault>;
    /// Applies the plan as shown: [`crate::Code::PlanLapsed`] if the data has changed since,
    /// [`crate::Code::ConfirmationNeeded`] for what can never be taken back, the fault of the token's state where that
    /// does not allow it (T3). Answers the operation, if there is one; applying twice answers the same.
    async fn apply_change(
        &self,
        caller: &Caller,
        id: &PlanId,
        confirmed: bool,
    ) -> Result<Option<OperationId>, Fault>;
    /// A6: every group, intent, exclusion and row of the table that led to what a holder has. The holder is a serial
    /// number or a user name; [`crate::Code::NotFound`] if nobody here has it.
    async fn explain(&self, caller: &Caller, asset: AssetId, holder: &str) -> Result<Explanation, Fault>;
}

impl GroupChoice {
    /// Groups that are offered at once.
    pub const MOST: u32 = 100;
}
