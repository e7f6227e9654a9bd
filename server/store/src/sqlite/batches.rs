//! The batches of operations: the part of [`crate::operations::Operations`] that a worker writes.

use super::{Write, json, standing};
use crate::{
    Result, StoreError,
    locations::Fence,
    numbers::Number,
    operations::{Batch, BatchState, NewBatch},
    rows::batches::{BATCH, BatchRecord, holders_json},
    sync::AssetKey,
};
use contract::{AssetId, Fault, LocationId, UnixMillis};
use sqlx::AssertSqlSafe;
use std::collections::{HashMap, HashSet};

/// Takes a batch's columns apart: `?1` the assets, `?2` the holders.
pub const PRODUCT: &str =
    "h AS MATERIALIZED (SELECT value ->> 0 AS kind, value ->> 1 AS id FROM json_each(?2)),
    product AS (SELECT j.value AS asset, h.id AS holder, h.kind FROM json_each(?1) j CROSS JOIN h)";

/// Where new batches belong.
pub struct Of<'a> {
    pub operation: i64,
    pub location: &'a str,
    pub at: UnixMillis,
    /// Not to be sent before.
    pub not_before: UnixMillis,
}

/// What a batch goes on with that takes another's place.
#[derive(Clone, Copy, Default)]
pub struct Tries {
    pub attempts: i64,
    pub rounds: i64,
}

/// A prepared batch; its items are written apart.
pub async fn insert(tx: &mut Write, of: &Of<'_>, batch: &NewBatch, tries: Tries) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "INSERT INTO batches (operation, location, state, since, not_before, attempts, rounds, assets, holders)
         VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?) RETURNING id",
    )
    .bind(of.operation)
    .bind(of.location)
    .bind(of.at)
    .bind(of.not_before)
    .bind(tries.attempts)
    .bind(tries.rounds)
    .bind(json(&batch.assets)?)
    .bind(holders_json(&batch.holders)?)
    .fetch_one(&mut **tx)
    .await?)
}

/// Its pairs into `temp.pairs`; answers how many were not there yet.
pub async fn fill(tx: &mut Write, id: i64, batch: &NewBatch) -> Result<u64> {
    let sql = format!(
        "WITH {PRODUCT} INSERT OR IGNORE INTO temp.pairs (asset, holder, kind, batch)
         SELECT asset, holder, kind, ?3 FROM product"
    );
    let filled = sqlx::query(AssertSqlSafe(sql))
        .bind(json(&batch.assets)?)
        .bind(holders_json(&batch.holders)?)
        .bind(id)
        .execute(&mut **tx)
        .await?;
    Ok(filled.rows_affected())
}

