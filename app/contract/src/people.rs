//! People: D1, and D3 as far as "by hand" and CSV go.

use crate::{
    Caller, Fault, Page, PageQuery, PersonId, UnixMillis, csv::CsvPreview, devices::DeviceRow,
    groups::GroupRow,
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Where a person or a group comes from (D3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    #[default]
    Manual,
    Csv,
    Scim,
}

names! {
    Source { Manual = "manual", Csv = "csv", Scim = "scim" }
}

/// Somebody whom the organisation knows (D1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRow {
    pub id: PersonId,
    pub name: String,
    /// Unique without regard to case; devices and CSV files name people by it.
    pub user_name: String,
    /// Empty if there is none.
    pub email: String,
    /// Empty if there is none.
    pub managed_apple_account: String,
    pub department: String,
    /// Whoever is not has left: in no group, and without user licences (D4).
    pub active: bool,
    /// Devices whose primary user this is.
    pub devices: i64,
}

/// A person as a form or a CSV line gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PersonForm {
    /// If empty, the user name is taken for it.
    pub name: String,
    pub user_name: String,
    pub email: String,
    pub managed_apple_account: String,
    pub department: String,
    pub active: bool,
}

impl Default for PersonForm {
    fn default() -> Self {
        Self {
            name: String::new(),
            user_name: String::new(),
            email: String::new(),
            managed_apple_account: String::new(),
            department: String::new(),
            active: true,
        }
    }
}

/// As it is.
impl From<PersonRow> for PersonForm {
    fn from(row: PersonRow) -> Self {
        Self {
            name: row.name,
            user_name: row.user_name,
            email: row.email,
            managed_apple_account: row.managed_apple_account,
            department: row.department,
            active: row.active,
        }
    }
}

/// By what the list is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonSort {
    #[default]
    Name,
    UserName,
}

/// Which people to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct PersonQuery {
    /// In the name, the user name, the e-mail address or the Managed Apple Account.
    pub search: String,
    /// None: whether they are or not.
    pub active: Option<bool>,
    pub sort: PersonSort,
    pub page: PageQuery,
}

/// A person with devices and groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonDetail {
    pub row: PersonRow,
    pub source: Source,
    /// Counts every change of what is known of them, from 1.
    pub version: i64,
    pub changed_at: UnixMillis,
    /// By name, at most [`PersonDetail::MOST`].
    pub devices: Vec<DeviceRow>,
    /// By name, at most [`PersonDetail::MOST`].
    pub groups: Vec<GroupRow>,
    /// Licences that the person and the person's devices hold, for whoever may take them back; none for all others.
    pub held: i64,
}

impl PersonDetail {
    /// Devices, and groups, that are shown.
    pub const MOST: u32 = 100;
}

/// People, for whoever has [`crate::Permission::ViewPeople`]; changing what is known of them takes
/// [`crate::Permission::ManagePeople`].
#[async_trait]
pub trait People: Send + Sync {
    /// As the query sorts it.
    async fn list(&self, caller: &Caller, query: PersonQuery) -> Result<Page<PersonRow>, Fault>;
    /// As it is known now.
    async fn detail(&self, caller: &Caller, id: &PersonId) -> Result<PersonDetail, Fault>;
    /// Whom a list is narrowed to, or else whom its search may mean, by name: a few, none for no text.
    async fn meant(
        &self,
        caller: &Caller,
        person: Option<PersonId>,
        search: String,
    ) -> Result<Vec<(PersonId, String)>, Fault>;
    /// By hand. [`crate::Code::FieldsInvalid`], also for a user name that another person has
    /// ([`crate::Code::UserNameTaken`]).
    async fn add(&self, caller: &Caller, form: PersonForm) -> Result<PersonId, Fault>;
    /// All of the form counts. The person's devices go along with a new user name. Faults as of adding one, and
    /// [`crate::Code::ChangedMeanwhile`] if the version is not the `expected` one.
    async fn change(
        &self,
        caller: &Caller,
        id: &PersonId,
        form: PersonForm,
        expected: Option<i64>,
    ) -> Result<(), Fault>;
    /// What an import would do; nothing is written. [`crate::Code::CsvNoHeader`], [`crate::Code::CsvColumnMissing`],
    /// [`crate::Code::CsvBroken`]; what is wrong with single lines is part of the answer.
    async fn preview_csv(&self, caller: &Caller, text: &str) -> Result<CsvPreview, Fault>;
    /// Imports the good lines; answers the same as the preview, and faults as it does.
    async fn import_csv(&self, caller: &Caller, text: &str) -> Result<CsvPreview, Fault>;
}
