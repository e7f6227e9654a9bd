use super::{Commit, Sqlite, Write, assignments::enough, batches, checks, errands, json};
use crate::{
    Result, StoreError,
    cursor::{Order, Part, Walk},
    locations::Fence,
    numbers::{self, Number},
    operations::{Batch, BatchResult, BatchState, IN_LINE, NewOperation, Operations, Pair, Turns},
    products::products,
    rows::{
        self,
        operations::{ITEM, ItemRecord, OPERATION, OperationRecord, undoes},
    },
};
use async_trait::async_trait;
use contract::{
    AssetId, Code, Direction, Fault, LocationId, OperationId, Page, PlanId, UnixMillis,
    activity::{ItemQuery, OperationItem, OperationKind, OperationQuery, OperationRow, OperationState},
};
use sqlx::{AssertSqlSafe, QueryBuilder};
use std::collections::BTreeSet;

/// Of `operations o`.
const JOINED: &str =
    "FROM operations o JOIN locations l ON l.id = o.location LEFT JOIN assets a ON a.id = o.asset";

#[async_trait]
impl Operations for Sqlite {
    async fn insert_operations(&self, operations: &[NewOperation], plan: Option<&PlanId>) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        write(&mut tx, operations, plan).await?;
        Ok(tx.commit().await?)
    }

    async fn revocation_of_all(&self, location: &LocationId) -> Result<Option<OperationRow>> {
        let sql = format!(
            "SELECT {OPERATION} {JOINED} WHERE o.location = ? AND o.everything = 1 ORDER BY o.number DESC LIMIT 1"
        );
        let row: Option<OperationRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(location.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.map(OperationRow::try_from).transpose()
    }

    async fn open_batches(&self, fence: &Fence, now: UnixMillis, limit: u32) -> Result<Vec<Batch>> {
        let mut tx = self.read().await?;
        batches::open(&mut tx, &fence.location, now, limit).await
    }

    async fn batch_sending(&self, fence: &Fence, batch: i64, now: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        batches::sending(&mut tx, fence, batch, now).await?;
        Ok(tx.commit().await?)
    }

    async fn batch_sent(&self, fence: &Fence, batch: i64, event: &str, now: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        batches::sent(&mut tx, fence, batch, event, now).await?;
        Ok(tx.commit().await?)
    }

    async fn batch_later(
        &self,
        fence: &Fence,
        batch: i64,
        to: Option<BatchState>,
        not_before: UnixMillis,
        fault: Option<&Fault>,
    ) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        batches::later(&mut tx, fence, batch, to, not_before, fault).await?;
        Ok(tx.commit().await?)
    }

    async fn hold_batches(&self, fence: &Fence, until: UnixMillis, fault: &Fault) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        batches::hold(&mut tx, &fence.location, until, fault).await?;
        Ok(tx.commit().await?)
    }

    async fn end_batch(
        &self,
        fence: &Fence,
        batch: i64,
        result: &BatchResult,
        now: UnixMillis,
    ) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        batches::end(&mut tx, fence, batch, result, now).await?;
        Ok(tx.commit().await?)
    }

    async fn halt_operation(
        &self,
        fence: &Fence,
        id: &OperationId,
        state: OperationState,
        fault: &Fault,
    ) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        let halted = sqlx::query(
            "UPDATE operations SET state = ?, fault = ? WHERE id = ? AND location = ? AND state <> 'done'",
        )
        .bind(state.as_str())
        .bind(json(fault)?)
        .bind(id.as_str())
        .bind(fence.location.as_str())
        .execute(&mut *tx)
        .await?;
        if halted.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        Ok(tx.commit().await?)
    }

    async fn resume_operation(&self, id: &OperationId, now: UnixMillis) -> Result<LocationId> {
        let mut tx = self.write(Commit::Durable).await?;
        let (operation, location, state): (i64, String, String) =
            sqlx::query_as("SELECT number, location, state FROM operations WHERE id = ?")
                .bind(id.as_str())
                .fetch_one(&mut *tx)
                .await?;
        if state != OperationState::Stalled.as_str() && state != OperationState::Blocked.as_str() {
            return Err(StoreError::Taken(Code::NotResumable));
        }
        go_on(&mut tx, operation, Some(now)).await?;
        tx.commit().await?;
        Ok(location.into())
    }

    async fn cancel_operation(&self, id: &OperationId, by: &str, now: UnixMillis) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        let (operation, _location): (i64, String) =
            sqlx::query_as("SELECT number, location FROM operations WHERE id = ?")
                .bind(id.as_str())
                .fetch_one(&mut *tx)
                .await?;
        let unsent: bool = sqlx::query_scalar(
            "SELECT o.kind = 'revoke' AND o.state <> 'done'
                 AND NOT EXISTS (SELECT 1 FROM batches b WHERE b.operation = o.number AND b.state > 0)
             FROM operations o WHERE o.number = ?",
        )
        .bind(operation)
        .fetch_one(&mut *tx)
        .await?;
        if !unsent {
            return Err(StoreError::Taken(Code::NotCancellable));
        }
        sqlx::query("DELETE FROM temp.pairs").execute(&mut *tx).await?;
        sqlx::query(
            "INSERT INTO temp.pairs (asset, holder, kind) SELECT asset, holder, kind FROM items WHERE operation = ?",
        )
        .bind(operation)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE licenses SET state = 2
             WHERE state = 3 AND (asset, holder, kind) IN (SELECT asset, holder, kind FROM temp.pairs)",
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE assets SET pending = pending - p.number
             FROM (SELECT asset, count(*) AS number FROM temp.pairs GROUP BY asset) p WHERE assets.id = p.asset",
        )
        .execute(&mut *tx)
        .await?;
        keep_from_rules(&mut tx, operation, by, now).await?;
        checks::doubt_holders(&mut tx, 0, now).await?;
        sqlx::query("UPDATE items SET batch = NULL WHERE operation = ?")
            .bind(operation)
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM batches WHERE operation = ?")
            .bind(operation)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "UPDATE operations SET state = 'done', cancelled = true, finished_at = ?, fault = NULL WHERE number = ?",
        )
        .bind(now)
        .bind(operation)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    async fn reversible_pairs(&self, id: &OperationId) -> Result<Vec<Pair>> {
        let row = self.operation(id).await?;
        if !row.is_reversible() {
            return Err(StoreError::Taken(match row.undone {
                true => Code::AlreadyUndone,
                false => Code::NotReversible,
            }));
        }
        let pairs: Vec<(i64, String, i64)> = sqlx::query_as(
            "SELECT i.asset, i.holder, i.kind
             FROM operations o JOIN items i ON i.operation = o.number AND i.state = 2
             JOIN assets a ON a.id = i.asset AND a.stage = 1
             LEFT JOIN licenses x ON x.asset = i.asset AND x.holder = i.holder AND x.kind = i.kind
             WHERE o.id = ?
                 AND (o.kind = 'assign' AND x.state = 2 AND x.operation = o.number OR o.kind = 'revoke' AND (x.state IS NULL OR x.state IN (4, 5)))
             ORDER BY i.asset, i.holder, i.kind",
        )
        .bind(id.as_str())
        .fetch_all(&self.readers)
        .await?;
        Ok(pairs
            .into_iter()
            .map(|(asset, holder, kind)| (AssetId(asset), numbers::holder(kind, holder)))
            .collect())
    }

    async fn operation_list(&self, query: &OperationQuery) -> Result<Page<OperationRow>> {
        let mut page = query.page.clone();
        page.direction = Direction::Down;
        let walk = Walk::new(
            &page,
            Order {
                name: "operations",
                parts: &[Part::Number],
            },
        )?;
        let mut tx = self.read().await?;
        let filter = |sql: &mut QueryBuilder<sqlx::Sqlite>| {
            if let Some(state) = query.state {
                let (state, cancelled) = match state {
                    OperationState::Cancelled => (OperationState::Done, true),
                    state => (state, false),
                };
                sql.push(" AND o.state = ").push_bind(state.as_str());
                sql.push(" AND o.cancelled = ").push_bind(cancelled);
            }
            if let Some(location) = &query.location {
                sql.push(" AND o.location = ")
                    .push_bind(location.as_str().to_owned());
            }
            if let Some(act) = &query.act {
                sql.push(" AND o.act = ").push_bind(act.as_str().to_owned());
            }
        };
        let mut sql = QueryBuilder::new(format!("SELECT {OPERATION} {JOINED} WHERE 1 = 1"));
        filter(&mut sql);
        walk.push_from(&mut sql, "o.number");
        walk.push_order(&mut sql, &["o.number"]);
        let records: Vec<OperationRecord> = sql.build_query_as().fetch_all(&mut *tx).await?;
        let total = match walk.must_count(records.len()) {
            false => None,
            true => {
                let mut sql = QueryBuilder::new("SELECT count(*) FROM operations o WHERE 1 = 1");
                filter(&mut sql);
                Some(sql.build_query_scalar().fetch_one(&mut *tx).await?)
            }
        };
        rows::page(walk.page(records, total, |row| vec![row.number.into()]))
    }

    async fn operation(&self, id: &OperationId) -> Result<OperationRow> {
        let sql = format!("SELECT {OPERATION} {JOINED} WHERE o.id = ?");
        let row: OperationRecord = sqlx::query_as(AssertSqlSafe(sql))
            .bind(id.as_str())
            .fetch_one(&self.readers)
            .await?;
        row.try_into()
    }

    async fn operation_items(&self, id: &OperationId, query: &ItemQuery) -> Result<Page<OperationItem>> {
        let order = Order {
            name: "items",
            parts: &[Part::Number, Part::Text, Part::Number],
        };
        let walk = Walk::new(&query.page, order)?;
        let mut tx = self.read().await?;
        let operation: i64 = sqlx::query_scalar("SELECT number FROM operations WHERE id = ?")
            .bind(id.as_str())
            .fetch_one(&mut *tx)
            .await?;
        let mut sql = QueryBuilder::new(format!(
            "SELECT {ITEM} FROM (SELECT i.* FROM items i WHERE i.operation = "
        ));
        sql.push_bind(operation);
        if let Some(state) = query.state {
            // Written out: there is an index of the failed ones alone.
            sql.push(format!(" AND i.state = {}", state.number()));
        }
        walk.push_from(&mut sql, "i.asset, i.holder, i.kind");
        walk.push_order(&mut sql, &["i.asset", "i.holder", "i.kind"]);
        sql.push(
            ") i LEFT JOIN assets a ON a.id = i.asset LEFT JOIN devices d ON d.serial = i.holder AND i.kind = 0",
        );
        walk.push_order(&mut sql, &["i.asset", "i.holder", "i.kind"]);
        let records: Vec<ItemRecord> = sql.build_query_as().fetch_all(&mut *tx).await?;
        let total: Option<i64> = match query.state {
            Some(_) => None,
            None => Some(
                sqlx::query_scalar("SELECT total FROM operations WHERE number = ?")
                    .bind(operation)
                    .fetch_one(&mut *tx)
                    .await?,
            ),
        };
        rows::page(walk.page(records, total, |row| {
            vec![row.asset.into(), row.holder.as_str().into(), row.kind.into()]
        }))
    }

    async fn running_operations(&self) -> Result<Vec<OperationRow>> {
        let sql =
            format!("SELECT {OPERATION} {JOINED} WHERE o.state <> 'done' ORDER BY o.number DESC LIMIT 10");
        let records: Vec<OperationRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .fetch_all(&self.readers)
            .await?;
        rows::all(records)
    }
}

