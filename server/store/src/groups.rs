//! Groups (D2). Who is in them is written together with whatever it follows from, see src/membership.rs.

use crate::{
    Result,
    scim::{Filter, Found, GroupField, Slice},
};
use async_trait::async_trait;
use contract::{
    GroupId, Page, PageQuery, UnixMillis,
    groups::{GroupKind, GroupQuery, GroupRow, GroupUse, MemberRow, Rule, RulePreview},
    people::Source,
};
use serde_json::{Value, json};

/// A group to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGroup {
    pub id: GroupId,
    pub name: String,
    pub kind: GroupKind,
    pub rule: Option<Rule>,
    pub source: Source,
    pub external_id: Option<String>,
    /// Ids of people or devices that are put into it; unknown ones are left out.
    pub members: Vec<String>,
    /// Ids of groups that are put inside; unknown ones are left out.
    pub inner: Vec<String>,
}

/// A group as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub row: GroupRow,
    pub external_id: Option<String>,
    /// Counts every change of what is written here, and of who was put into the group; from 1.
    pub version: i64,
    pub created_at: UnixMillis,
    pub changed_at: UnixMillis,
}

impl Group {
    /// What became of it (Z3).
    pub(crate) fn told(&self) -> Value {
        json!({ "name": self.row.name, "members": self.row.members })
    }
}

/// What to change of a group; what is none stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupEdit {
    pub name: Option<String>,
    pub rule: Option<Rule>,
    pub external_id: Option<Option<String>>,
    /// One after another.
    pub members: Vec<MembersEdit>,
    /// Groups directly inside, one after another. [`MembersEdit::Set`] leaves those with a rule inside: no directory knows
    /// of them.
    pub inner: Vec<MembersEdit>,
    /// [`contract::Code::ChangedMeanwhile`] if the version is another.
    pub expected: Option<i64>,
}

/// Ids of people, devices or groups; unknown ones are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MembersEdit {
    Add(Vec<String>),
    Remove(Vec<String>),
    Set(Vec<String>),
}

#[async_trait]
pub trait Groups: Send + Sync {
    async fn group_list(&self, query: &GroupQuery) -> Result<Page<GroupRow>>;
    /// [`crate::StoreError::NotFound`]
    async fn group(&self, id: &GroupId) -> Result<Group>;
    /// Without regard to case.
    async fn group_named(&self, name: &str) -> Result<Option<GroupRow>>;
    /// Groups directly inside of this one, by name.
    async fn inner_groups(&self, id: &GroupId) -> Result<Vec<GroupRow>>;
    /// Groups that this one is directly inside of, by name.
    async fn outer_groups(&self, id: &GroupId) -> Result<Vec<GroupRow>>;
    /// The groups that a person or a device is in, by name.
    async fn groups_of(&self, member: &str, limit: u32) -> Result<Vec<GroupRow>>;
    /// By name.
    async fn group_members(&self, id: &GroupId, page: &PageQuery) -> Result<Page<MemberRow>>;
    /// Whom a rule takes in.
    async fn rule_preview(&self, kind: GroupKind, rule: &Rule) -> Result<RulePreview>;
    /// Who has these user names or serial numbers: name as given, and id.
    async fn members_named(&self, kind: GroupKind, names: &[String]) -> Result<Vec<(String, String)>>;
    /// [`contract::Code::NameTaken`], [`contract::Code::GroupKindsMixed`]
    async fn insert_group(&self, group: &NewGroup, now: UnixMillis) -> Result<()>;
    /// How many were put into the group that had not been before. [`contract::Code::NameTaken`]; as
    /// [`Groups::nest_group`], too.
    async fn change_group(&self, id: &GroupId, edit: &GroupEdit, now: UnixMillis) -> Result<i64>;
    /// [`contract::Code::GroupCycle`], [`contract::Code::GroupKindsMixed`]
    async fn nest_group(&self, id: &GroupId, inner: &GroupId, now: UnixMillis) -> Result<()>;
    /// The inner group is no longer directly inside of this one.
    async fn unnest_group(&self, id: &GroupId, inner: &GroupId, now: UnixMillis) -> Result<()>;
    /// Shown apps and books that are assigned to this very group, by name, at most [`GroupUse::MOST`].
    async fn group_uses(&self, id: &GroupId) -> Result<Vec<GroupUse>>;
    /// [`contract::Code::GroupInUse`]; [`contract::Code::ChangedMeanwhile`] if the version is not the `expected` one.
    async fn delete_group(&self, id: &GroupId, expected: Option<i64>, now: UnixMillis) -> Result<()>;
    /// Who was put into the group: id and name, by id.
    async fn fixed_members(&self, id: &GroupId) -> Result<Vec<(String, String)>>;
    /// Those of the ids that no person has.
    async fn unknown_people(&self, ids: &[String]) -> Result<Vec<String>>;
    /// Groups of people without a rule, by id.
    async fn find_groups(&self, filter: Option<&Filter<GroupField>>, slice: Slice) -> Result<Found<Group>>;
}
