//! Groups of people or of devices, never mixed: D2.

mod rule;

pub use rule::{Attribute, Comparison, Condition, Join, Rule};

use crate::{AssetId, Caller, Fault, GroupId, Page, PageQuery, UnixMillis, people::Source};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Of whom a group is; of both is none (D2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupKind {
    #[default]
    People,
    Devices,
}

names! {
    GroupKind { People = "people", Devices = "devices" }
}

/// A group that is always there and never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BuiltIn {
    AllPeople,
    AllDevices,
}

names! {
    BuiltIn { AllPeople = "all_people", AllDevices = "all_devices" }
}

impl BuiltIn {
    /// Its name, too.
    pub fn id(self) -> GroupId {
        self.as_str().into()
    }
}

/// A group in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRow {
    pub id: GroupId,
    pub name: String,
    pub kind: GroupKind,
    /// None: its members were put into it.
    pub rule: Option<Rule>,
    /// None: somebody made it, by hand or in a directory.
    pub built_in: Option<BuiltIn>,
    pub source: Source,
    /// With those of the groups inside.
    pub members: i64,
}

/// A group with those around it and what is assigned to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupDetail {
    pub row: GroupRow,
    /// Counts every change of its name, its rule, and what was put into it, from 1.
    pub version: i64,
    /// When its name, its rule, or what was put into it changed last.
    pub changed_at: UnixMillis,
    /// Groups whose members are members here too, by name.
    pub inner: Vec<GroupRow>,
    /// Groups that this one is inside of, by name.
    pub outer: Vec<GroupRow>,
    /// What is assigned to it, by name, at most [`GroupUse::MOST`]: as long as there is any it is not deleted.
    pub uses: Vec<GroupUse>,
}

/// An app or a book that an assignment gives this very group, or keeps from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupUse {
    pub asset: AssetId,
    pub asset_name: String,
    pub location_name: String,
}

impl GroupUse {
    /// Uses that are told.
    pub const MOST: u32 = 100;
}

/// A group as a form gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupForm {
    pub name: String,
    /// Not changed later.
    pub kind: GroupKind,
    /// None: members are put into it. A group that has one keeps having one, and one without keeps being without.
    pub rule: Option<Rule>,
    /// Of a new group without rule: user names or serial numbers, as pasted.
    pub members: String,
}

/// Which groups to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupQuery {
    /// In the name.
    pub search: String,
    pub kind: Option<GroupKind>,
    pub page: PageQuery,
}

/// A person or a device in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRow {
    /// A [`crate::PersonId`] or a [`crate::DeviceId`], by the group's kind.
    pub id: String,
    pub name: String,
    /// User name or serial number.
    pub key: String,
    /// Put into this very group, so that it can be taken out.
    pub fixed: bool,
}

/// Who would be in a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulePreview {
    /// All of them, counted.
    pub members: i64,
    /// Some of them, at most [`RulePreview::MOST`].
    pub sample: Vec<MemberRow>,
}

impl RulePreview {
    /// Members that are shown.
    pub const MOST: usize = 20;
}

/// What became of pasted names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// How many are in the group now that were not put into it before.
    pub added: i64,
    /// Names that nobody here has, at most [`Added::MOST`].
    pub unknown: Vec<String>,
}

impl Added {
    /// Unknown names that are told.
    pub const MOST: usize = 50;
}

/// Groups, for whoever has [`crate::Permission::ViewGroups`]; the rest takes [`crate::Permission::ManageGroups`]. The
/// built-in ones are never changed: [`crate::Code::GroupBuiltIn`].
#[async_trait]
pub trait Groups: Send + Sync {
    /// By name.
    async fn list(&self, caller: &Caller, query: GroupQuery) -> Result<Page<GroupRow>, Fault>;
    /// With the groups directly inside and around it.
    async fn detail(&self, caller: &Caller, id: &GroupId) -> Result<GroupDetail, Fault>;
    /// By name.
    async fn members(&self, caller: &Caller, id: &GroupId, page: PageQuery)
    -> Result<Page<MemberRow>, Fault>;
    /// Whom a rule would take in, now. [`crate::Code::FieldsInvalid`] for the field `rule`: [`crate::Code::RuleEmpty`],
    /// [`crate::Code::RuleInvalid`], [`crate::Code::RuleValueUnknown`].
    async fn preview(&self, caller: &Caller, kind: GroupKind, rule: Rule) -> Result<RulePreview, Fault>;
    /// The names among [`GroupForm::members`] that nobody has are answered too. [`crate::Code::FieldsInvalid`] for
    /// `name`, also one that another group has, and for `rule`.
    async fn add(&self, caller: &Caller, form: GroupForm) -> Result<(GroupId, Added), Fault>;
    /// The name, and the rule of a group that has one. Faults as of adding one, and
    /// [`crate::Code::ChangedMeanwhile`] if the version is not the `expected` one.
    async fn change(
        &self,
        caller: &Caller,
        id: &GroupId,
        form: GroupForm,
        expected: Option<i64>,
    ) -> Result<(), Fault>;
    /// By user names or serial numbers, as pasted. [`crate::Code::GroupByRule`]
    async fn add_members(&self, caller: &Caller, id: &GroupId, text: &str) -> Result<Added, Fault>;
    /// `member` is [`MemberRow::id`]; nothing happens unless it was put into this very group.
    /// [`crate::Code::GroupByRule`].
    async fn remove_member(&self, caller: &Caller, id: &GroupId, member: &str) -> Result<(), Fault>;
    /// Puts the group of that name inside: [`crate::Code::GroupCycle`], [`crate::Code::GroupKindsMixed`],
    /// [`crate::Code::GroupUnknown`].
    async fn nest(&self, caller: &Caller, id: &GroupId, inner: &str) -> Result<(), Fault>;
    /// Nothing happens unless it is directly inside.
    async fn unnest(&self, caller: &Caller, id: &GroupId, inner: &GroupId) -> Result<(), Fault>;
    /// `name` is typed as a confirmation: [`crate::Code::ConfirmationWrong`] at the field `confirm`.
    /// [`crate::Code::GroupInUse`] while something is assigned to it.
    async fn delete(&self, caller: &Caller, id: &GroupId, name: &str) -> Result<(), Fault>;
}
