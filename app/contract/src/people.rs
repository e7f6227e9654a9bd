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

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRow {
    pub id: PersonId,
    pub name: String,
    /// Unique without regard to case; devices and CSV files name people by it.
    pub user_name: String,
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

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonSort {
    #[default]
    Name,
    UserName,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct PersonQuery {
    /// In the name, the user name, the e-mail address or the Managed Apple Account.
    pub search: String,
    pub active: Option<bool>,
    pub sort: PersonSort,
    pub page: PageQuery,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonDetail {
    pub row: PersonRow,
    pub source: Source,
    pub changed_at: UnixMillis,
    /// By name, at most [`PersonDetail::MOST`].
    pub devices: Vec<DeviceRow>,
    /// By name, at most [`PersonDetail::MOST`].
    pub groups: Vec<GroupRow>,
}

impl PersonDetail {
    pub const MOST: u32 = 100;
}

#[async_trait]
pub trait People: Send + Sync {
    async fn list(&self, caller: &Caller, query: PersonQuery) -> Result<Page<PersonRow>, Fault>;
    async fn detail(&self, caller: &Caller, id: &PersonId) -> Result<PersonDetail, Fault>;
    async fn add(&self, caller: &Caller, form: PersonForm) -> Result<PersonId, Fault>;
    async fn change(&self, caller: &Caller, id: &PersonId, form: PersonForm) -> Result<(), Fault>;
    async fn preview_csv(&self, caller: &Caller, text: &str) -> Result<CsvPreview, Fault>;
    /// Imports the good lines; answers the same as the preview.
    async fn import_csv(&self, caller: &Caller, text: &str) -> Result<CsvPreview, Fault>;
}
