//! Devices.

use crate::Result;
use async_trait::async_trait;
use contract::{
    DeviceId, Page, Serial, UnixMillis,
    devices::{DeviceForm, DeviceQuery, DeviceRow, Enrolment},
};

/// A device as planning needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRef {
    pub id: DeviceId,
    pub serial: Serial,
    pub name: String,
    pub enrolment: Enrolment,
    /// It was wiped, or is out of management.
    pub gone: bool,
}

/// What an import did, or would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    pub added: i64,
    pub changed: i64,
    pub unchanged: i64,
}

/// Whether an import is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Import {
    Preview,
    Write,
}

#[async_trait]
pub trait Devices: Send + Sync {
    async fn device_list(&self, query: &DeviceQuery) -> Result<Page<DeviceRow>>;
    async fn device(&self, id: &DeviceId) -> Result<DeviceRow>;
    /// [`contract::Code::SerialTaken`]. `form.serial` is a checked serial number.
    async fn insert_device(&self, id: &DeviceId, form: &DeviceForm, now: UnixMillis) -> Result<()>;
    /// Adds new ones and changes known ones by serial number, in one transaction. `id` is used if new.
    async fn import_devices(
        &self,
        devices: &[(DeviceId, DeviceForm)],
        now: UnixMillis,
        import: Import,
    ) -> Result<Imported>;
    /// In the order given; unknown ones are left out.
    async fn devices_by_id(&self, ids: &[DeviceId]) -> Result<Vec<DeviceRef>>;
    /// Those that are known, in the order given.
    async fn devices_by_serial(&self, serials: &[Serial]) -> Result<Vec<DeviceRef>>;
    /// All that a search finds, in the list's order, at most `limit`.
    async fn devices_matching(&self, query: &DeviceQuery, limit: u32) -> Result<Vec<DeviceRef>>;
}
