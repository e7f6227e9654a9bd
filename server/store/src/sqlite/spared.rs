//! R3: a device that is back loses nothing to the rules that took it for away, as far as nothing was sent yet.

use super::{Write, batches, checks, json, new_operations::regroup, recount};
use crate::{
    Result,
    devices::Back,
    spared::{HeldBack, Kept},
};
use contract::{LocationId, UnixMillis};
use std::collections::BTreeSet;

/// Takes the devices out of what is held back for their being gone or unseen. Before that they are back is written: it lifts
/// the bars by which these licences are known.
pub(super) async fn spare(tx: &mut Write, devices: &[Back], now: UnixMillis) -> Result<()> {
    let devices: Vec<_> = devices
        .iter()
        .map(|back| (back.device.as_str(), back.seen))
        .collect();
    let found: Vec<HeldBack> = sqlx::query_as(
        "SELECT o.number AS operation, o.location, o.created_at, o.held_until, i.asset, i.holder, i.batch
         FROM json_each(?) j CROSS JOIN devices d ON d.id = j.value ->> 0
         CROSS JOIN reclaimed r ON r.holder = d.serial AND r.kind = 0 AND r.rule IN (0, 1)
             AND (j.value ->> 1 IS NULL OR d.left_at IS NULL AND r.at <= j.value ->> 1)
         CROSS JOIN operations o ON o.state <> 'done' AND o.kind = 'revoke' AND o.held_until IS NOT NULL
         CROSS JOIN items i ON i.operation = o.number AND i.asset = r.asset AND i.holder = r.holder AND i.kind = 0
         WHERE NOT EXISTS (SELECT 1 FROM batches b WHERE b.operation = o.number AND b.state <> 0)",
    )
    .bind(json(&devices)?)
    .fetch_all(&mut **tx)
    .await?;
    if found.is_empty() {
        return Ok(());
    }
    let kept = Kept::of(&found);
    hold_again(tx, &kept, now).await?;
    for (operation, left) in &kept.operations {
        sqlx::query("DELETE FROM temp.pairs").execute(&mut **tx).await?;
        sqlx::query(
            "INSERT INTO temp.pairs (asset, holder, kind, batch) SELECT asset, holder, kind, batch FROM items
             WHERE batch IN (SELECT value FROM json_each(?))",
        )
        .bind(json(&left.batches)?)
        .execute(&mut **tx)
        .await?;
        let of = batches::Of {
            operation: *operation,
            location: left.location,
            at: left.created_at,
            not_before: left.held_until,
        };
        regroup(tx, &of, left.batches.clone()).await?;
        sqlx::query(
            "UPDATE items SET batch = p.batch FROM temp.pairs p
             WHERE items.operation = ? AND p.asset = items.asset AND p.holder = items.holder AND p.kind = items.kind",
        )
        .bind(operation)
        .execute(&mut **tx)
        .await?;
        count_again(tx, *operation, now).await?;
    }
    for location in &kept.locations {
        recount(tx, &LocationId((*location).to_owned())).await?;
    }
    Ok(())
}

/// The licences, the assets' counts of them, and the items, which are no more.
async fn hold_again(tx: &mut Write, kept: &Kept<'_>, now: UnixMillis) -> Result<()> {
    let items = json(&kept.items)?;
    sqlx::query(
        "UPDATE licenses SET state = 2 WHERE state = 3 AND (asset, holder, kind) IN (
             SELECT value ->> 1, value ->> 2, 0 FROM json_each(?))",
    )
    .bind(&items)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "UPDATE assets SET pending = pending - p.number
         FROM (SELECT value ->> 1 AS asset, count(*) AS number FROM json_each(?) GROUP BY 1) p
         WHERE assets.id = p.asset",
    )
    .bind(&items)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "DELETE FROM items WHERE (operation, asset, holder, kind) IN (
             SELECT value ->> 0, value ->> 1, value ->> 2, 0 FROM json_each(?))",
    )
    .bind(&items)
    .execute(&mut **tx)
    .await?;
    let assets: BTreeSet<i64> = kept.items.iter().map(|(_, asset, _)| *asset).collect();
    checks::doubt_holders(tx, &Vec::from_iter(assets), now).await?;
    Ok(())
}

/// An operation of which nothing is left is over; it goes on to say of which apps it was.
async fn count_again(tx: &mut Write, operation: i64, now: UnixMillis) -> Result<()> {
    sqlx::query(
        "UPDATE operations SET total = (SELECT count(*) FROM items i WHERE i.operation = ?1) WHERE number = ?1",
    )
    .bind(operation)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "UPDATE operations SET (assets, asset) = (SELECT count(DISTINCT i.asset),
             CASE count(DISTINCT i.asset) WHEN 1 THEN min(i.asset) END FROM items i WHERE i.operation = ?1)
         WHERE number = ?1 AND total > 0",
    )
    .bind(operation)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "UPDATE operations SET state = 'done', cancelled = true, finished_at = ?, fault = NULL
         WHERE number = ? AND total = 0",
    )
    .bind(now)
    .bind(operation)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