/// Gives pairs of `temp.pairs` to this batch.
pub async fn refill(tx: &mut Write, id: i64, batch: &NewBatch) -> Result<()> {
    let sql = format!(
        "WITH {PRODUCT} UPDATE temp.pairs SET batch = ?3
         WHERE (asset, holder, kind) IN (SELECT asset, holder, kind FROM product)"
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(json(&batch.assets)?)
        .bind(holders_json(&batch.holders)?)
        .bind(id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub async fn open(tx: &mut Write, location: &LocationId, now: UnixMillis, limit: u32) -> Result<Vec<Batch>> {
    let sql = format!(
        "SELECT {BATCH} FROM batches b INDEXED BY batches_open JOIN operations o ON o.number = b.operation
         LEFT JOIN events e ON e.number = b.event
         WHERE b.location = ? AND b.state < 3 AND b.not_before <= ? AND {}
         ORDER BY b.state = 0, b.id LIMIT ?",
        standing::may_work()
    );
    let records: Vec<BatchRecord> = sqlx::query_as(AssertSqlSafe(sql))
        .bind(location.as_str())
        .bind(now)
        .bind(limit)
        .fetch_all(&mut **tx)
        .await?;
    let mut ids = HashSet::new();
    for record in &records {
        ids.extend(record.assets()?);
    }
    let keys: Vec<(i64, String, String)> = sqlx::query_as(
        "SELECT id, adam_id, pricing_param FROM assets WHERE id IN (SELECT value FROM json_each(?))",
    )
    .bind(json(&ids)?)
    .fetch_all(&mut **tx)
    .await?;
    let keys: HashMap<_, _> = keys
        .into_iter()
        .map(|(id, adam_id, pricing_param)| {
            (
                AssetId(id),
                AssetKey {
                    adam_id,
                    pricing_param,
                },
            )
        })
        .collect();
    records
        .into_iter()
        .map(|record| record.batch(|id| keys.get(&id).cloned()))
        .collect()
}

pub async fn sending(tx: &mut Write, fence: &Fence, batch: i64, now: UnixMillis) -> Result<()> {
    let operation: Option<i64> = sqlx::query_scalar(
        "UPDATE batches SET state = 1, since = ? WHERE id = ? AND location = ? AND state < 3
             AND operation IN (SELECT number FROM operations WHERE state IN ('queued', 'running')) RETURNING operation",
    )
    .bind(now)
    .bind(batch)
    .bind(fence.location.as_str())
    .fetch_optional(&mut **tx)
    .await?;
    sqlx::query("UPDATE operations SET state = 'running' WHERE number = ? AND state = 'queued'")
        .bind(operation.ok_or(StoreError::NotFound)?)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub async fn sent(tx: &mut Write, fence: &Fence, batch: i64, event: &str, now: UnixMillis) -> Result<()> {
    let event: i64 = sqlx::query_scalar("INSERT INTO events (event) VALUES (?) RETURNING number")
        .bind(event)
        .fetch_one(&mut **tx)
        .await?;
    let operation: Option<i64> = sqlx::query_scalar(
        "UPDATE batches SET state = 2, since = ?1, not_before = ?1, attempts = 0, event = ?2
         WHERE id = ?3 AND location = ?4 AND state < 3 RETURNING operation",
    )
    .bind(now)
    .bind(event)
    .bind(batch)
    .bind(fence.location.as_str())
    .fetch_optional(&mut **tx)
    .await?;
    let operation = operation.ok_or(StoreError::NotFound)?;
    sqlx::query("UPDATE operations SET state = 'running' WHERE number = ? AND state = 'queued'")
        .bind(operation)
        .execute(&mut **tx)
        .await?;
    tried(tx, operation, None).await?;
    sqlx::query(
        "INSERT INTO ledger (at, act, asset, holder, kind, operation, event)
         SELECT ?1, CASE o.kind WHEN 'assign' THEN 3 ELSE 5 END, i.asset, i.holder, i.kind, o.number, ?2
         FROM operations o CROSS JOIN items i INDEXED BY items_by_batch ON i.batch = ?3
         WHERE o.number = ?4",
    )
    .bind(now)
    .bind(event)
    .bind(batch)
    .bind(operation)
    .execute(&mut **tx)
    .await?;
    sqlx::query("UPDATE items SET state = 1 WHERE batch = ? AND state = 0")
        .bind(batch)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub async fn later(
    tx: &mut Write,
    fence: &Fence,
    batch: i64,
    to: Option<BatchState>,
    not_before: UnixMillis,
    fault: Option<&Fault>,
) -> Result<()> {
    let operation: Option<i64> = sqlx::query_scalar(
        "UPDATE batches SET not_before = ?1, attempts = attempts + ?2, state = ifnull(?3, state),
             event = CASE WHEN ?3 < 2 THEN NULL ELSE event END
         WHERE id = ?4 AND location = ?5 AND state < 3 RETURNING operation",
    )
    .bind(not_before)
    .bind(i64::from(fault.is_some()))
    .bind(to.map(Number::number))
    .bind(batch)
    .bind(fence.location.as_str())
    .fetch_optional(&mut **tx)
    .await?;
    tried(tx, operation.ok_or(StoreError::NotFound)?, fault).await?;
    if to == Some(BatchState::Prepared) {
        sqlx::query("UPDATE items SET state = 0 WHERE batch = ? AND state = 1")
            .bind(batch)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Has what is open at the location wait until then, with the reason; what waits for longer is left as it is.
pub async fn hold(tx: &mut Write, location: &LocationId, until: UnixMillis, fault: &Fault) -> Result<()> {
    sqlx::query(
        "UPDATE operations SET fault = ?1
         WHERE location = ?2 AND state IN ('queued', 'running') AND EXISTS (SELECT 1 FROM batches b
             WHERE b.operation = operations.number AND b.state < 3 AND b.not_before < ?3)",
    )
    .bind(json(fault)?)
    .bind(location.as_str())
    .bind(until)
    .execute(&mut **tx)
    .await?;
    sqlx::query("UPDATE batches SET not_before = ?1 WHERE location = ?2 AND state < 3 AND not_before < ?1")
        .bind(until)
        .bind(location.as_str())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Why the operation waits for another try, if it does: shown while it goes on. What has stopped it stays.
pub async fn tried(tx: &mut Write, operation: i64, fault: Option<&Fault>) -> Result<()> {
    sqlx::query(
        "UPDATE operations SET fault = ?1
         WHERE number = ?2 AND state IN ('queued', 'running') AND (fault IS NOT NULL OR ?1 IS NOT NULL)",
    )
    .bind(fault.map(json).transpose()?)
    .bind(operation)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