/// What [`Operations::insert_operations`] writes.
pub(super) async fn write(tx: &mut Write, operations: &[NewOperation], plan: Option<&PlanId>) -> Result<()> {
    if let (Some(plan), Some(first)) = (plan, operations.first()) {
        apply_plan(tx, plan, first.id.as_str()).await?;
    }
    for operation in operations {
        undo_once(tx, operation).await?;
        insert(tx, operation, Turns::AsListed).await?;
    }
    if plan.is_some() {
        enough(tx, operations).await?;
    }
    errands::overtake(tx, operations).await?;
    tie(tx, operations).await
}

/// `operation` is empty where nothing is to be done at Apple.
pub(super) async fn apply_plan(tx: &mut Write, plan: &PlanId, operation: &str) -> Result<()> {
    let applied: Option<String> = sqlx::query_scalar("SELECT applied FROM plans WHERE id = ?")
        .bind(plan.as_str())
        .fetch_one(&mut **tx)
        .await?;
    if applied.is_some() {
        return Err(StoreError::Taken(Code::PlanLapsed));
    }
    sqlx::query("UPDATE plans SET applied = ? WHERE id = ?")
        .bind(operation)
        .bind(plan.as_str())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Several at once are one act (R4).
pub(super) async fn tie(tx: &mut Write, operations: &[NewOperation]) -> Result<()> {
    if let [first, _, ..] = operations {
        let ids: Vec<&str> = operations.iter().map(|operation| operation.id.as_str()).collect();
        sqlx::query("UPDATE operations SET act = ? WHERE id IN (SELECT value FROM json_each(?))")
            .bind(first.id.as_str())
            .bind(json(&ids)?)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// A halted operation's batches may be worked on from `now` on, or from when they were written, as if none had failed.
pub(super) async fn go_on(tx: &mut Write, operation: i64, now: Option<UnixMillis>) -> Result<()> {
    // What is held back (R4) waits on.
    sqlx::query(
        "UPDATE operations SET fault = NULL, state = CASE WHEN held_until IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM batches b WHERE b.operation = operations.number AND b.state <> 0)
             THEN 'queued' ELSE 'running' END
         WHERE number = ?",
    )
    .bind(operation)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "UPDATE batches SET attempts = 0, rounds = 0,
             not_before = max(ifnull(?1, min(since, not_before)),
                 ifnull((SELECT held_until FROM operations WHERE number = ?2), 0))
         WHERE operation = ?2 AND state < 3",
    )
    .bind(now)
    .bind(operation)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What a rule had taken of `temp.pairs` is held again: assignments may count on it, and if nobody but the rule had decided,
/// it is not taken once more.
async fn keep_from_rules(tx: &mut Write, operation: i64, by: &str, now: UnixMillis) -> Result<()> {
    sqlx::query(
        "INSERT INTO reclaim_kept (asset, holder, kind, kept_by, kept_at, reason)
         SELECT r.asset, r.holder, r.kind, ?2, ?3, o.reason
         FROM operations o CROSS JOIN temp.pairs p CROSS JOIN reclaimed r
             ON r.asset = p.asset AND r.holder = p.holder AND r.kind = p.kind
         WHERE o.number = ?1 AND o.account = ''
         ON CONFLICT DO NOTHING",
    )
    .bind(operation)
    .bind(by)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "DELETE FROM reclaimed WHERE (asset, holder, kind) IN (SELECT asset, holder, kind FROM temp.pairs)",
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// One operation, by way of `temp.pairs`, where `batch` is 0 for what waits and `state` is the licence's so far.
pub(super) async fn insert(tx: &mut Write, operation: &NewOperation, turns: Turns) -> Result<()> {
    let number: i64 = sqlx::query_scalar(
        "INSERT INTO operations (id, location, kind, state, account, \"by\", reason, created_at, held_until, undoes,
             assets, total, waiting)
         VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?, (SELECT number FROM operations WHERE id = ?), 0, 0, 0) RETURNING number",
    )
    .bind(operation.id.as_str())
    .bind(operation.location.as_str())
    .bind(operation.kind.as_str())
    .bind(operation.account.as_str())
    .bind(&operation.by)
    .bind(&operation.reason)
    .bind(operation.created_at)
    .bind(operation.held_until)
    .bind(operation.undoes.as_ref().map(OperationId::as_str))
    .fetch_one(&mut **tx)
    .await?;
    sqlx::query("DELETE FROM temp.pairs").execute(&mut **tx).await?;
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
    let waiting = operation.waiting.iter().zip(turns.numbers());
    let waiting: Vec<_> = waiting
        .map(|((asset, holder), turn)| (asset.0, holder.id(), numbers::kind(holder), turn))
        .collect();
    sqlx::query(
        "INSERT OR IGNORE INTO temp.pairs (asset, holder, kind, batch, turn)
         SELECT value ->> 0, value ->> 1, value ->> 2, 0, value ->> 3 FROM json_each(?)",
    )
    .bind(json(&waiting)?)
    .execute(&mut **tx)
    .await?;
    leave_out(tx, operation, &of, short).await?;
    let total: i64 = write_items(tx, number, operation.kind, operation.created_at).await?;
    write_licenses(tx, number, operation).await?;
    if operation.kind == OperationKind::Revoke {
        ask_no_more(tx).await?;
    }
    let ended = (total == 0).then_some(operation.created_at);
    sqlx::query(
        "UPDATE operations SET finished_at = ?2, state = CASE WHEN ?2 IS NULL THEN 'queued' ELSE 'done' END,
             (total, waiting, assets, asset) = (SELECT count(*), ifnull(sum(batch = 0), 0), count(DISTINCT asset),
                 CASE count(DISTINCT asset) WHEN 1 THEN min(asset) END FROM temp.pairs)
         WHERE number = ?1",
    )
    .bind(number)
    .bind(ended)
    .execute(&mut **tx)
    .await?;
    super::recount(tx, &operation.location).await
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
        "UPDATE temp.pairs SET state = (SELECT x.state FROM licenses x
             WHERE x.asset = pairs.asset AND x.holder = pairs.holder AND x.kind = pairs.kind)",
    )
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
        "DELETE FROM temp.pairs WHERE {idle}
             OR asset NOT IN (SELECT id FROM assets WHERE location = ? AND stage = 1{possible}) RETURNING batch"
    );
    let dropped: Vec<i64> = sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(of.location)
        .fetch_all(&mut **tx)
        .await?;
    short.extend(dropped.into_iter().filter(|batch| *batch != 0));
    regroup(tx, of, short).await
}

