//! What becomes of batches: the ends of their pairs, as Apple answers or tells them.

use super::{
    Pairs, Write,
    batches::{Of, PRODUCT, Tries, insert, tried, write_product},
    checks, recount,
};
use crate::{
    Result, StoreError,
    locations::Fence,
    numbers,
    operations::{BatchResult, Call, Pair},
    products::exactly,
    text::storable,
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

/// By way of `pg_temp.pairs`, where `outcome` is 0 for what stays open, 1 done, 2 failed.
pub async fn end(
    tx: &mut Write,
    fence: &Fence,
    batch: i64,
    result: &BatchResult,
    now: UnixMillis,
) -> Result<()> {
    let ending: Option<Ending> = sqlx::query_as(
        "SELECT b.operation, o.kind, b.event, b.attempts, b.rounds FROM batches b JOIN operations o ON o.number = b.operation
         WHERE b.id = $1 AND b.location = $2 AND b.state < 3",
    )
    .bind(batch)
    .bind(fence.location.as_str())
    .fetch_optional(&mut **tx)
    .await?;
    let ending = ending.ok_or(StoreError::NotFound)?;
    sqlx::query("UPDATE batches SET state = 3, since = $1, assets = '[]', holders = '[]' WHERE id = $2")
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
             json_array_length(b.assets::json)::bigint * json_array_length(b.holders::json) - b.confirmed AS left
         FROM batches b JOIN operations o ON o.number = b.operation
         WHERE b.id = $1 AND b.location = $2 AND b.state < 3",
    )
    .bind(batch)
    .bind(fence.location.as_str())
    .fetch_optional(&mut **tx)
    .await?;
    let Confirming { id, left, ending } = confirming.ok_or(StoreError::NotFound)?;
    sqlx::query("DELETE FROM pg_temp.pairs")
        .execute(&mut **tx)
        .await?;
    let named = Pairs::of(pairs.iter().map(|(asset, holder)| (*asset, holder)));
    let confirmed = sqlx::query(
        "INSERT INTO pg_temp.pairs (asset, holder, kind, batch, outcome, error_number, error_message)
         SELECT i.asset, i.holder, i.kind, i.batch, CASE WHEN $5::bigint IS NULL THEN 1 ELSE 2 END, $5, $6
         FROM (SELECT DISTINCT * FROM unnest($2::bigint[], $3::text[], $4::bigint[])) j (asset, holder, kind)
         JOIN items i ON i.operation = $1 AND i.asset = j.asset AND i.holder = j.holder AND i.kind = j.kind
         WHERE i.batch = $7 AND i.state < 2",
    )
    .bind(ending.operation)
    .bind(named.assets)
    .bind(named.holders)
    .bind(named.kinds)
    .bind(error.map(|error| i64::from(error.number)))
    .bind(error.map(|error| storable(&error.message)))
    .bind(batch)
    .execute(&mut **tx)
    .await?
    .rows_affected() as i64;
    sqlx::query("UPDATE batches SET confirmed = confirmed + $1 WHERE id = $2")
        .bind(confirmed)
        .bind(batch)
        .execute(&mut **tx)
        .await?;
    if confirmed > 0 && error.is_none() {
        tried(tx, ending.operation, None).await?;
    }
    if confirmed >= left {
        sqlx::query("UPDATE batches SET state = 3, since = $1, assets = '[]', holders = '[]' WHERE id = $2")
            .bind(now)
            .bind(batch)
            .execute(&mut **tx)
            .await?;
    }
    write_outcomes(tx, batch, &ending, now).await?;
    Ok(id)
}

