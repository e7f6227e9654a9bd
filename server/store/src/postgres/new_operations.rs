//! Operations as they are written down: with their batches, items, and what becomes of the licences.

use super::{Pairs, Write, batches, errands, fulfilment::enough, lock_locations, recount};
use crate::{
    Result, StoreError, numbers,
    operations::{IN_LINE, NewOperation, Turns},
    plans::Applies,
    products::products,
    rows::operations::{in_line_since, undoes},
    text::storable,
};
use contract::{AssetId, Code, OperationId, UnixMillis, activity::OperationKind};
use sqlx::AssertSqlSafe;
use std::collections::BTreeSet;

/// What [`crate::operations::Operations::insert_operations`] writes.
pub async fn write(tx: &mut Write, operations: &[NewOperation], plan: Option<Applies<'_>>) -> Result<()> {
    if let (Some(plan), Some(first)) = (plan, operations.first()) {
        apply_plan(tx, plan, first.id.as_str()).await?;
    }
    let locations: Vec<_> = operations
        .iter()
        .map(|operation| operation.location.as_str())
        .collect();
    lock_locations(tx, &locations).await?;
    let mut changed = 0;
    for operation in operations {
        undo_once(tx, operation).await?;
        let left = wait_no_more(tx, operation).await?;
        let licenses = insert(tx, operation, Turns::AsListed).await?;
        if licenses == 0 && left > 0 {
            about_the_same(tx, operation).await?;
        }
        changed += licenses + left;
    }
    if let (0, None, Some(first)) = (changed, plan, operations.first()) {
        return Err(StoreError::Refused(match first.undoes {
            Some(_) => Code::NothingToUndo,
            None => Code::NothingChosen,
        }));
    }
    if plan.is_some() {
        enough(tx, operations).await?;
    }
    errands::overtake(tx, operations).await?;
    tie(tx, operations).await
}

