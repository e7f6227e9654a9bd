//! R3: a device that is back loses nothing to the rules that took it for away, as far as nothing was sent yet.

use super::{Write, batches, json, operations::regroup, recount};
use crate::Result;
use contract::{DeviceId, LocationId, UnixMillis};
use std::collections::BTreeSet;

/// What one operation is to take from the device.
#[derive(sqlx::FromRow)]
struct HeldBack {
    operation: i64,
    location: String,
    created_at: UnixMillis,
    held_until: UnixMillis,
    holder: String,
    /// As JSON.
    assets: String,
}

/// Takes the device out of what is held back for its being gone or unseen. Before that is written: it lifts the bars by
/// which these licences are known.
pub(super) async fn spare(tx: &mut Write, device: &DeviceId, now: UnixMillis) -> Result<()> {
    let found: Vec<HeldBack> = sqlx::query_as(
        "SELECT o.number AS operation, o.location, o.created_at, o.held_until, r.holder,
             json_group_array(r.asset) AS assets
         FROM devices d CROSS JOIN reclaimed r ON r.holder = d.serial AND r.kind = 0 AND r.rule IN (0, 1)
         CROSS JOIN operations o ON o.state <> 'done' AND o.kind = 'revoke' AND o.held_until IS NOT NULL
         CROSS JOIN items i ON i.operation = o.number AND i.asset = r.asset AND i.holder = r.holder AND i.kind = 0
         WHERE d.id = ? AND NOT EXISTS (SELECT 1 FROM batches b WHERE b.operation = o.number AND b.state <> 0)
         GROUP BY o.number ORDER BY o.number",
    )
    .bind(device.as_str())
    .fetch_all(&mut **tx)
    .await?;
    for held in found {
        take_out(tx, &held, now).await?;
    }
    Ok(())
}

/// The same of those of `devices` that a rule took something from: mostly none.
pub(super) async fn spare_seen(tx: &mut Write, devices: &[DeviceId], now: UnixMillis) -> Result<()> {
    let concerned: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT d.id FROM json_each(?) j CROSS JOIN devices d ON d.id = j.value
         CROSS JOIN reclaimed r ON r.holder = d.serial AND r.kind = 0 AND r.rule IN (0, 1)",
    )
    .bind(json(devices)?)
    .fetch_all(&mut **tx)
    .await?;
    for device in concerned {
        spare(tx, &DeviceId(device), now).await?;
    }
    Ok(())
}

async fn take_out(tx: &mut Write, held: &HeldBack, now: UnixMillis) -> Result<()> {
    sqlx::query(
        "UPDATE licenses SET state = 2
         WHERE state = 3 AND kind = 0 AND holder = ? AND asset IN (SELECT value FROM json_each(?))",
    )
    .bind(&held.holder)
    .bind(&held.assets)
    .execute(&mut **tx)
    .await?;
    sqlx::query("UPDATE assets SET pending = pending - 1 WHERE id IN (SELECT value FROM json_each(?))")
        .bind(&held.assets)
        .execute(&mut **tx)
        .await?;
    let broken: Vec<i64> = sqlx::query_scalar(
        "DELETE FROM items WHERE operation = ? AND holder = ? AND kind = 0
             AND asset IN (SELECT value FROM json_each(?)) RETURNING batch",
    )
    .bind(held.operation)
    .bind(&held.holder)
    .bind(&held.assets)
    .fetch_all(&mut **tx)
    .await?;
    let broken = BTreeSet::from_iter(broken);
    sqlx::query("DELETE FROM temp.pairs").execute(&mut **tx).await?;
    sqlx::query(
        "INSERT INTO temp.pairs (asset, holder, kind, batch) SELECT asset, holder, kind, batch FROM items
         WHERE batch IN (SELECT value FROM json_each(?))",
    )
    .bind(json(&broken)?)
    .execute(&mut **tx)
    .await?;
    let of = batches::Of {
        operation: held.operation,
        location: &held.location,
        at: held.created_at,
        not_before: held.held_until,
    };
    regroup(tx, &of, broken).await?;
    sqlx::query(
        "UPDATE items SET batch = p.batch FROM temp.pairs p
         WHERE items.operation = ? AND p.asset = items.asset AND p.holder = items.holder AND p.kind = items.kind",
    )
    .bind(held.operation)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "UPDATE operations SET (total, assets, asset) = (SELECT count(*), count(DISTINCT i.asset),
             CASE count(DISTINCT i.asset) WHEN 1 THEN min(i.asset) END FROM items i WHERE i.operation = ?1)
         WHERE number = ?1",
    )
    .bind(held.operation)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "UPDATE operations SET state = 'done', cancelled = true, finished_at = ?, fault = NULL
         WHERE number = ? AND total = 0",
    )
    .bind(now)
    .bind(held.operation)
    .execute(&mut **tx)
    .await?;
    recount(tx, &LocationId(held.location.clone())).await
}
