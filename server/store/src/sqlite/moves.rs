use super::{Commit, Sqlite, Write, fulfilment::enough, json, new_operations, reclaim::ASK};
use crate::{
    Result, StoreError,
    locations::Fence,
    moves::{MovePerson, MoveStep, Moves, NewMove, RunningMove},
    operations::Turns,
    rows::{
        self,
        moves::{KEPT, MOVE, MoveRecord, PERSON, PersonRecord, columns, joined, may_ask, people},
    },
};
use async_trait::async_trait;
use contract::{
    AssetId, Code, LocationId, MoveId, UnixMillis,
    moves::{MoveState, MoveView},
};
use sqlx::AssertSqlSafe;

#[async_trait]
impl Moves for Sqlite {
    async fn user_holders(&self, asset: AssetId) -> Result<Vec<MovePerson>> {
        let sql = format!(
            "SELECT y.holder, 0 AS moving, NULL AS stay, y.state AS user_state, {PERSON}
             FROM licenses y {} WHERE y.asset = ?1 AND y.kind = 1 AND y.state = 2
             ORDER BY p.sort_name IS NULL, p.sort_name, y.holder, d.serial",
            joined("y.holder", "?1")
        );
        let records: Vec<PersonRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(asset.0)
            .fetch_all(&self.readers)
            .await?;
        people(records)
    }