/// `operation` is empty where nothing is to be done at Apple.
pub async fn apply_plan(tx: &mut Write, applies: Applies<'_>, operation: &str) -> Result<()> {
    let applied: Option<String> =
        sqlx::query_scalar("SELECT applied FROM plans WHERE id = $1 FOR NO KEY UPDATE")
            .bind(applies.plan.as_str())
            .fetch_one(&mut **tx)
            .await?;
    if applied.is_some() {
        return Err(StoreError::Taken(Code::PlanLapsed));
    }
    sqlx::query("UPDATE plans SET applied = $1, shown = $2 WHERE id = $3")
        .bind(operation)
        .bind(applies.shown)
        .bind(applies.plan.as_str())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Several at once are one act (R4).
pub async fn tie(tx: &mut Write, operations: &[NewOperation]) -> Result<()> {
    if let [first, _, ..] = operations {
        let ids: Vec<&str> = operations.iter().map(|operation| operation.id.as_str()).collect();
        sqlx::query("UPDATE operations SET act = $1 WHERE id = ANY($2)")
            .bind(first.id.as_str())
            .bind(&ids)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// R4: who looked a moment before another undid the same gets nothing written.
async fn undo_once(tx: &mut Write, operation: &NewOperation) -> Result<()> {
    let Some(undone) = &operation.undoes else {
        return Ok(());
    };
    let again: Option<(i64,)> = sqlx::query_as(concat!(
        "SELECT u.number FROM operations o JOIN operations u ON u.undoes = o.number WHERE o.id = $1 AND ",
        undoes!(),
        " LIMIT 1"
    ))
    .bind(undone.as_str())
    .fetch_optional(&mut **tx)
    .await?;
    match again {
        Some(_) => Err(StoreError::Taken(Code::AlreadyUndone)),
        None => Ok(()),
    }
}

/// R4: whoever waits by hand since the operation that is reversed waits no more, or would get what it takes back.
/// Answers how many they are.
async fn wait_no_more(tx: &mut Write, operation: &NewOperation) -> Result<i64> {
    let Some(undone) = operation.takes_back() else {
        return Ok(0);
    };
    Ok(sqlx::query_scalar(concat!(
        "WITH gone AS (
             DELETE FROM licenses x USING operations o, items i WHERE o.id = $1 AND ",
        in_line_since!(),
        "    RETURNING x.asset, x.holder, x.kind, x.state
         ), told AS (
             INSERT INTO ledger (at, act, asset, holder, kind, actor, reason)
             SELECT $2, 11, asset, holder, kind, $3, $4 FROM gone ORDER BY asset, holder, kind
         ), counted AS (
             UPDATE assets SET waiting = waiting - p.waited, listed = listed - p.n
             FROM (SELECT asset, count(*) AS n, count(*) FILTER (WHERE state = 0) AS waited FROM gone GROUP BY asset) p
             WHERE assets.id = p.asset
         )
         SELECT count(*) FROM gone",
    ))
    .bind(undone.as_str())
    .bind(operation.created_at)
    .bind(storable(&operation.by))
    .bind(storable(&operation.reason))
    .fetch_one(&mut **tx)
    .await?)
}

/// An undoing that has nothing to take back is named after what it undoes.
async fn about_the_same(tx: &mut Write, operation: &NewOperation) -> Result<()> {
    sqlx::query(
        "UPDATE operations SET assets = u.assets, asset = u.asset FROM operations u
         WHERE operations.id = $1 AND u.number = operations.undoes",
    )
    .bind(operation.id.as_str())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// One operation, by way of `pg_temp.pairs`, where `batch` is 0 for what waits and `state` is the licence's so far.
/// Answers of how many licences it is.
pub async fn insert(tx: &mut Write, operation: &NewOperation, turns: Turns) -> Result<i64> {
    let number: i64 = sqlx::query_scalar(
        "INSERT INTO operations (id, location, kind, state, account, \"by\", reason, created_at, held_until, undoes,
             assets, total, waiting)
         VALUES ($1, $2, $3, 'queued', $4, $5, $6, $7, $8, (SELECT number FROM operations WHERE id = $9), 0, 0, 0)
         RETURNING number",
    )
    .bind(operation.id.as_str())
    .bind(operation.location.as_str())
    .bind(operation.kind.as_str())
    .bind(operation.account.as_str())
    .bind(storable(&operation.by))
    .bind(storable(&operation.reason))
    .bind(operation.created_at)
    .bind(operation.held_until)
    .bind(operation.undoes.as_ref().map(OperationId::as_str))
    .fetch_one(&mut **tx)
    .await?;
    sqlx::query("TRUNCATE pg_temp.pairs").execute(&mut **tx).await?;
    let of = batches::Of {
        operation: number,
        location: operation.location.as_str(),
        at: operation.created_at,
        not_before: operation.held_until.unwrap_or(operation.created_at),
    };
    let mut short = BTreeSet::new();
    for batch in &operation.batches {
        let id = batches::insert(tx, &of, batch, batches::Tries::default()).await?;
        if batches::fill(tx, id, batch).await? < (batch.assets.len() * batch.holders.len()) as u64 {
            short.insert(id);
        }
    }
    let waiting = Pairs::of(operation.waiting.iter().map(|(asset, holder)| (*asset, holder)));
    sqlx::query(
        "INSERT INTO pg_temp.pairs (asset, holder, kind, batch, turn)
         SELECT asset, holder, kind, 0, turn
         FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[]) AS j (asset, holder, kind, turn)
         ON CONFLICT DO NOTHING",
    )
    .bind(waiting.assets)
    .bind(waiting.holders)
    .bind(waiting.kinds)
    .bind(Vec::from_iter(turns.numbers().take(operation.waiting.len())))
    .execute(&mut **tx)
    .await?;
    leave_out(tx, operation, &of, short).await?;
    let total: i64 = write_items(tx, number, operation.kind, operation.created_at).await?;
    write_licenses(tx, number, operation).await?;
    if operation.kind == OperationKind::Revoke {
        ask_no_more(tx).await?;
    }
    let ended = (total == 0).then_some(operation.created_at);
    let licenses: i64 = sqlx::query_scalar(
        "UPDATE operations SET finished_at = $2, state = CASE WHEN $2 IS NULL THEN 'queued' ELSE 'done' END,
             (total, waiting, assets, asset) = (SELECT count(*), count(*) FILTER (WHERE p.batch = 0),
                 count(DISTINCT p.asset), CASE count(DISTINCT p.asset) WHEN 1 THEN min(p.asset) END
                 FROM pg_temp.pairs p)
         WHERE number = $1 RETURNING total",
    )
    .bind(number)
    .bind(ended)
    .fetch_one(&mut **tx)
    .await?;
    recount(tx, &operation.location).await?;
    Ok(licenses)
}

/// Drops the pairs that have nothing to be done, or that another operation works on, and groups what is left of their
/// batches, and of those in `short`, into products again: what is sent to Apple must equal the items.
async fn leave_out(
    tx: &mut Write,
    operation: &NewOperation,
    of: &batches::Of<'_>,
    mut short: BTreeSet<i64>,
) -> Result<()> {
    sqlx::query(
        "UPDATE pg_temp.pairs p SET state = x.state FROM licenses x
         WHERE x.asset = p.asset AND x.holder = p.holder AND x.kind = p.kind",
    )
    .persistent(false)
    .execute(&mut **tx)
    .await?;
    let idle = match operation.kind {
        OperationKind::Assign => "state IN (1, 2, 3)",
        OperationKind::Revoke => "(state IS NULL OR state <> 2 OR batch = 0)",
        // Written by `Drift::adopt` alone.
        OperationKind::Adopt | OperationKind::LetGo => "true",
    };
    // A book cannot get here by the portal's rules; if it ever did, it would stop here.
    let possible = match operation.kind {
        OperationKind::Revoke => " AND revocable AND product = 0",
        OperationKind::Assign | OperationKind::Adopt | OperationKind::LetGo => "",
    };
    let sql = format!(
        "DELETE FROM pg_temp.pairs WHERE {idle}
             OR asset NOT IN (SELECT id FROM assets WHERE location = $1 AND stage = 1{possible}) RETURNING batch"
    );
    let dropped: Vec<i64> = sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(of.location)
        .fetch_all(&mut **tx)
        .await?;
    short.extend(dropped.into_iter().filter(|batch| *batch != 0));
    regroup(tx, of, short).await
}

/// Groups what `pg_temp.pairs` has of these batches into products again.
pub async fn regroup(tx: &mut Write, of: &batches::Of<'_>, broken: BTreeSet<i64>) -> Result<()> {
    for batch in broken {
        let left: Vec<(i64, String, i16)> =
            sqlx::query_as("SELECT asset, holder, kind FROM pg_temp.pairs WHERE batch = $1")
                .bind(batch)
                .fetch_all(&mut **tx)
                .await?;
        sqlx::query("DELETE FROM batches WHERE id = $1")
            .bind(batch)
            .execute(&mut **tx)
            .await?;
        let left = left
            .into_iter()
            .map(|(asset, holder, kind)| (AssetId(asset), numbers::holder(kind.into(), holder)));
        for product in products(left) {
            let id = batches::insert(tx, of, &product, batches::Tries::default()).await?;
            batches::refill(tx, id, &product).await?;
        }
    }
    Ok(())
}

/// The items; answers how many are to be sent.
async fn write_items(tx: &mut Write, number: i64, kind: OperationKind, at: UnixMillis) -> Result<i64> {
    sqlx::query(
        "INSERT INTO items (operation, asset, holder, kind, state, batch)
         SELECT $1, asset, holder, kind, CASE batch WHEN 0 THEN 4 ELSE 0 END, nullif(batch, 0) FROM pg_temp.pairs",
    )
    .bind(number)
    .execute(&mut **tx)
    .await?;
    if kind == OperationKind::Assign {
        sqlx::query(
            "INSERT INTO ledger (at, act, asset, holder, kind, operation)
             SELECT $1, 2, asset, holder, kind, $2 FROM pg_temp.pairs
             WHERE batch = 0 AND state IS DISTINCT FROM 0 ORDER BY asset, holder, kind",
        )
        .bind(at)
        .bind(number)
        .execute(&mut **tx)
        .await?;
    }
    Ok(
        sqlx::query_scalar("SELECT count(*) FROM pg_temp.pairs WHERE batch <> 0")
            .fetch_one(&mut **tx)
            .await?,
    )
}

/// The licences' new states, and the assets' counts of them.
async fn write_licenses(tx: &mut Write, number: i64, operation: &NewOperation) -> Result<()> {
    let (pending, waiting, listed) = match operation.kind {
        OperationKind::Assign => (
            "count(*) FILTER (WHERE batch <> 0)",
            "count(*) FILTER (WHERE batch = 0) - count(*) FILTER (WHERE state = 0)",
            "count(*) FILTER (WHERE state IS NULL)",
        ),
        OperationKind::Revoke | OperationKind::Adopt | OperationKind::LetGo => ("count(*)", "0", "0"),
    };
    let sql = format!(
        "UPDATE assets a SET pending = a.pending + p.pending, waiting = a.waiting + p.waiting,
             listed = a.listed + p.listed
         FROM (SELECT asset, {pending} AS pending, {waiting} AS waiting, {listed} AS listed FROM pg_temp.pairs
             GROUP BY asset) p
         WHERE a.id = p.asset"
    );
    sqlx::query(AssertSqlSafe(sql))
        .persistent(false)
        .execute(&mut **tx)
        .await?;
    match operation.kind {
        OperationKind::Assign => {
            let sql = format!(
                "INSERT INTO licenses (asset, holder, kind, state, since, turn, operation)
                 SELECT asset, holder, kind, CASE batch WHEN 0 THEN 0 ELSE 1 END, $1, turn, $2 FROM pg_temp.pairs
                 ON CONFLICT (asset, holder, kind) DO UPDATE SET state = excluded.state,
                     since = CASE WHEN {IN_LINE} THEN licenses.since ELSE excluded.since END,
                     turn = CASE WHEN {IN_LINE} THEN licenses.turn ELSE excluded.turn END,
                     operation = excluded.operation, error_number = NULL, error_message = NULL"
            );
            sqlx::query(AssertSqlSafe(sql))
            .bind(operation.created_at)
            .bind(number)
        }
        // `since` stays the day on which the licence was given, for the case that it is kept.
        OperationKind::Revoke | OperationKind::Adopt | OperationKind::LetGo => sqlx::query(
            "UPDATE licenses x SET state = 3, error_number = NULL, error_message = NULL FROM pg_temp.pairs p
             WHERE x.asset = p.asset AND x.holder = p.holder AND x.kind = p.kind",
        )
        .persistent(false),
    }
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A4: whoever asked for what is taken back asks again, if it is wanted again.
async fn ask_no_more(tx: &mut Write) -> Result<()> {
    let some: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM asked)")
        .fetch_one(&mut **tx)
        .await?;
    if !some {
        return Ok(());
    }
    sqlx::query(
        "DELETE FROM asked k USING (
             SELECT p.asset, d.id AS member, 0 AS kind FROM pg_temp.pairs p JOIN devices d ON d.serial = p.holder
             WHERE p.kind = 0
             UNION ALL SELECT p.asset, u.person, 1 FROM pg_temp.pairs p
             JOIN vpp_users u ON u.client_user_id = p.holder WHERE p.kind = 1) t
         WHERE k.asset = t.asset AND k.member = t.member AND k.kind = t.kind",
    )
    .persistent(false)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
