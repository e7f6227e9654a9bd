//! R3: a device that is back loses nothing to the rules that took it for away, as far as nothing was sent yet.

use super::{Write, batches, lock_locations, operations::regroup, recount};
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
    assets: Vec<i64>,
}

/// Takes the device out of what is held back for its being gone or unseen. Before that is written: it lifts the bars by
/// which these licences are known.
pub(super) async fn spare(tx: &mut Write, device: &DeviceId, now: UnixMillis) -> Result<()> {
    let seen = held_back(tx, device).await?;
    if seen.is_empty() {
        return Ok(());
    }
    let locations: Vec<_> = seen.iter().map(|held| held.location.as_str()).collect();
    lock_locations(tx, &locations).await?;
    // Some of it may have been sent before the lock was had.
    for held in held_back(tx, device).await? {
        take_out(tx, &held, now).await?;
    }
    Ok(())
}

/// The same of those of `devices` that a rule took something from: mostly none.
pub(super) async fn spare_seen(tx: &mut Write, devices: &[DeviceId], now: UnixMillis) -> Result<()> {
    let devices: Vec<&str> = devices.iter().map(DeviceId::as_str).collect();
    let concerned: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT d.id FROM devices d
         JOIN reclaimed r ON r.holder = d.serial AND r.kind = 0 AND r.rule IN (0, 1) WHERE d.id = ANY($1)",
    )
    .bind(&devices)
    .fetch_all(&mut **tx)
    .await?;
    for device in concerned {
        spare(tx, &DeviceId(device), now).await?;
    }
    Ok(())
}

async fn held_back(tx: &mut Write, device: &DeviceId) -> Result<Vec<HeldBack>> {
    Ok(sqlx::query_as(
        "SELECT o.number AS operation, o.location, o.created_at, o.held_until, r.holder, array_agg(r.asset) AS assets
         FROM devices d JOIN reclaimed r ON r.holder = d.serial AND r.kind = 0 AND r.rule IN (0, 1)
         JOIN operations o ON o.state <> 'done' AND o.kind = 'revoke' AND o.held_until IS NOT NULL
         JOIN items i ON i.operation = o.number AND i.asset = r.asset AND i.holder = r.holder AND i.kind = 0
         WHERE d.id = $1 AND NOT EXISTS (SELECT FROM batches b WHERE b.operation = o.number AND b.state <> 0)
         GROUP BY o.number, r.holder ORDER BY o.number",
    )
    .bind(device.as_str())
    .fetch_all(&mut **tx)
    .await?)
}

async fn take_out(tx: &mut Write, held: &HeldBack, now: UnixMillis) -> Result<()> {
    sqlx::query(
        "UPDATE licenses SET state = 2 WHERE state = 3 AND kind = 0 AND holder = $1 AND asset = ANY($2)",
    )
    .bind(&held.holder)
    .bind(&held.assets)
    .execute(&mut **tx)
    .await?;
    sqlx::query("UPDATE assets SET pending = pending - 1 WHERE id = ANY($1)")
        .bind(&held.assets)
        .execute(&mut **tx)
        .await?;
    let broken: Vec<i64> = sqlx::query_scalar(
        "DELETE FROM items WHERE operation = $1 AND holder = $2 AND kind = 0 AND asset = ANY($3) RETURNING batch",
    )
    .bind(held.operation)
    .bind(&held.holder)
    .bind(&held.assets)
    .fetch_all(&mut **tx)
    .await?;
    let broken = BTreeSet::from_iter(broken);
    sqlx::query("TRUNCATE pg_temp.pairs").execute(&mut **tx).await?;
    sqlx::query(
        "INSERT INTO pg_temp.pairs (asset, holder, kind, batch) SELECT asset, holder, kind, batch FROM items
         WHERE batch = ANY($1)",
    )
    .bind(Vec::from_iter(broken.iter().copied()))
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
        "UPDATE items i SET batch = p.batch FROM pg_temp.pairs p
         WHERE i.operation = $1 AND p.asset = i.asset AND p.holder = i.holder AND p.kind = i.kind",
    )
    .persistent(false)
    .bind(held.operation)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "UPDATE operations SET (total, assets, asset) = (SELECT count(*), count(DISTINCT i.asset),
             CASE count(DISTINCT i.asset) WHEN 1 THEN min(i.asset) END FROM items i WHERE i.operation = $1)
         WHERE number = $1",
    )
    .bind(held.operation)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "UPDATE operations SET state = 'done', cancelled = true, finished_at = $1, fault = NULL
         WHERE number = $2 AND total = 0",
    )
    .bind(now)
    .bind(held.operation)
    .execute(&mut **tx)
    .await?;
    recount(tx, &LocationId(held.location.clone())).await
}
