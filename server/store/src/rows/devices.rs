use super::named;
use crate::{
    Result, StoreError,
    cursor::{Key, Order, Part},
    devices::DeviceRef,
};
use contract::{
    DeviceId, Serial,
    devices::{DeviceForm, DeviceOwnership, DeviceRow, DeviceSort, Enrolment, Platform},
};

/// Of `devices d`, without the number of licences.
pub const DEVICE: &str = "d.id, d.serial, d.name, d.sort_name, d.platform, d.model, d.os_version, d.ownership, \
    d.supervised, d.enrolment, d.kiosk, d.store_blocked, d.user_name, d.added_at, d.seen_at, d.left_at";

/// Of `devices d`.
pub const DEVICE_REF: &str =
    "d.id, d.serial, d.name, d.platform, d.enrolment, d.ownership, d.supervised, d.kiosk, d.left_at";

#[derive(sqlx::FromRow)]
pub struct DeviceRecord {
    pub id: String,
    pub serial: String,
    name: String,
    pub sort_name: String,
    platform: String,
    model: String,
    os_version: String,
    ownership: String,
    supervised: bool,
    enrolment: String,
    kiosk: bool,
    store_blocked: bool,
    pub user_name: String,
    pub added_at: i64,
    seen_at: Option<i64>,
    left_at: Option<i64>,
    licenses: i64,
}

/// The list's order, and the column it begins with; the id follows.
pub fn order(sort: DeviceSort) -> (Order, &'static str) {
    const BY_TEXT: &[Part] = &[Part::Text, Part::Text];
    const BY_NUMBER: &[Part] = &[Part::Number, Part::Text];
    let (name, column, parts) = match sort {
        DeviceSort::Name => ("devices.name", "d.sort_name", BY_TEXT),
        DeviceSort::Serial => ("devices.serial", "d.serial", BY_TEXT),
        DeviceSort::Added => ("devices.added", "d.added_at", BY_NUMBER),
    };
    (Order { name, parts }, column)
}

impl DeviceRecord {
    /// Of [`order`].
    pub fn key(&self, sort: DeviceSort) -> Vec<Key> {
        let first = match sort {
            DeviceSort::Name => Key::Text(self.sort_name.clone()),
            DeviceSort::Serial => Key::Text(self.serial.clone()),
            DeviceSort::Added => Key::Number(self.added_at),
        };
        vec![first, self.id.as_str().into()]
    }
}

impl TryFrom<DeviceRecord> for DeviceRow {
    type Error = StoreError;

    fn try_from(record: DeviceRecord) -> Result<Self> {
        Ok(DeviceRow {
            id: DeviceId(record.id),
            name: record.name,
            serial: Serial::known(record.serial),
            platform: named(&record.platform, Platform::parse)?,
            model: record.model,
            os_version: record.os_version,
            ownership: named(&record.ownership, DeviceOwnership::parse)?,
            supervised: record.supervised,
            enrolment: named(&record.enrolment, Enrolment::parse)?,
            kiosk: record.kiosk,
            store_blocked: record.store_blocked,
            user_name: record.user_name,
            licenses: record.licenses,
            added_at: record.added_at,
            seen_at: record.seen_at,
            left_at: record.left_at,
        })
    }
}

/// As an import compares it.
impl TryFrom<DeviceRecord> for DeviceForm {
    type Error = StoreError;

    fn try_from(record: DeviceRecord) -> Result<Self> {
        Ok(DeviceRow::try_from(record)?.into())
    }
}

#[derive(sqlx::FromRow)]
pub struct DeviceRefRecord {
    id: String,
    serial: String,
    name: String,
    platform: String,
    enrolment: String,
    ownership: String,
    supervised: bool,
    kiosk: bool,
    left_at: Option<i64>,
}

impl TryFrom<DeviceRefRecord> for DeviceRef {
    type Error = StoreError;

    fn try_from(record: DeviceRefRecord) -> Result<Self> {
        Ok(DeviceRef {
            id: DeviceId(record.id),
            serial: Serial::known(record.serial),
            name: record.name,
            platform: named(&record.platform, Platform::parse)?,
            enrolment: named(&record.enrolment, Enrolment::parse)?,
            ownership: named(&record.ownership, DeviceOwnership::parse)?,
            supervised: record.supervised,
            kiosk: record.kiosk,
            gone: record.left_at.is_some(),
        })
    }
}