/// Groups what `temp.pairs` has of these batches into products again.
pub(super) async fn regroup(tx: &mut Write, of: &batches::Of<'_>, broken: BTreeSet<i64>) -> Result<()> {
    for batch in broken {
        let left: Vec<(i64, String, i64)> =
            sqlx::query_as("SELECT asset, holder, kind FROM temp.pairs WHERE batch = ?")
                .bind(batch)
                .fetch_all(&mut **tx)
                .await?;
        sqlx::query("DELETE FROM batches WHERE id = ?")
            .bind(batch)
            .execute(&mut **tx)
            .await?;
        let left = left
            .into_iter()
            .map(|(asset, holder, kind)| (AssetId(asset), numbers::holder(kind, holder)));
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
         SELECT ?, asset, holder, kind, CASE batch WHEN 0 THEN 4 ELSE 0 END, nullif(batch, 0) FROM temp.pairs",
    )
    .bind(number)
    .execute(&mut **tx)
    .await?;
    if kind == OperationKind::Assign {
        sqlx::query(
            "INSERT INTO ledger (at, act, asset, holder, kind, operation)
             SELECT ?, 2, asset, holder, kind, ? FROM temp.pairs WHERE batch = 0",
        )
        .bind(at)
        .bind(number)
        .execute(&mut **tx)
        .await?;
    }
    Ok(
        sqlx::query_scalar("SELECT count(*) FROM temp.pairs WHERE batch <> 0")
            .fetch_one(&mut **tx)
            .await?,
    )
}

