//! Devices.

use crate::{
    Result,
    import::{Imported, Line, whole},
};
use async_trait::async_trait;
use contract::{
    DeviceId, Page, Serial, UnixMillis,
    devices::{DeviceForm, DeviceOwnership, DeviceQuery, DeviceRow, Enrolment, Platform},
};
use std::collections::HashMap;

/// A device as planning needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRef {
    pub id: DeviceId,
    pub serial: Serial,
    pub name: String,
    pub platform: Platform,
    pub enrolment: Enrolment,
    pub ownership: DeviceOwnership,
    pub supervised: bool,
    pub kiosk: bool,
    /// It was wiped, or is out of management.
    pub gone: bool,
}

/// Whether an import is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Import {
    Preview,
    Write,
}

/// A device that is back.
#[derive(Clone, Debug)]
pub(crate) struct Back {
    pub device: DeviceId,
    /// It was seen then, which counts while it is under management; none: it is under management again.
    pub seen: Option<UnixMillis>,
}

/// Those that were seen later than is known: `known` are the last check-ins so far.
pub(crate) fn seen_since(
    devices: &[(DeviceId, DeviceForm)],
    known: &HashMap<DeviceId, Option<UnixMillis>>,
) -> Vec<Back> {
    let later = devices.iter().filter(|(id, form)| {
        let known = known.get(id);
        form.last_check_in.is_some() && known.is_some_and(|known| form.last_check_in > *known)
    });
    let back = later.map(|(id, form)| Back {
        device: id.clone(),
        seen: form.last_check_in,
    });
    back.collect()
}

#[async_trait]
pub trait Devices: Send + Sync {
    async fn device_list(&self, query: &DeviceQuery) -> Result<Page<DeviceRow>>;
    /// [`crate::StoreError::NotFound`]
    async fn device(&self, id: &DeviceId) -> Result<DeviceRow>;
    /// [`contract::Code::SerialTaken`]. `form.serial` is a checked serial number.
    async fn insert_device(&self, id: &DeviceId, form: &DeviceForm, now: UnixMillis) -> Result<()>;
    /// Adds new ones and changes what is said of known ones by serial number, in one transaction.
    async fn import_device_lines(
        &self,
        lines: &[Line<DeviceId, DeviceForm>],
        now: UnixMillis,
        import: Import,
    ) -> Result<Imported<DeviceForm>>;
    /// The same with lines that say everything. `id` is used if new.
    async fn import_devices(
        &self,
        devices: &[(DeviceId, DeviceForm)],
        now: UnixMillis,
        import: Import,
    ) -> Result<Imported<DeviceForm>> {
        self.import_device_lines(&whole(devices), now, import).await
    }
    /// In the order given; unknown ones are left out.
    async fn devices_by_id(&self, ids: &[DeviceId]) -> Result<Vec<DeviceRef>>;
    /// Those that are known, in the order given.
    async fn devices_by_serial(&self, serials: &[Serial]) -> Result<Vec<DeviceRef>>;
    /// All that a search finds, in the list's order, at most `limit`.
    async fn devices_matching(&self, query: &DeviceQuery, limit: u32) -> Result<Vec<DeviceRef>>;
}
