use super::number;
use crate::{
    Result, StoreError,
    catalog::StockAsset,
    cursor::{Key, Order, Part},
    sync::AssetKey,
    text,
};
use contract::{
    AssetId, LocationId,
    catalog::{AssetDetail, AssetRow, AssetSort, Counts, Level, ProductRow},
    devices::Platforms,
};

/// When the counts of `assets a` at `locations l` were Apple's last: read in a sync or a check, or told.
macro_rules! counted_at {
    () => {
        "(SELECT max(v.at) FROM (SELECT l.synced_at AS at UNION ALL SELECT l.counts_from \
            UNION ALL SELECT a.counts_from UNION ALL SELECT a.told_at) v)"
    };
}
pub(crate) use counted_at;

/// The same, for sums over many.
pub const COUNTED_AT: &str = counted_at!();

/// Of `assets a` and `locations l`.
pub const ASSET: &str = concat!(
    "a.id, a.location, l.name AS location_name, a.product, a.name, a.sort_name, a.publisher, \
    a.icon, a.platforms, a.custom, a.unlimited, a.total, a.assigned, a.available, a.retired, a.pending, a.waiting, \
    (SELECT count(*) FROM assignments s WHERE s.asset = a.id AND s.intent IS NOT NULL) AS groups, a.version, ",
    counted_at!(),
    " AS counted_at, a.missing_since, a.removed"
);

/// What [`ASSET`] lacks.
pub const DETAIL: &str = "a.adam_id, a.pricing_param, a.bundle_id, a.price, a.genre, a.store_url, a.minimum_os, \
    a.device_assignable, a.revocable, a.revoked, a.described_at";

#[derive(sqlx::FromRow)]
pub struct AssetRecord {
    pub id: i64,
    location: String,
    location_name: String,
    #[sqlx(try_from = "i16")]
    product: i64,
    name: String,
    pub sort_name: String,
    publisher: String,
    icon: Option<String>,
    platforms: String,
    custom: bool,
    unlimited: bool,
    pub total: i64,
    pub assigned: i64,
    pub available: i64,
    retired: i64,
    pending: i64,
    waiting: i64,
    groups: i64,
    version: String,
    counted_at: Option<i64>,
    missing_since: Option<i64>,
    removed: bool,
}

/// The list's order, and the column it begins with; the id follows.
pub fn order(sort: AssetSort) -> (Order, &'static str) {
    const BY_TEXT: &[Part] = &[Part::Text, Part::Number];
    const BY_NUMBER: &[Part] = &[Part::Number, Part::Number];
    let (name, column, parts) = match sort {
        AssetSort::Name => ("assets.name", "a.sort_name", BY_TEXT),
        AssetSort::Used => ("assets.used", "a.assigned", BY_NUMBER),
        AssetSort::Available => ("assets.available", "a.available", BY_NUMBER),
        AssetSort::Total => ("assets.total", "a.total", BY_NUMBER),
    };
    (Order { name, parts }, column)
}

impl AssetRecord {
    /// Of [`order`].
    pub fn key(&self, sort: AssetSort) -> Vec<Key> {
        let first = match sort {
            AssetSort::Name => Key::Text(self.sort_name.clone()),
            AssetSort::Used => Key::Number(self.assigned),
            AssetSort::Available => Key::Number(self.available),
            AssetSort::Total => Key::Number(self.total),
        };
        vec![first, self.id.into()]
    }

    fn counts(&self) -> Counts {
        Counts {
            total: self.total,
            used: self.assigned,
            available: self.available,
            retired: self.retired,
            pending: self.pending,
            waiting: self.waiting,
        }
    }
}

impl TryFrom<AssetRecord> for AssetRow {
    type Error = StoreError;

    fn try_from(record: AssetRecord) -> Result<Self> {
        let counts = record.counts();
        Ok(AssetRow {
            id: AssetId(record.id),
            location: LocationId(record.location),
            location_name: record.location_name,
            product: number(record.product)?,
            name: record.name,
            publisher: record.publisher,
            icon: record.icon.as_deref().map(text::icon),
            platforms: split_platforms(&record.platforms),
            custom: record.custom,
            unlimited: record.unlimited,
            counts,
            groups: record.groups,
            level: Level::of(counts.total, counts.available, record.unlimited),
            version: record.version,
            counted_at: record.counted_at.unwrap_or(0),
            missing_since: record.missing_since,
            removed: record.removed,
        })
    }
}

#[derive(sqlx::FromRow)]
pub struct AssetDetailRecord {
    adam_id: String,
    pricing_param: String,
    bundle_id: String,
    price: String,
    genre: String,
    store_url: Option<String>,
    minimum_os: String,
    device_assignable: bool,
    revocable: bool,
    revoked: i64,
    described_at: Option<i64>,
    #[sqlx(flatten)]
    row: AssetRecord,
}

impl TryFrom<AssetDetailRecord> for AssetDetail {
    type Error = StoreError;

