use super::{Postgres, devices::LICENSES};
use crate::{
    Result,
    rows::{
        self,
        assets::{ASSET, AssetRecord},
        checkin::USERS,
        devices::{DEVICE, DeviceRecord},
        ledger::{LEDGER, LEDGER_JOINS, LedgerRecord},
        licenses::LICENSE,
        operations::{OPERATION, OperationRecord},
        search::{ERRANDS, ErrandRecord, FACTS, FactsRecord, URGENCY, token_words},
        tokens::{TOKEN, TokenRecord},
    },
    search::{LicenseFacts, Search},
    text::{fold, prefix_range, storable},
};
use async_trait::async_trait;
use contract::{
    LocationId, Serial, UnixMillis,
    catalog::AssetRow,
    devices::DeviceRow,
    licenses::{DeviceErrand, LedgerRow},
    search::Troubled,
    tokens::{READ_ONLY, TokenRow},
};
use sqlx::AssertSqlSafe;

/// Joins the newest blocked or stalled operation that still has to do with `licenses x`.
const STOPPED: &str = "LEFT JOIN LATERAL (
    SELECT s.id, s.fault FROM operations s
    JOIN items i ON i.operation = s.number AND i.asset = x.asset AND i.holder = x.holder AND i.kind = x.kind
    WHERE x.state IN (1, 3) AND s.state IN ('blocked', 'stalled') AND s.location = a.location AND i.state < 2
    ORDER BY s.number DESC LIMIT 1) h ON true";

#[async_trait]
impl Search for Postgres {
    async fn device_by_serial(&self, serial: &Serial) -> Result<Option<DeviceRow>> {
        let sql = format!("SELECT {DEVICE}, {LICENSES} FROM devices d WHERE d.serial = $1");
        let row: Option<DeviceRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(storable(serial.as_str()))
            .fetch_optional(&self.pool)
            .await?;
        row.map(DeviceRow::try_from).transpose()
    }

