//! R3: a device that is back loses nothing to the rules that took it for away, as far as nothing was sent yet.

use super::{Write, batches, checks, lock_locations, new_operations::regroup, recount};
use crate::{
    Result,
    devices::Back,
    spared::{HeldBack, Kept},
};
use contract::{LocationId, UnixMillis};

/// Takes the devices out of what is held back for their being gone or unseen. Before that they are back is written: it lifts
/// the bars by which these licences are known.
pub(super) async fn spare(tx: &mut Write, devices: &[Back], now: UnixMillis) -> Result<()> {
    let seen = held_back(tx, devices).await?;
    if seen.is_empty() {
        return Ok(());
    }
    let locations = Vec::from_iter(Kept::of(&seen).locations);
    lock_locations(tx, &locations).await?;
    // Some of it may have been sent before the lock was had.
    let found = held_back(tx, devices).await?;
    let kept = Kept::of(&found);
    hold_again(tx, &kept, now).await?;
    for (operation, left) in &kept.operations {
        sqlx::query("TRUNCATE pg_temp.pairs").execute(&mut **tx).await?;
        sqlx::query(
            "INSERT INTO pg_temp.pairs (asset, holder, kind, batch) SELECT asset, holder, kind, batch FROM items
             WHERE batch = ANY($1)",
        )
        .bind(Vec::from_iter(left.batches.iter().copied()))
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
            "UPDATE items i SET batch = p.batch FROM pg_temp.pairs p
             WHERE i.operation = $1 AND p.asset = i.asset AND p.holder = i.holder AND p.kind = i.kind",
        )
        .persistent(false)
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

async fn held_back(tx: &mut Write, devices: &[Back]) -> Result<Vec<HeldBack>> {
    let (ids, seen): (Vec<&str>, Vec<Option<UnixMillis>>) = devices
        .iter()
        .map(|back| (back.device.as_str(), back.seen))
        .unzip();
    Ok(sqlx::query_as(
        "SELECT o.number AS operation, o.location, o.created_at, o.held_until, i.asset, i.holder, i.batch
         FROM unnest($1::text[], $2::bigint[]) AS j (device, seen) JOIN devices d ON d.id = j.device
         JOIN reclaimed r ON r.holder = d.serial AND r.kind = 0 AND r.rule IN (0, 1)
             AND (j.seen IS NULL OR d.left_at IS NULL AND r.at <= j.seen)
         JOIN operations o ON o.state <> 'done' AND o.kind = 'revoke' AND o.held_until IS NOT NULL
         JOIN items i ON i.operation = o.number AND i.asset = r.asset AND i.holder = r.holder AND i.kind = 0
         WHERE NOT EXISTS (SELECT FROM batches b WHERE b.operation = o.number AND b.state <> 0)",
    )
    .bind(ids)
    .bind(seen)
    .fetch_all(&mut **tx)
    .await?)
}

/// The licences, the assets' counts of them, and the items, which are no more.
async fn hold_again(tx: &mut Write, kept: &Kept<'_>, now: UnixMillis) -> Result<()> {
    let operations: Vec<i64> = kept.items.iter().map(|(operation, ..)| *operation).collect();
    let assets: Vec<i64> = kept.items.iter().map(|(_, asset, _)| *asset).collect();
    let holders: Vec<&str> = kept.items.iter().map(|(.., holder)| *holder).collect();
    sqlx::query(
        "UPDATE licenses x SET state = 2 FROM unnest($1::bigint[], $2::text[]) AS j (asset, holder)
         WHERE x.asset = j.asset AND x.holder = j.holder AND x.kind = 0 AND x.state = 3",
    )
    .bind(&assets)
    .bind(&holders)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "UPDATE assets a SET pending = a.pending - p.number
         FROM (SELECT j.asset, count(*) AS number FROM unnest($1::bigint[]) AS j (asset) GROUP BY j.asset) p
         WHERE a.id = p.asset",
    )
    .bind(&assets)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "DELETE FROM items i USING unnest($1::bigint[], $2::bigint[], $3::text[]) AS j (operation, asset, holder)
         WHERE i.operation = j.operation AND i.asset = j.asset AND i.holder = j.holder AND i.kind = 0",
    )
    .bind(operations)
    .bind(&assets)
    .bind(holders)
    .execute(&mut **tx)
    .await?;
    checks::doubt_holders(tx, &assets, now).await?;
    Ok(())
}

/// An operation of which nothing is left is over; it goes on to say of which apps it was.
async fn count_again(tx: &mut Write, operation: i64, now: UnixMillis) -> Result<()> {
    sqlx::query(
        "UPDATE operations SET total = (SELECT count(*) FROM items i WHERE i.operation = $1) WHERE number = $1",
    )
    .bind(operation)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "UPDATE operations SET (assets, asset) = (SELECT count(DISTINCT i.asset),
             CASE count(DISTINCT i.asset) WHEN 1 THEN min(i.asset) END FROM items i WHERE i.operation = $1)
         WHERE number = $1 AND total > 0",
    )
    .bind(operation)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "UPDATE operations SET state = 'done', cancelled = true, finished_at = $1, fault = NULL
         WHERE number = $2 AND total = 0",
    )
    .bind(now)
    .bind(operation)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