    fn try_from(record: AssetDetailRecord) -> Result<Self> {
        Ok(AssetDetail {
            row: record.row.try_into()?,
            adam_id: record.adam_id,
            pricing_param: record.pricing_param,
            bundle_id: record.bundle_id,
            price: record.price,
            genre: record.genre,
            store_url: record.store_url,
            minimum_os: record.minimum_os,
            device_assignable: record.device_assignable,
            revocable: record.revocable,
            revoked: record.revoked,
            reserved: 0,
            described_at: record.described_at,
            versions: Vec::new(),
        })
    }
}

impl TryFrom<AssetDetailRecord> for StockAsset {
    type Error = StoreError;

    fn try_from(record: AssetDetailRecord) -> Result<Self> {
        let counts = record.row.counts();
        Ok(StockAsset {
            id: AssetId(record.row.id),
            location: LocationId(record.row.location),
            location_name: record.row.location_name,
            key: AssetKey {
                adam_id: record.adam_id,
                pricing_param: record.pricing_param,
            },
            product: number(record.row.product)?,
            name: record.row.name,
            icon: record.row.icon.as_deref().map(text::icon),
            platforms: read_platforms(&record.row.platforms),
            device_assignable: record.device_assignable,
            revocable: record.revocable,
            unlimited: record.row.unlimited,
            counts,
        })
    }
}

/// Of `g`, the sums of one app over all locations, and `assets a`, the first of them.
pub const PRODUCT: &str = "a.id, a.adam_id, a.product, a.name, a.sort_name, a.publisher, a.icon, a.platforms, a.custom, \
    (SELECT count(DISTINCT s.group_id) FROM assignments s JOIN assets o ON o.id = s.asset WHERE o.stage = 1 \
        AND o.adam_id = a.adam_id AND o.pricing_param = a.pricing_param AND s.intent IS NOT NULL) AS groups, \
    a.version, g.unlimited, g.locations, g.missing, g.total, g.assigned, g.available, g.retired, g.pending, g.waiting, \
    g.counted_at";

/// As [`order`], of products.
pub fn product_order(sort: AssetSort) -> (Order, &'static str) {
    const BY_TEXT: &[Part] = &[Part::Text, Part::Number];
    const BY_NUMBER: &[Part] = &[Part::Number, Part::Number];
    let (name, column, parts) = match sort {
        AssetSort::Name => ("products.name", "a.sort_name", BY_TEXT),
        AssetSort::Used => ("products.used", "g.assigned", BY_NUMBER),
        AssetSort::Available => ("products.available", "g.available", BY_NUMBER),
        AssetSort::Total => ("products.total", "g.total", BY_NUMBER),
    };
    (Order { name, parts }, column)
}

/// [`Level`] of `g`, as the assets' own column.
pub const PRODUCT_LEVEL: &str = "CASE WHEN g.unlimited THEN 'unlimited' WHEN g.available <= 0 THEN 'out' \
    WHEN g.available = g.total THEN 'unused' WHEN g.available * 10 <= g.total THEN 'low' ELSE 'enough' END";

#[derive(sqlx::FromRow)]
pub struct ProductRecord {
    id: i64,
    adam_id: String,
    #[sqlx(try_from = "i16")]
    product: i64,
    name: String,
    sort_name: String,
    publisher: String,
    icon: Option<String>,
    platforms: String,
    custom: bool,
    version: String,
    unlimited: bool,
    locations: i64,
    missing: i64,
    total: i64,
    assigned: i64,
    available: i64,
    retired: i64,
    pending: i64,
    waiting: i64,
    groups: i64,
    counted_at: Option<i64>,
}

impl ProductRecord {
    /// Of [`product_order`].
    pub fn key(&self, sort: AssetSort) -> Vec<Key> {
        let first = match sort {
            AssetSort::Name => Key::Text(self.sort_name.clone()),
            AssetSort::Used => Key::Number(self.assigned),
            AssetSort::Available => Key::Number(self.available),
            AssetSort::Total => Key::Number(self.total),
        };
        vec![first, self.id.into()]
    }
}

impl TryFrom<ProductRecord> for ProductRow {
    type Error = StoreError;

    fn try_from(record: ProductRecord) -> Result<Self> {
        Ok(ProductRow {
            first: AssetId(record.id),
            adam_id: record.adam_id,
            product: number(record.product)?,
            name: record.name,
            publisher: record.publisher,
            icon: record.icon.as_deref().map(text::icon),
            platforms: split_platforms(&record.platforms),
            custom: record.custom,
            unlimited: record.unlimited,
            locations: record.locations,
            missing: record.missing,
            counts: Counts {
                total: record.total,
                used: record.assigned,
                available: record.available,
                retired: record.retired,
                pending: record.pending,
                waiting: record.waiting,
            },
            groups: record.groups,
            level: Level::of(record.total, record.available, record.unlimited),
            version: record.version,
            counted_at: record.counted_at.unwrap_or(0),
        })
    }
}

pub fn join_platforms(platforms: &[String]) -> String {
    platforms.join(",")
}

/// What runs where, of the same text.
pub fn read_platforms(text: &str) -> Platforms {
    Platforms::of(text.split(','))
}

pub fn split_platforms(text: &str) -> Vec<String> {
    text.split(',')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