    async fn devices_beginning(&self, text: &str, limit: u32) -> Result<Vec<DeviceRow>> {
        let text = fold(text);
        let (name, name_end) = prefix_range(&text);
        let (serial, serial_end) = prefix_range(&text.to_uppercase());
        let sql = format!(
            "SELECT {DEVICE}, {LICENSES} FROM (
                 SELECT id FROM (SELECT id FROM devices WHERE serial >= $1 AND serial < $2 ORDER BY serial LIMIT $5) s
                 UNION
                 SELECT id FROM (SELECT id FROM devices
                     WHERE sort_name >= $3 AND sort_name < $4 ORDER BY sort_name, id LIMIT $5) n
             ) k JOIN devices d ON d.id = k.id ORDER BY d.sort_name, d.id LIMIT $5"
        );
        let records: Vec<DeviceRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(serial)
            .bind(serial_end)
            .bind(name)
            .bind(name_end)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
        rows::all(records)
    }

    async fn assets_beginning(&self, text: &str, limit: u32) -> Result<Vec<AssetRow>> {
        let (text, end) = prefix_range(&fold(text));
        let sql = format!(
            "SELECT {ASSET} FROM (
                 SELECT id FROM (SELECT id FROM assets WHERE stage = 1 AND adam_id = $1 LIMIT $3) i
                 UNION
                 SELECT id FROM (SELECT id FROM assets
                     WHERE stage = 1 AND sort_name >= $1 AND sort_name < $2 ORDER BY sort_name, id LIMIT $3) n
                 UNION
                 SELECT id FROM (SELECT id FROM assets
                     WHERE stage = 1 AND lower(bundle_id) COLLATE \"C\" >= $1 AND lower(bundle_id) COLLATE \"C\" < $2 LIMIT $3) b
             ) k JOIN assets a ON a.id = k.id JOIN locations l ON l.id = a.location
             ORDER BY a.sort_name, a.id LIMIT $3"
        );
        let records: Vec<AssetRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(text)
            .bind(end)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
        rows::all(records)
    }

    async fn device_licenses(&self, serial: &Serial, limit: u32) -> Result<Vec<LicenseFacts>> {
        let sql = format!(
            "SELECT {LICENSE}, {FACTS} FROM licenses x
             JOIN assets a ON a.id = x.asset JOIN locations l ON l.id = a.location
             LEFT JOIN devices d ON d.serial = x.holder AND x.kind = 0
             LEFT JOIN operations o ON o.number = x.operation
             {STOPPED}
             WHERE x.holder IN (SELECT $1 UNION ALL {USERS})
                 AND x.kind = CASE x.holder WHEN $1 THEN 0 ELSE 1 END AND a.stage = 1
             ORDER BY {URGENCY}, a.sort_name, a.id LIMIT $2"
        );
        let records: Vec<FactsRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(storable(serial.as_str()))
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
        rows::all(records)
    }

    async fn device_errands(&self, serial: &Serial) -> Result<Vec<DeviceErrand>> {
        let records: Vec<ErrandRecord> = sqlx::query_as(ERRANDS)
            .bind(storable(serial.as_str()))
            .fetch_all(&self.pool)
            .await?;
        rows::all(records)
    }

    async fn tokens_of_locations(&self, locations: &[LocationId]) -> Result<Vec<TokenRow>> {
        let sql = format!(
            "SELECT {TOKEN} FROM tokens t JOIN locations l ON l.id = t.location
             WHERE t.location = ANY($1)
             ORDER BY CASE t.state WHEN 'valid' THEN 0 WHEN 'duplicate' THEN 1 ELSE 2 END, t.sort_name, t.id"
        );
        let locations: Vec<_> = locations.iter().map(LocationId::as_str).collect();
        let records: Vec<TokenRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(locations)
            .fetch_all(&self.pool)
            .await?;
        rows::all(records)
    }

    async fn failures(&self, number: u32, since: UnixMillis, most: i64) -> Result<i64> {
        Ok(sqlx::query_scalar(
            "SELECT count(*) FROM (SELECT 1 FROM ledger
             WHERE error_number = $1 AND at >= $2 LIMIT $3) f",
        )
        .bind(i64::from(number))
        .bind(since)
        .bind(most)
        .fetch_one(&self.pool)
        .await?)
    }

    async fn troubled(&self, number: u32, limit: u32, most: i64) -> Result<Troubled> {
        let (state, code) = token_words(number);
        let mut tx = self.read().await?;
        let tokens = format!(
            "FROM tokens t JOIN locations l ON l.id = t.location
             WHERE t.state = $1 OR t.read_only AND $2 = {READ_ONLY}
                 OR l.sync_state = 'failed' AND (l.sync_fault::json -> 'apple' ->> 'number')::bigint = $2"
        );
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) {tokens}")))
            .bind(state)
            .bind(i64::from(number))
            .fetch_one(&mut *tx)
            .await?;
        let first: Vec<TokenRecord> = sqlx::query_as(AssertSqlSafe(format!(
            "SELECT {TOKEN} {tokens} ORDER BY t.sort_name, t.id LIMIT $3"
        )))
        .bind(state)
        .bind(i64::from(number))
        .bind(i64::from(limit))
        .fetch_all(&mut *tx)
        .await?;
        let open =
            "FROM operations o JOIN locations l ON l.id = o.location LEFT JOIN assets a ON a.id = o.asset
             WHERE o.state <> 'done' AND o.fault IS NOT NULL
                 AND ((o.fault::json -> 'apple' ->> 'number')::bigint = $2 OR o.fault::json ->> 'code' = $1)";
        let operations: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) {open}")))
            .bind(code)
            .bind(i64::from(number))
            .fetch_one(&mut *tx)
            .await?;
        let first_operations: Vec<OperationRecord> = sqlx::query_as(AssertSqlSafe(format!(
            "SELECT {OPERATION} {open} ORDER BY o.number DESC LIMIT $3"
        )))
        .bind(code)
        .bind(i64::from(number))
        .bind(i64::from(limit))
        .fetch_all(&mut *tx)
        .await?;
        let licenses: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM (SELECT 1 FROM licenses x JOIN assets a ON a.id = x.asset
             WHERE x.error_number = $1 AND a.stage = 1 LIMIT $2) f",
        )
        .bind(i64::from(number))
        .bind(most)
        .fetch_one(&mut *tx)
        .await?;
        Ok(Troubled {
            tokens: count,
            first_tokens: rows::all(first)?,
            operations,
            first_operations: rows::all(first_operations)?,
            licenses,
        })
    }

    async fn failed_syncs(&self, number: u32, since: UnixMillis) -> Result<i64> {
        Ok(sqlx::query_scalar(
            "SELECT count(*) FROM sync_runs
             WHERE state = 'failed' AND finished_at >= $1 AND (fault::json -> 'apple' ->> 'number')::bigint = $2",
        )
        .bind(since)
        .bind(i64::from(number))
        .fetch_one(&self.pool)
        .await?)
    }

    async fn last_failures(&self, number: u32, since: UnixMillis, limit: u32) -> Result<Vec<LedgerRow>> {
        let sql = format!(
            "SELECT {LEDGER} FROM (SELECT g.* FROM ledger g
                 WHERE g.error_number = $1 AND g.at >= $2 ORDER BY g.at DESC, g.id DESC LIMIT $3) g
             {LEDGER_JOINS} ORDER BY g.at DESC, g.id DESC"
        );
        let records: Vec<LedgerRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(i64::from(number))
            .bind(since)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
        rows::all(records)
    }
}
