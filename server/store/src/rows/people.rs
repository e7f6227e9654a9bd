use super::named;
use crate::{
    Result, StoreError,
    cursor::{Key, Order, Part},
    membership::{Facts, yes_no},
    people::{DirectoryFacts, Person},
    text::storable,
};
use contract::{
    PersonId, Serial,
    groups::Attribute,
    people::{PersonForm, PersonRow, PersonSort, Source},
};
use sqlx::{Database, Encode, QueryBuilder, Type};

/// Of `people p`.
pub const PERSON: &str = "p.id, p.user_name, p.user_name_key, p.name, p.sort_name, p.email, p.managed_apple_account, \
    p.department, p.active, p.given_name, p.family_name, p.external_id, p.source, p.version, p.created_at, p.changed_at";

/// Devices whose primary user this is.
pub const DEVICES: &str = "(SELECT count(*) FROM devices d
    WHERE d.user_name_key = p.user_name_key AND d.user_name_key <> '') AS devices";

/// `SELECT holder, kind`: the person's users at Apple, and the devices whose primary user this is.
pub fn push_holders<'t, DB: Database>(sql: &mut QueryBuilder<DB>, person: &PersonId)
where
    String: Encode<'t, DB> + Type<DB>,
{
    sql.push("SELECT client_user_id AS holder, 1 AS kind FROM vpp_users WHERE person = ")
        .push_bind(storable(person.as_str()));
    sql.push(
        " UNION ALL SELECT d.serial, 0 FROM people p
         JOIN devices d ON d.user_name_key = p.user_name_key AND d.user_name_key <> '' WHERE p.id = ",
    )
    .push_bind(storable(person.as_str()));
}

#[derive(sqlx::FromRow)]
pub struct PersonRecord {
    pub id: String,
    user_name: String,
    pub user_name_key: String,
    name: String,
    pub sort_name: String,
    email: String,
    managed_apple_account: String,
    department: String,
    active: bool,
    given_name: String,
    family_name: String,
    external_id: Option<String>,
    source: String,
    pub version: i64,
    created_at: i64,
    changed_at: i64,
    devices: i64,
}

/// The list's order, and the column it begins with; the id follows.
pub fn order(sort: PersonSort) -> (Order, &'static str) {
    const PARTS: &[Part] = &[Part::Text, Part::Text];
    let (name, column) = match sort {
        PersonSort::Name => ("people.name", "p.sort_name"),
        PersonSort::UserName => ("people.user_name", "p.user_name_key"),
    };
    (Order { name, parts: PARTS }, column)
}

impl PersonRecord {
    /// Of [`order`].
    pub fn key(&self, sort: PersonSort) -> Vec<Key> {
        let first = match sort {
            PersonSort::Name => &self.sort_name,
            PersonSort::UserName => &self.user_name_key,
        };
        vec![first.as_str().into(), self.id.as_str().into()]
    }
}

impl TryFrom<PersonRecord> for PersonRow {
    type Error = StoreError;

    fn try_from(record: PersonRecord) -> Result<Self> {
        Ok(PersonRow {
            id: PersonId(record.id),
            name: record.name,
            user_name: record.user_name,
            email: record.email,
            managed_apple_account: record.managed_apple_account,
            department: record.department,
            active: record.active,
            devices: record.devices,
        })
    }
}

impl TryFrom<PersonRecord> for Person {
    type Error = StoreError;

    fn try_from(record: PersonRecord) -> Result<Self> {
        Ok(Person {
            id: PersonId(record.id),
            form: PersonForm {
                name: record.name,
                user_name: record.user_name,
                email: record.email,
                managed_apple_account: record.managed_apple_account,
                department: record.department,
                active: record.active,
            },
            directory: DirectoryFacts {
                given_name: record.given_name,
                family_name: record.family_name,
                external_id: record.external_id,
            },
            source: named(&record.source, Source::parse)?,
            version: record.version,
            created_at: record.created_at,
            changed_at: record.changed_at,
        })
    }
}

/// What rules look at, of `people p`.
pub const PERSON_FACTS: &str =
    "p.id, p.sort_name, p.user_name_key, p.email_key, p.managed_apple_account, p.department";

#[derive(sqlx::FromRow)]
pub struct PersonFacts {
    id: String,
    sort_name: String,
    user_name_key: String,
    email_key: String,
    managed_apple_account: String,
    department: String,
}

impl From<PersonFacts> for Facts {
    fn from(record: PersonFacts) -> Self {
        Facts::new(
            record.id,
            [
                (Attribute::Name, record.sort_name.as_str()),
                (Attribute::UserName, &record.user_name_key),
                (Attribute::Email, &record.email_key),
                (Attribute::ManagedAppleAccount, &record.managed_apple_account),
                (Attribute::Department, &record.department),
            ],
        )
    }
}

/// What rules look at, of `devices d`.
pub const DEVICE_FACTS: &str = "d.id, d.sort_name, d.serial, d.platform, d.model, d.os_version, d.ownership, \
    d.supervised, d.enrolment, d.kiosk, d.store_blocked, d.user_name_key";

#[derive(sqlx::FromRow)]
pub struct DeviceFacts {
    id: String,
    sort_name: String,
    serial: String,
    platform: String,
    model: String,
    os_version: String,
    ownership: String,
    supervised: bool,
    enrolment: String,
    kiosk: bool,
    store_blocked: bool,
    user_name_key: String,
}

impl From<DeviceFacts> for Facts {
    fn from(record: DeviceFacts) -> Self {
        let serial = Serial::known(record.serial);
        Facts::new(
            record.id,
            [
                (Attribute::Name, record.sort_name.as_str()),
                (
                    Attribute::Serial,
                    if serial.is_absent() { "" } else { serial.as_str() },
                ),
                (Attribute::Platform, &record.platform),
                (Attribute::Model, &record.model),
                (Attribute::OsVersion, &record.os_version),
                (Attribute::Ownership, &record.ownership),
                (Attribute::Supervised, yes_no(record.supervised)),
                (Attribute::Enrolment, &record.enrolment),
                (Attribute::Kiosk, yes_no(record.kiosk)),
                (Attribute::StoreBlocked, yes_no(record.store_blocked)),
                (Attribute::UserName, &record.user_name_key),
            ],
        )
    }
}
