use super::{Commit, Sqlite, Write, batches, checks, json, new_operations, outcomes};
use crate::{
    Result, StoreError,
    cursor::{Order, Part, Walk},
    locations::Fence,
    numbers::{self, Number},
    operations::{Batch, BatchResult, BatchState, NewOperation, Operations, Pair},
    plans::Applies,
    rows::{
        self,
        operations::{ITEM, ItemRecord, OPERATION, OperationRecord, in_line_since},
    },
};
use async_trait::async_trait;
use contract::{
    AssetId, Code, Direction, Fault, LocationId, OperationId, Page, UnixMillis,
    activity::{ItemQuery, OperationItem, OperationQuery, OperationRow, OperationState},
};
use sqlx::{AssertSqlSafe, QueryBuilder};

/// Of `operations o`.
const JOINED: &str =
    "FROM operations o JOIN locations l ON l.id = o.location LEFT JOIN assets a ON a.id = o.asset";

#[async_trait]
impl Operations for Sqlite {
    async fn insert_operations(&self, operations: &[NewOperation], plan: Option<Applies<'_>>) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        new_operations::write(&mut tx, operations, plan).await?;
        tx.commit().await
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
        tx.commit().await
    }

    async fn batch_sent(&self, fence: &Fence, batch: i64, event: &str, now: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        batches::sent(&mut tx, fence, batch, event, now).await?;
        tx.commit().await
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
        tx.commit().await
    }

    async fn hold_batches(&self, fence: &Fence, until: UnixMillis, fault: &Fault) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        batches::hold(&mut tx, &fence.location, until, fault).await?;
        tx.commit().await
    }

    async fn end_batch(
        &self,
        fence: &Fence,
        batch: i64,
        result: &BatchResult,
        now: UnixMillis,
    ) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        outcomes::end(&mut tx, fence, batch, result, now).await?;
        tx.commit().await
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
        tx.commit().await
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
        let assets = checks::assets_of_pairs(&mut tx, 0).await?;
        checks::doubt_holders(&mut tx, &assets, now).await?;
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
        tx.commit().await
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

    async fn waiting_since(&self, id: &OperationId) -> Result<i64> {
        Ok(sqlx::query_scalar(concat!(
            "SELECT count(*) FROM operations o, items i, licenses x WHERE o.id = ? AND ",
            in_line_since!(),
        ))
        .bind(id.as_str())
        .fetch_one(&self.readers)
        .await?)
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

    async fn open_operations(&self, location: &LocationId) -> Result<Vec<OperationRow>> {
        let sql = format!(
            "SELECT {OPERATION} {JOINED} WHERE o.location = ? AND o.state <> 'done' ORDER BY o.number DESC"
        );
        let records: Vec<OperationRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(location.as_str())
            .fetch_all(&self.readers)
            .await?;
        rows::all(records)
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