    async fn insert_move(&self, new: &NewMove) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        let open: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM moves WHERE asset = ? AND state <> 'done')")
                .bind(new.asset.0)
                .fetch_one(&mut *tx)
                .await?;
        if open {
            return Err(StoreError::Taken(Code::MoveUnderWay));
        }
        let number: i64 = sqlx::query_scalar(
            "INSERT INTO moves (id, asset, state, pace, account, \"by\", reason, created_at)
             VALUES (?, ?, 'running', ?, ?, ?, ?, ?) RETURNING number",
        )
        .bind(new.id.as_str())
        .bind(new.asset.0)
        .bind(new.pace)
        .bind(new.account.as_str())
        .bind(&new.by)
        .bind(&new.reason)
        .bind(new.created_at)
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO move_people (move, holder, place, assignment, state)
             SELECT ?1, j.value, j.key, x.assignment, 0 FROM json_each(?2) j
             CROSS JOIN licenses x ON x.asset = ?3 AND x.holder = j.value AND x.kind = 1",
        )
        .bind(number)
        .bind(json(&new.holders)?)
        .bind(new.asset.0)
        .execute(&mut *tx)
        .await?;
        ask_of(&mut tx, new.asset, new.created_at).await?;
        tx.commit().await
    }

    async fn newest_move(&self, asset: AssetId) -> Result<Option<MoveView>> {
        let mut tx = self.read().await?;
        let sql = format!("SELECT {MOVE} FROM moves m WHERE m.asset = ? ORDER BY m.number DESC LIMIT 1");
        let record: Option<MoveRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(asset.0)
            .fetch_optional(&mut *tx)
            .await?;
        let Some(record) = record else { return Ok(None) };
        let counts = sqlx::query_as(
            "SELECT state, stay, count(*) FROM move_people WHERE move = ? GROUP BY state, stay ORDER BY state, stay",
        )
        .bind(record.number)
        .fetch_all(&mut *tx)
        .await?;
        record.view(counts).map(Some)
    }

    async fn set_move_state(&self, id: &MoveId, state: MoveState, now: UnixMillis) -> Result<AssetId> {
        let mut tx = self.write(Commit::Durable).await?;
        let asset: Option<i64> =
            sqlx::query_scalar("UPDATE moves SET state = ? WHERE id = ? AND state <> 'done' RETURNING asset")
                .bind(state.as_str())
                .bind(id.as_str())
                .fetch_optional(&mut *tx)
                .await?;
        let asset = asset.ok_or(StoreError::Refused(Code::ChangedMeanwhile))?;
        ask_of(&mut tx, AssetId(asset), now).await?;
        tx.commit().await?;
        Ok(AssetId(asset))
    }

    async fn give_move_up(&self, id: &MoveId, now: UnixMillis) -> Result<AssetId> {
        let mut tx = self.write(Commit::Durable).await?;
        let asset: Option<i64> = sqlx::query_scalar(
            "UPDATE moves SET state = 'done', ended_at = ? WHERE id = ? AND state = 'stopped'
                 AND NOT EXISTS (SELECT 1 FROM move_people o WHERE o.move = moves.number AND o.state IN (1, 2))
             RETURNING asset",
        )
        .bind(now)
        .bind(id.as_str())
        .fetch_optional(&mut *tx)
        .await?;
        let asset = asset.ok_or(StoreError::Refused(Code::ChangedMeanwhile))?;
        tx.commit().await?;
        Ok(AssetId(asset))
    }

    async fn running_moves(&self, location: &LocationId, now: UnixMillis) -> Result<Vec<RunningMove>> {
        let sql = format!(
            "SELECT {MOVE} FROM moves m JOIN assets a ON a.id = m.asset
             WHERE a.location = ? AND a.stage = 1 AND (m.state = 'running' OR m.state = 'stopped' AND EXISTS (
                 SELECT 1 FROM move_people o WHERE o.move = m.number AND o.state IN (1, 2))) AND {}
             ORDER BY m.number",
            may_ask("?")
        );
        let records: Vec<MoveRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(location.as_str())
            .bind(now)
            .fetch_all(&self.readers)
            .await?;
        rows::all(records)
    }

    async fn move_people(&self, number: i64, limit: i64) -> Result<Vec<MovePerson>> {
        let sql = format!(
            "SELECT o.holder, o.state AS moving, o.stay, y.state AS user_state, {PERSON}
             FROM (SELECT o.*, m.asset FROM move_people o JOIN moves m ON m.number = o.move
                 WHERE o.move = ? AND o.state < 3 ORDER BY o.state = 0, o.place LIMIT ?) o
             LEFT JOIN licenses y ON y.asset = o.asset AND y.holder = o.holder AND y.kind = 1 {}
             ORDER BY o.place, d.serial",
            joined("o.holder", "o.asset")
        );
        let records: Vec<PersonRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(number)
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        people(records)
    }

    async fn free_to_give(&self, asset: AssetId) -> Result<Option<i64>> {
        let sql = format!(
            "SELECT CASE WHEN NOT a.unlimited THEN a.available
                 - (SELECT count(*) FROM licenses x WHERE x.asset = a.id AND x.state IN (0, 1)) - {KEPT} END
             FROM assets a WHERE a.id = ?"
        );
        Ok(sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(asset.0)
            .fetch_one(&self.readers)
            .await?)
    }

    async fn write_move_step(&self, fence: &Fence, step: &MoveStep) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        let open: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM moves WHERE number = ? AND state <> 'done')")
                .bind(step.number)
                .fetch_one(&mut *tx)
                .await?;
        if !open {
            return Err(StoreError::Taken(Code::PlanLapsed));
        }
        for operation in &step.operations {
            new_operations::insert(&mut tx, operation, Turns::ByHolder).await?;
        }
        enough(&mut tx, &step.operations).await?;
        let operations: Vec<&str> = step
            .operations
            .iter()
            .map(|operation| operation.id.as_str())
            .collect();
        sqlx::query(
            "UPDATE licenses SET assignment = y.assignment FROM moves m
                 CROSS JOIN json_each(?1) j
                 JOIN licenses y ON y.asset = m.asset AND y.holder = j.value ->> 1 AND y.kind = 1
             WHERE m.number = ?2 AND y.assignment IS NOT NULL AND licenses.asset = m.asset AND licenses.kind = 0
                 AND licenses.holder = j.value ->> 0 AND licenses.operation IN (
                     SELECT o.number FROM operations o WHERE o.id IN (SELECT value FROM json_each(?3)))",
        )
        .bind(json(&step.given)?)
        .bind(step.number)
        .bind(json(&operations)?)
        .execute(&mut *tx)
        .await?;
        let rows: Vec<_> = step
            .states
            .iter()
            .map(|(holder, moving)| {
                let (state, stay) = columns(*moving);
                (holder, state, stay)
            })
            .collect();
        sqlx::query(
            "UPDATE move_people SET moved = moved OR state IN (1, 2) AND j.value ->> 1 = 3,
                 state = j.value ->> 1, stay = j.value ->> 2 FROM json_each(?1) j
             WHERE move = ?2 AND holder = j.value ->> 0",
        )
        .bind(json(&rows)?)
        .bind(step.number)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn end_move(&self, fence: &Fence, number: i64, now: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        sqlx::query("UPDATE moves SET state = 'done', ended_at = ? WHERE number = ?")
            .bind(now)
            .bind(number)
            .execute(&mut *tx)
            .await?;
        // Whoever stays, or was never to move, keeps the user licence while the assignment gives such.
        let stays: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM licenses x JOIN moves m ON m.asset = x.asset
             WHERE m.number = ? AND x.kind = 1 AND x.state IN (0, 1, 2, 3))",
        )
        .bind(number)
        .fetch_one(&mut *tx)
        .await?;
        if !stays {
            sqlx::query(
                "UPDATE assignments SET kind = 0, changed_at = ?
                 WHERE asset = (SELECT asset FROM moves WHERE number = ?) AND kind = 1 AND intent IS NOT NULL",
            )
            .bind(now)
            .bind(number)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await
    }
}

/// The location's rules and moves are looked at again.
async fn ask_of(tx: &mut Write, asset: AssetId, now: UnixMillis) -> Result<()> {
    let ask = format!("UPDATE locations SET {ASK} WHERE id = (SELECT location FROM assets WHERE id = ?2)");
    sqlx::query(AssertSqlSafe(ask))
        .bind(now)
        .bind(asset.0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
