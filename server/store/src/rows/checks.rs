use super::{assets::split_platforms, number};
use crate::{
    Result, StoreError,
    checks::Stock,
    sync::{AppleAsset, AssetKey},
};
use contract::AssetId;

/// Of `assets a`, without `in_flight`.
pub const STOCK: &str = "a.id, a.adam_id, a.pricing_param, a.product, a.assigned, a.available, a.retired, a.total, \
    a.unlimited, a.device_assignable, a.revocable, a.platforms";

#[derive(sqlx::FromRow)]
pub struct StockRecord {
    id: i64,
    adam_id: String,
    pricing_param: String,
    #[sqlx(try_from = "i16")]
    product: i64,
    assigned: i64,
    available: i64,
    retired: i64,
    total: i64,
    unlimited: bool,
    device_assignable: bool,
    revocable: bool,
    platforms: String,
    in_flight: bool,
}

impl TryFrom<StockRecord> for Stock {
    type Error = StoreError;

    fn try_from(record: StockRecord) -> Result<Self> {
        Ok(Stock {
            id: AssetId(record.id),
            asset: AppleAsset {
                key: AssetKey {
                    adam_id: record.adam_id,
                    pricing_param: record.pricing_param,
                },
                product: number(record.product)?,
                assigned: record.assigned,
                available: record.available,
                retired: record.retired,
                total: record.total,
                unlimited: record.unlimited,
                device_assignable: record.device_assignable,
                revocable: record.revocable,
                platforms: split_platforms(&record.platforms),
            },
            in_flight: record.in_flight,
        })
    }
}
