use super::assets::counted_at;
use crate::{
    Result, StoreError,
    cursor::{Key, Order, Part},
    drift::Drifted,
    numbers, text,
};
use contract::{
    AssetId, LocationId,
    drift::{DriftHolder, DriftRow},
};

/// Of `assets a` and `locations l`.
pub const DRIFT: &str = concat!(
    "a.id, a.name, a.sort_name, a.icon, a.location, l.name AS location_name, a.assigned, ",
    counted_at!(),
    " AS counted_at, a.given + a.lost AS pomona, a.given_at, a.found, a.lost"
);

/// Of `assets a`, `locations l`, `devices d` and `operations o`, the last two left-joined; `x` is the licence.
pub const HOLDER: &str = "x.asset, a.name AS asset_name, a.sort_name, a.icon, x.holder, x.kind, \
    coalesce(d.name, (SELECT p.name FROM vpp_users u JOIN people p ON p.id = u.person \
        WHERE u.client_user_id = x.holder AND x.kind = 1)) AS holder_name, l.name AS location_name, x.at, x.releasing, o.id AS operation_id, o.\"by\" AS operation_by, a.revocable";

pub const LIST_ORDER: Order = Order {
    name: "drift",
    parts: &[Part::Text, Part::Number],
};

pub const HOLDER_ORDER: Order = Order {
    name: "drift.holders",
    parts: &[Part::Text, Part::Number, Part::Text, Part::Number],
};

#[derive(sqlx::FromRow)]
pub struct DriftRecord {
    id: i64,
    name: String,
    sort_name: String,
    icon: Option<String>,
    location: String,
    location_name: String,
    assigned: i64,
    counted_at: Option<i64>,
    pomona: i64,
    given_at: Option<i64>,
    found: i64,
    lost: i64,
}

impl DriftRecord {
    /// Of [`LIST_ORDER`].
    pub fn key(&self) -> Vec<Key> {
        vec![self.sort_name.as_str().into(), self.id.into()]
    }
}

impl TryFrom<DriftRecord> for DriftRow {
    type Error = StoreError;

    fn try_from(record: DriftRecord) -> Result<Self> {
        Ok(DriftRow {
            asset: AssetId(record.id),
            asset_name: record.name,
            icon: record.icon.as_deref().map(text::icon),
            location: LocationId(record.location),
            location_name: record.location_name,
            apple: record.assigned,
            apple_at: record.counted_at.unwrap_or(0),
            pomona: record.pomona,
            pomona_at: record.given_at,
            found: record.found,
            lost: record.lost,
        })
    }
}

#[derive(sqlx::FromRow)]
pub struct HolderRecord {
    asset: i64,
    asset_name: String,
    sort_name: String,
    icon: Option<String>,
    holder: String,
    #[sqlx(try_from = "i16")]
    kind: i64,
    holder_name: Option<String>,
    location_name: String,
    at: i64,
    releasing: bool,
    operation_id: Option<String>,
    operation_by: Option<String>,
    revocable: bool,
}

impl HolderRecord {
    /// Of [`HOLDER_ORDER`].
    pub fn key(&self) -> Vec<Key> {
        vec![
            self.sort_name.as_str().into(),
            self.asset.into(),
            self.holder.as_str().into(),
            self.kind.into(),
        ]
    }
}

impl TryFrom<HolderRecord> for DriftHolder {
    type Error = StoreError;

    fn try_from(record: HolderRecord) -> Result<Self> {
        Ok(DriftHolder {
            asset: AssetId(record.asset),
            asset_name: record.asset_name,
            icon: record.icon.as_deref().map(text::icon),
            holder: numbers::holder(record.kind, record.holder),
            holder_name: record.holder_name,
            location_name: record.location_name,
            at: record.at,
            releasing: record.releasing,
            given: record
                .operation_id
                .zip(record.operation_by)
                .map(|(id, by)| (id.into(), by)),
            revocable: record.revocable,
        })
    }
}

#[derive(sqlx::FromRow)]
pub struct DriftedRecord {
    location: String,
    licenses: i64,
    apps: i64,
}

impl From<DriftedRecord> for Drifted {
    fn from(record: DriftedRecord) -> Self {
        Drifted {
            location: LocationId(record.location),
            licenses: record.licenses,
            apps: record.apps,
        }
    }
}
