//! What becomes of batches: the ends of their pairs, as Apple answers or tells them.

use super::{
    Write,
    batches::{Of, PRODUCT, Tries, insert, tried},
    checks, groups, json, recount,
};
use crate::{
    Result, StoreError,
    locations::Fence,
    numbers,
    operations::{BatchResult, Call, Pair},
    products::exactly,
    rows::batches::holders_json,
};
use contract::{AppleError, AssetId, UnixMillis};
use sqlx::AssertSqlSafe;

/// An outcome of a pair, see [`end`].
const FAILED: i64 = 2;

/// Milliseconds until what was refused is drawn again.
const AFTER_A_REFUSAL: UnixMillis = 5000;

/// What [`end`] reads of the batch.
#[derive(sqlx::FromRow)]
struct Ending {
    operation: i64,
    kind: String,
    event: Option<i64>,
    attempts: i64,
    rounds: i64,
}

/// By way of `temp.pairs`, where `outcome` is 0 for what stays open, 1 done, 2 failed.
pub async fn end(
    tx: &mut Write,
    fence: &Fence,
    batch: i64,
    result: &BatchResult,
    now: UnixMillis,
) -> Result<()> {
    let ending: Option<Ending> = sqlx::query_as(
        "SELECT b.operation, o.kind, b.event, b.attempts, b.rounds FROM batches b JOIN operations o ON o.number = b.operation
         WHERE b.id = ? AND b.location = ? AND b.state < 3",
    )
    .bind(batch)
    .bind(fence.location.as_str())
    .fetch_optional(&mut **tx)
    .await?;
    let ending = ending.ok_or(StoreError::NotFound)?;
    sqlx::query("UPDATE batches SET state = 3, since = ?, assets = '[]', holders = '[]' WHERE id = ?")
        .bind(now)
        .bind(batch)
        .execute(&mut **tx)
        .await?;
    tried(tx, ending.operation, result.fault.as_ref()).await?;
    outcomes(tx, batch, result).await?;
    again(tx, fence, &ending, result, now).await?;
    write_outcomes(tx, batch, &ending, now).await?;
    recount(tx, &fence.location).await
}

/// What [`confirm`] reads of the batch.
#[derive(sqlx::FromRow)]
struct Confirming {
    id: String,
    left: i64,
    #[sqlx(flatten)]
    ending: Ending,
}

/// Ends these pairs of an open batch, all alike; those that have ended already are left as they are. The batch ends with
/// its last pair. Answers the operation's id.
pub async fn confirm(
    tx: &mut Write,
    fence: &Fence,
    batch: i64,
    pairs: &[Pair],
    error: Option<&AppleError>,
    now: UnixMillis,
) -> Result<String> {
    let confirming: Option<Confirming> = sqlx::query_as(
        "SELECT o.id, b.operation, o.kind, b.event, b.attempts, b.rounds,
             json_array_length(b.assets) * json_array_length(b.holders) - b.confirmed AS left
         FROM batches b JOIN operations o ON o.number = b.operation
         WHERE b.id = ? AND b.location = ? AND b.state < 3",
    )
    .bind(batch)
    .bind(fence.location.as_str())
    .fetch_optional(&mut **tx)
    .await?;
    let Confirming { id, left, ending } = confirming.ok_or(StoreError::NotFound)?;
    sqlx::query("DELETE FROM temp.pairs").execute(&mut **tx).await?;
    let mut confirmed = 0;
    for ((asset, kind), ids) in groups(pairs.iter().map(|(asset, holder)| (asset.0, holder))) {
        let named = sqlx::query(
            "INSERT OR IGNORE INTO temp.pairs (asset, holder, kind, batch, outcome, error_number, error_message)
             SELECT i.asset, i.holder, i.kind, i.batch, CASE WHEN ?5 IS NULL THEN 1 ELSE 2 END, ?5, ?6
             FROM json_each(?4) j
             CROSS JOIN items i ON i.operation = ?1 AND i.asset = ?2 AND i.holder = j.value AND i.kind = ?3
             WHERE i.batch = ?7 AND i.state < 2",
        )
        .bind(ending.operation)
        .bind(asset)
        .bind(kind)
        .bind(json(&ids)?)
        .bind(error.map(|error| error.number))
        .bind(error.map(|error| &error.message))
        .bind(batch)
        .execute(&mut **tx)
        .await?;
        confirmed += named.rows_affected() as i64;
    }
    sqlx::query("UPDATE batches SET confirmed = confirmed + ? WHERE id = ?")
        .bind(confirmed)
        .bind(batch)
        .execute(&mut **tx)
        .await?;
    if confirmed > 0 && error.is_none() {
        tried(tx, ending.operation, None).await?;
    }
    if confirmed >= left {
        sqlx::query("UPDATE batches SET state = 3, since = ?, assets = '[]', holders = '[]' WHERE id = ?")
            .bind(now)
            .bind(batch)
            .execute(&mut **tx)
            .await?;
    }
    write_outcomes(tx, batch, &ending, now).await?;
    Ok(id)
}