/// Items, ledger, counts, licences and the operation, by `pg_temp.pairs`.
async fn write_outcomes(tx: &mut Write, batch: i64, ending: &Ending, now: UnixMillis) -> Result<()> {
    sqlx::query(
        "UPDATE items SET state = p.outcome + 1, error_number = p.error_number, error_message = p.error_message
         FROM pg_temp.pairs p
         WHERE items.batch = $1 AND p.asset = items.asset AND p.holder = items.holder AND p.kind = items.kind
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
        "INSERT INTO plan_queue AS q (asset, stamp, not_before)
         SELECT s.asset, 1, max(CASE p.outcome WHEN 2 THEN CAST($1 AS bigint) ELSE 0 END) FROM pg_temp.pairs p
         JOIN licenses x ON x.asset = p.asset AND x.holder = p.holder AND x.kind = p.kind
         JOIN assignments s ON s.number = x.assignment
         WHERE p.outcome > 0 AND s.asset <> p.asset GROUP BY s.asset ORDER BY s.asset
         ON CONFLICT (asset) DO UPDATE SET stamp = q.stamp + 1,
             not_before = greatest(q.not_before, excluded.not_before)",
    )
    .persistent(false)
    .bind(now + AFTER_A_REFUSAL)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Fills `pg_temp.pairs` from the batch's items and the result.
async fn outcomes(tx: &mut Write, batch: i64, result: &BatchResult) -> Result<()> {
    sqlx::query(
        "INSERT INTO pg_temp.pairs (asset, holder, kind, batch)
         SELECT asset, holder, kind, batch FROM items WHERE batch = $1 AND state < 2",
    )
    .bind(batch)
    .execute(&mut **tx)
    .await?;
    let done = Pairs::of(result.done.iter().map(|(asset, holder)| (*asset, holder)));
    sqlx::query(
        "UPDATE pg_temp.pairs SET outcome = 1
         FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS j (asset, holder, kind)
         WHERE pairs.asset = j.asset AND pairs.holder = j.holder AND pairs.kind = j.kind",
    )
    .bind(done.assets)
    .bind(done.holders)
    .bind(done.kinds)
    .execute(&mut **tx)
    .await?;
    let failed = Pairs::of(result.failed.iter().map(|((asset, holder), _)| (*asset, holder)));
    let numbers: Vec<_> = result
        .failed
        .iter()
        .map(|(_, error)| i64::from(error.number))
        .collect();
    let messages: Vec<_> = result
        .failed
        .iter()
        .map(|(_, error)| storable(&error.message))
        .collect();
    sqlx::query(
        "UPDATE pg_temp.pairs SET outcome = 2, error_number = j.number, error_message = j.message
         FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::text[])
             AS j (asset, holder, kind, number, message)
         WHERE pairs.asset = j.asset AND pairs.holder = j.holder AND pairs.kind = j.kind AND pairs.outcome = 0",
    )
    .bind(failed.assets)
    .bind(failed.holders)
    .bind(failed.kinds)
    .bind(numbers)
    .bind(messages)
    .execute(&mut **tx)
    .await?;
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
    let left: Vec<(i64, String, i16)> =
        sqlx::query_as("SELECT asset, holder, kind FROM pg_temp.pairs WHERE outcome = 0")
            .fetch_all(&mut **tx)
            .await?;
    let left = left
        .into_iter()
        .map(|(asset, holder, kind)| (AssetId(asset), numbers::holder(kind.into(), holder)))
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
            "UPDATE items SET batch = $4, state = 0 FROM ({PRODUCT}) p
             WHERE items.operation = (SELECT operation FROM batches WHERE id = $4)
                 AND items.asset = p.asset AND items.holder = p.holder AND items.kind = p.kind"
        );
        write_product(tx, sql, &batch, id).await?;
    }
    Ok(())
}