/// The licences' new states, and the assets' counts of them.
async fn write_licenses(tx: &mut Write, number: i64, operation: &NewOperation) -> Result<()> {
    let (pending, waiting, listed) = match operation.kind {
        OperationKind::Assign => (
            "sum(batch <> 0)",
            "sum(batch = 0) - sum(ifnull(state, 9) = 0)",
            "sum(state IS NULL)",
        ),
        OperationKind::Revoke | OperationKind::Adopt | OperationKind::LetGo => ("count(*)", "0", "0"),
    };
    let sql = format!(
        "UPDATE assets SET pending = assets.pending + p.pending, waiting = assets.waiting + p.waiting,
             listed = assets.listed + p.listed
         FROM (SELECT asset, {pending} AS pending, {waiting} AS waiting, {listed} AS listed FROM temp.pairs
             GROUP BY asset) p
         WHERE assets.id = p.asset"
    );
    sqlx::query(AssertSqlSafe(sql)).execute(&mut **tx).await?;
    match operation.kind {
        OperationKind::Assign => {
            let sql = format!(
                "INSERT INTO licenses (asset, holder, kind, state, since, turn, operation)
                 SELECT asset, holder, kind, CASE batch WHEN 0 THEN 0 ELSE 1 END, ?, turn, ? FROM temp.pairs WHERE true
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
            "UPDATE licenses SET state = 3, error_number = NULL, error_message = NULL
             WHERE (asset, holder, kind) IN (SELECT asset, holder, kind FROM temp.pairs)",
        ),
    }
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A4: whoever asked for what is taken back asks again, if it is wanted again.
async fn ask_no_more(tx: &mut Write) -> Result<()> {
    let some: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM asked)")
        .fetch_one(&mut **tx)
        .await?;
    if !some {
        return Ok(());
    }
    sqlx::query(
        "DELETE FROM asked WHERE (asset, member, kind) IN (
             SELECT p.asset, d.id, 0 FROM temp.pairs p CROSS JOIN devices d ON d.serial = p.holder WHERE p.kind = 0
             UNION ALL SELECT p.asset, u.person, 1 FROM temp.pairs p
             CROSS JOIN vpp_users u ON u.client_user_id = p.holder WHERE p.kind = 1)",
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// R4: who looked a moment before another undid the same gets nothing written.
async fn undo_once(tx: &mut Write, operation: &NewOperation) -> Result<()> {
    let Some(undone) = &operation.undoes else {
        return Ok(());
    };
    let again: Option<(i64,)> = sqlx::query_as(concat!(
        "SELECT u.number FROM operations o JOIN operations u ON u.undoes = o.number WHERE o.id = ? AND ",
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
