//! People (D1), and what follows from them: whoever is active is in groups (D2, D4).

use crate::{
    Result,
    devices::Import,
    import::{Imported, Line, whole},
    scim::{Filter, Found, PersonField, Slice},
};
use async_trait::async_trait;
use contract::{
    AssetId, Page, PersonId, UnixMillis,
    devices::DeviceRow,
    licenses::{Holder, LicenseState},
    people::{PersonForm, PersonQuery, PersonRow, Source},
};

/// What a directory tells of a person beside the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectoryFacts {
    pub given_name: String,
    pub family_name: String,
    /// SCIM's `externalId`.
    pub external_id: Option<String>,
}

/// A person to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPerson {
    pub id: PersonId,
    pub form: PersonForm,
    pub directory: DirectoryFacts,
    pub source: Source,
}

/// A person as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    pub form: PersonForm,
    pub directory: DirectoryFacts,
    pub source: Source,
    /// Counts every change, from 1.
    pub version: i64,
    pub created_at: UnixMillis,
    pub changed_at: UnixMillis,
}

#[async_trait]
pub trait People: Send + Sync {
    async fn person_list(&self, query: &PersonQuery) -> Result<Page<PersonRow>>;
    /// For a list. [`crate::StoreError::NotFound`]
    async fn person_row(&self, id: &PersonId) -> Result<PersonRow>;
    /// [`crate::StoreError::NotFound`]
    async fn person(&self, id: &PersonId) -> Result<Person>;
    /// By the user name, without regard to case.
    async fn person_called(&self, user_name: &str) -> Result<Option<PersonRow>>;
    /// How a person's own licence of the asset stands, if there is one.
    async fn person_license(&self, asset: AssetId, id: &PersonId) -> Result<Option<(Holder, LicenseState)>>;
    /// Devices whose primary user this is, by name.
    async fn person_devices(&self, id: &PersonId, limit: u32) -> Result<Vec<DeviceRow>>;
    /// [`contract::Code::UserNameTaken`]
    async fn insert_person(&self, person: &NewPerson, now: UnixMillis) -> Result<()>;
    /// What is not given stays. The same again changes nothing. [`contract::Code::UserNameTaken`];
    /// [`contract::Code::ChangedMeanwhile`] if the version is not the `expected` one.
    async fn change_person(
        &self,
        id: &PersonId,
        form: &PersonForm,
        directory: Option<&DirectoryFacts>,
        expected: Option<i64>,
        now: UnixMillis,
    ) -> Result<()>;
    /// [`contract::Code::ChangedMeanwhile`] as above.
    async fn delete_person(&self, id: &PersonId, expected: Option<i64>, now: UnixMillis) -> Result<()>;
    /// Adds new ones and changes what is said of known ones by user name, in one transaction.
    async fn import_person_lines(
        &self,
        lines: &[Line<PersonId, PersonForm>],
        now: UnixMillis,
        import: Import,
    ) -> Result<Imported<PersonForm>>;
    /// The same with lines that say everything. `id` is used if new.
    async fn import_people(
        &self,
        people: &[(PersonId, PersonForm)],
        now: UnixMillis,
        import: Import,
    ) -> Result<Imported<PersonForm>> {
        self.import_person_lines(&whole(people), now, import).await
    }
    /// The names of these, with their ids, in any order.
    async fn people_names(&self, ids: &[PersonId]) -> Result<Vec<(PersonId, String)>>;
    /// By id.
    async fn find_people(&self, filter: Option<&Filter<PersonField>>, slice: Slice) -> Result<Found<Person>>;
}
