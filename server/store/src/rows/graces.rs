use crate::{
    StoreError,
    cursor::{Key, Order, Part},
    text,
};
use contract::{AssetId, DeviceId, Serial, licenses::MacGrace};

/// Of `graces g`, `assets a`, `locations l` and `devices d`.
pub const GRACE: &str = "g.asset, a.name AS asset_name, a.icon, l.name AS location_name, d.id AS device, \
    d.name AS device_name, g.holder, g.revoked_at, g.ends_at, a.unlimited OR a.available - a.pending > 0 AS free";

pub const ORDER: Order = Order {
    name: "graces",
    parts: &[Part::Number, Part::Number, Part::Text],
};

#[derive(sqlx::FromRow)]
pub struct GraceRecord {
    asset: i64,
    asset_name: String,
    icon: Option<String>,
    location_name: String,
    device: String,
    device_name: String,
    holder: String,
    revoked_at: i64,
    ends_at: i64,
    free: bool,
}

impl GraceRecord {
    /// Of [`ORDER`].
    pub fn key(&self) -> Vec<Key> {
        vec![
            self.ends_at.into(),
            self.asset.into(),
            self.holder.as_str().into(),
        ]
    }
}

impl TryFrom<GraceRecord> for MacGrace {
    type Error = StoreError;

    fn try_from(record: GraceRecord) -> Result<Self, StoreError> {
        Ok(MacGrace {
            asset: AssetId(record.asset),
            asset_name: record.asset_name,
            icon: record.icon.as_deref().map(text::icon),
            location_name: record.location_name,
            device: DeviceId(record.device),
            device_name: record.device_name,
            serial: Serial::known(record.holder),
            revoked_at: record.revoked_at,
            ends_at: record.ends_at,
            free: record.free,
        })
    }
}