/// Items, ledger, counts, licences and the operation, by `temp.pairs`.
async fn write_outcomes(tx: &mut Write, batch: i64, ending: &Ending, now: UnixMillis) -> Result<()> {
    sqlx::query(
        "UPDATE items SET state = p.outcome + 1, error_number = p.error_number, error_message = p.error_message
         FROM temp.pairs p
         WHERE items.batch = ? AND p.asset = items.asset AND p.holder = items.holder AND p.kind = items.kind
             AND p.outcome > 0",
    )
    .bind(batch)
    .execute(&mut **tx)
    .await?;
    let call = Call::of(&ending.kind);
    ledger(tx, ending, call, now).await?;
    counts(tx, call, now).await?;
    licenses(tx, call, now).await?;
    match call {
        Call::Assign => tell_who_drew(tx, now).await?,
        Call::Revoke => {
            let assets = checks::assets_of_pairs(tx, FAILED).await?;
            checks::doubt_holders(tx, &assets, now).await?;
        }
    }
    operation(tx, ending.operation, now).await
}

/// A12: assets whose assignments drew what was given or refused are planned again. After a refusal a moment later: what it
/// puts in doubt here is written first.
async fn tell_who_drew(tx: &mut Write, now: UnixMillis) -> Result<()> {
    sqlx::query(
        "INSERT INTO plan_queue (asset, stamp, not_before)
         SELECT s.asset, 1, max(CASE p.outcome WHEN 2 THEN CAST(?1 AS bigint) ELSE 0 END) FROM temp.pairs p
         CROSS JOIN licenses x ON x.asset = p.asset AND x.holder = p.holder AND x.kind = p.kind
         CROSS JOIN assignments s ON s.number = x.assignment
         WHERE p.outcome > 0 AND s.asset <> p.asset GROUP BY s.asset ORDER BY s.asset
         ON CONFLICT (asset) DO UPDATE SET stamp = stamp + 1,
             not_before = max(not_before, excluded.not_before)",
    )
    .bind(now + AFTER_A_REFUSAL)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Fills `temp.pairs` from the batch's items and the result.
async fn outcomes(tx: &mut Write, batch: i64, result: &BatchResult) -> Result<()> {
    sqlx::query("DELETE FROM temp.pairs").execute(&mut **tx).await?;
    sqlx::query(
        "INSERT INTO temp.pairs (asset, holder, kind, batch)
         SELECT asset, holder, kind, batch FROM items WHERE batch = ? AND state < 2",
    )
    .bind(batch)
    .execute(&mut **tx)
    .await?;
    for ((asset, kind), ids) in groups(result.done.iter().map(|(asset, holder)| (asset.0, holder))) {
        sqlx::query(
            "UPDATE temp.pairs SET outcome = 1
             WHERE asset = ? AND kind = ? AND holder IN (SELECT value FROM json_each(?))",
        )
        .bind(asset)
        .bind(kind)
        .bind(json(&ids)?)
        .execute(&mut **tx)
        .await?;
    }
    let failed: Vec<_> = result
        .failed
        .iter()
        .map(|((asset, holder), error)| {
            (
                asset.0,
                holder.id(),
                numbers::kind(holder),
                error.number,
                &error.message,
            )
        })
        .collect();
    if !failed.is_empty() {
        sqlx::query(
            "UPDATE temp.pairs SET outcome = 2, error_number = j.number, error_message = j.message
             FROM (SELECT value ->> 0 AS asset, value ->> 1 AS holder, value ->> 2 AS kind, value ->> 3 AS number,
                     value ->> 4 AS message FROM json_each(?)) j
             WHERE pairs.asset = j.asset AND pairs.holder = j.holder AND pairs.kind = j.kind AND pairs.outcome = 0",
        )
        .bind(json(&failed)?)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// What stays open becomes new batches: as the result groups it, if it is the same pairs.
async fn again(
    tx: &mut Write,
    fence: &Fence,
    ending: &Ending,
    result: &BatchResult,
    now: UnixMillis,
) -> Result<()> {
    let left: Vec<(i64, String, i64)> =
        sqlx::query_as("SELECT asset, holder, kind FROM temp.pairs WHERE outcome = 0")
            .fetch_all(&mut **tx)
            .await?;
    let left = left
        .into_iter()
        .map(|(asset, holder, kind)| (AssetId(asset), numbers::holder(kind, holder)))
        .collect();
    let of = Of {
        operation: ending.operation,
        location: fence.location.as_str(),
        at: now,
        not_before: result.later.unwrap_or(now),
    };
    let tries = Tries {
        attempts: ending.attempts,
        rounds: ending.rounds + i64::from(result.later.is_some()),
    };
    for batch in exactly(left, &result.again) {
        let id = insert(tx, &of, &batch, tries).await?;
        let sql = format!(
            "WITH {PRODUCT} UPDATE items SET batch = ?3, state = 0
             WHERE operation = ?4 AND (asset, holder, kind) IN (SELECT asset, holder, kind FROM product)"
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(json(&batch.assets)?)
            .bind(holders_json(&batch.holders)?)
            .bind(id)
            .bind(ending.operation)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

async fn ledger(tx: &mut Write, ending: &Ending, call: Call, now: UnixMillis) -> Result<()> {
    sqlx::query(
        "INSERT INTO ledger (at, act, asset, holder, kind, operation, event, error_number, error_message)
         SELECT ?1, CASE outcome WHEN 2 THEN 7 ELSE ?2 END, asset, holder, kind, ?3, ?4, error_number, error_message
         FROM temp.pairs WHERE outcome > 0",
    )
    .bind(now)
    .bind(match call {
        Call::Assign => 4,
        Call::Revoke => 6,
    })
    .bind(ending.operation)
    .bind(ending.event)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Apple's counts as this act changed them, until the next sync reads them again.
async fn counts(tx: &mut Write, call: Call, now: UnixMillis) -> Result<()> {
    sqlx::query(
        "UPDATE assets SET pending = pending - p.ended, assigned = assigned + ?1 * p.done,
             available = CASE WHEN unlimited THEN available ELSE available - ?1 * p.done END,
             revoked = revoked + (?1 < 0) * p.done, listed = listed - (?1 < 0) * p.done,
             found = assets.found + ?1 * p.found, given = assets.given + ?1 * (p.done - p.found), lost = assets.lost - p.again,
             given_at = CASE p.done WHEN p.found THEN assets.given_at ELSE ?2 END,
             digest = CASE p.done WHEN 0 THEN digest END
         FROM (SELECT p.asset, count(*) AS ended, sum(p.outcome = 1) AS done,
                 sum(p.outcome = 1 AND x.operation IS NULL) AS found,
                 sum(p.outcome = 1 AND g.asset IS NOT NULL) AS again
             FROM temp.pairs p
             LEFT JOIN licenses x ON x.asset = p.asset AND x.holder = p.holder AND x.kind = p.kind
             LEFT JOIN lost_licenses g ON g.asset = p.asset AND g.holder = p.holder AND g.kind = p.kind
             WHERE p.outcome > 0 GROUP BY p.asset) p
         WHERE assets.id = p.asset AND assets.stage = 1",
    )
    .bind(match call {
        Call::Assign => 1,
        Call::Revoke => -1,
    })
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn licenses(tx: &mut Write, call: Call, now: UnixMillis) -> Result<()> {
    const DONE: &str =
        "(asset, holder, kind) IN (SELECT asset, holder, kind FROM temp.pairs WHERE outcome = 1)";
    let done = match call {
        Call::Assign => format!(
            "UPDATE licenses SET state = 2, since = ?, turn = 0, error_number = NULL, error_message = NULL WHERE {DONE}"
        ),
        Call::Revoke => format!("DELETE FROM licenses WHERE {DONE}"),
    };
    sqlx::query(AssertSqlSafe(done))
        .bind(now)
        .execute(&mut **tx)
        .await?;
    let again = format!("DELETE FROM lost_licenses WHERE {DONE}");
    sqlx::query(AssertSqlSafe(again)).execute(&mut **tx).await?;
    // A licence that Apple did not take back is held as before. Where Apple has none left, the place in the line stays (A8).
    sqlx::query(
        "UPDATE licenses SET state = CASE WHEN ?1 THEN 5 ELSE 2 END,
             (since, turn, error_number, error_message) = (
                 SELECT CASE WHEN ?1 AND p.error_number <> 9709 THEN ?2 ELSE licenses.since END,
                     CASE WHEN ?1 AND p.error_number <> 9709 THEN 0 ELSE licenses.turn END,
                     p.error_number, p.error_message FROM temp.pairs p
                 WHERE p.asset = licenses.asset AND p.holder = licenses.holder AND p.kind = licenses.kind)
         WHERE (asset, holder, kind) IN (SELECT asset, holder, kind FROM temp.pairs WHERE outcome = 2)",
    )
    .bind(call == Call::Assign)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The operation's numbers; it ends with its last batch.
async fn operation(tx: &mut Write, operation: i64, now: UnixMillis) -> Result<()> {
    sqlx::query(
        "UPDATE operations SET (done, failed) = (SELECT operations.done + ifnull(sum(outcome = 1), 0),
             operations.failed + ifnull(sum(outcome = 2), 0) FROM temp.pairs)
         WHERE number = ?",
    )
    .bind(operation)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "UPDATE operations SET state = 'done', finished_at = ?, fault = NULL
         WHERE number = ? AND NOT EXISTS (SELECT 1 FROM batches b WHERE b.operation = operations.number AND b.state < 3)",
    )
    .bind(now)
    .bind(operation)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