async fn ledger(tx: &mut Write, ending: &Ending, call: Call, now: UnixMillis) -> Result<()> {
    sqlx::query(
        "INSERT INTO ledger (at, act, asset, holder, kind, operation, event, error_number, error_message)
         SELECT $1, CASE outcome WHEN 2 THEN 7 ELSE $2 END, asset, holder, kind, $3, $4, error_number, error_message
         FROM pg_temp.pairs WHERE outcome > 0 ORDER BY asset, holder, kind",
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
        "UPDATE assets a SET pending = a.pending - p.ended, assigned = a.assigned + $1 * p.done,
             available = CASE WHEN a.unlimited THEN a.available ELSE a.available - $1 * p.done END,
             revoked = a.revoked + p.done * ($1 < 0)::int, listed = a.listed - p.done * ($1 < 0)::int,
             found = a.found + $1 * p.found, given = a.given + $1 * (p.done - p.found), lost = a.lost - p.again,
             given_at = CASE p.done WHEN p.found THEN a.given_at ELSE $2 END,
             digest = CASE p.done WHEN 0 THEN a.digest END
         FROM (SELECT p.asset, count(*) AS ended, count(*) FILTER (WHERE p.outcome = 1) AS done,
                 count(*) FILTER (WHERE p.outcome = 1 AND x.operation IS NULL) AS found,
                 count(*) FILTER (WHERE p.outcome = 1 AND g.asset IS NOT NULL) AS again
             FROM pg_temp.pairs p
             LEFT JOIN licenses x ON x.asset = p.asset AND x.holder = p.holder AND x.kind = p.kind
             LEFT JOIN lost_licenses g ON g.asset = p.asset AND g.holder = p.holder AND g.kind = p.kind
             WHERE p.outcome > 0 GROUP BY p.asset) p
         WHERE a.id = p.asset AND a.stage = 1",
    )
    .bind(match call {
        Call::Assign => 1_i64,
        Call::Revoke => -1,
    })
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn licenses(tx: &mut Write, call: Call, now: UnixMillis) -> Result<()> {
    const SAME: &str = "x.asset = p.asset AND x.holder = p.holder AND x.kind = p.kind AND p.outcome";
    match call {
        Call::Assign => {
            let sql = format!(
                "UPDATE licenses x SET state = 2, since = $1, turn = 0, error_number = NULL, error_message = NULL
                 FROM pg_temp.pairs p WHERE {SAME} = 1"
            );
            sqlx::query(AssertSqlSafe(sql))
                .bind(now)
                .execute(&mut **tx)
                .await?;
        }
        Call::Revoke => {
            let sql = format!("DELETE FROM licenses x USING pg_temp.pairs p WHERE {SAME} = 1");
            sqlx::query(AssertSqlSafe(sql))
                .persistent(false)
                .execute(&mut **tx)
                .await?;
        }
    }
    let again = format!("DELETE FROM lost_licenses x USING pg_temp.pairs p WHERE {SAME} = 1");
    sqlx::query(AssertSqlSafe(again))
        .persistent(false)
        .execute(&mut **tx)
        .await?;
    // A licence that Apple did not take back is held as before. Where Apple has none left, the place in the line stays (A8).
    let sql = format!(
        "UPDATE licenses x SET state = CASE WHEN $1 THEN 5 ELSE 2 END,
             since = CASE WHEN $1 AND p.error_number <> 9709 THEN $2 ELSE x.since END,
             turn = CASE WHEN $1 AND p.error_number <> 9709 THEN 0 ELSE x.turn END,
             error_number = p.error_number, error_message = p.error_message
         FROM pg_temp.pairs p WHERE {SAME} = 2"
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(call == Call::Assign)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The operation's numbers; it ends with its last batch.
async fn operation(tx: &mut Write, operation: i64, now: UnixMillis) -> Result<()> {
    sqlx::query(
        "UPDATE operations SET (done, failed) = (SELECT operations.done + count(*) FILTER (WHERE p.outcome = 1),
             operations.failed + count(*) FILTER (WHERE p.outcome = 2) FROM pg_temp.pairs p)
         WHERE number = $1",
    )
    .bind(operation)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "UPDATE operations SET state = 'done', finished_at = $1, fault = NULL
         WHERE number = $2 AND NOT EXISTS (SELECT FROM batches b WHERE b.operation = operations.number AND b.state < 3)",
    )
    .bind(now)
    .bind(operation)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
