use crate::{
    StoreError,
    cursor::{Key, Order, Part},
    text,
};
use contract::{AssetId, DeviceId, Serial, licenses::MacGrace};

/// Of `graces g`, `assets a`, `locations l` and `devices d`.
pub const GRACE: &str = "g.asset, a.name AS asset_name, a.icon, l.name AS location_name, d.id AS device, \
    d.name AS device_name, g.holder, g.revoked_at, g.ends_at, a.unlimited OR a.available - a.pending > 0 AS free";

/// Of `graces g`: the Mac keeps the app all the same, since its person has a user licence of it, at whichever location.
pub const KEPT: &str = "EXISTS (SELECT 1 FROM devices o JOIN people p ON p.user_name_key = o.user_name_key \
    JOIN vpp_users u ON u.person = p.id JOIN licenses x ON x.holder = u.client_user_id AND x.kind = 1 AND x.state = 2 \
    JOIN assets h ON h.id = x.asset JOIN assets f ON f.adam_id = h.adam_id \
    WHERE o.serial = g.holder AND o.user_name_key <> '' AND o.enrolment <> 'shared' AND f.id = g.asset)";

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
