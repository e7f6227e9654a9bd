use super::{
    Commit, Postgres, Write, fulfilment::enough, json, lock_locations, new_operations, reclaim::ASK,
};
use crate::{
    Result, StoreError,
    locations::Fence,
    moves::{MovePerson, MoveStep, Moves, NewMove, RunningMove},
    operations::Turns,
    rows::{
        self,
        moves::{KEPT, MOVE, MoveRecord, PERSON, PersonRecord, columns, joined, may_ask, people},
    },
    text::storable,
};
use async_trait::async_trait;
use contract::{
    AssetId, Code, LocationId, MoveId, UnixMillis,
    moves::{MoveState, MoveView},
};
use sqlx::AssertSqlSafe;

#[async_trait]
impl Moves for Postgres {
    async fn user_holders(&self, asset: AssetId) -> Result<Vec<MovePerson>> {
        let sql = format!(
            "SELECT y.holder, 0::smallint AS moving, NULL::smallint AS stay, y.state AS user_state, {PERSON}
             FROM licenses y {} WHERE y.asset = $1 AND y.kind = 1 AND y.state = 2
             ORDER BY p.sort_name IS NULL, p.sort_name, y.holder, d.serial",
            joined("y.holder", "$1")
        );
        let records: Vec<PersonRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(asset.0)
            .fetch_all(&self.pool)
            .await?;
        people(records)
    }

    async fn insert_move(&self, new: &NewMove) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        // Of two that begin at once the other sees this one.
        sqlx::query(
            "SELECT FROM locations WHERE id = (SELECT location FROM assets WHERE id = $1) FOR NO KEY UPDATE",
        )
        .bind(new.asset.0)
        .execute(&mut *tx)
        .await?;
        let open: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM moves WHERE asset = $1 AND state <> 'done')")
                .bind(new.asset.0)
                .fetch_one(&mut *tx)
                .await?;
        if open {
            return Err(StoreError::Taken(Code::MoveUnderWay));
        }
        let number: i64 = sqlx::query_scalar(
            "INSERT INTO moves (id, asset, state, pace, account, \"by\", reason, created_at)
             VALUES ($1, $2, 'running', $3, $4, $5, $6, $7) RETURNING number",
        )
        .bind(new.id.as_str())
        .bind(new.asset.0)
        .bind(new.pace)
        .bind(new.account.as_str())
        .bind(storable(&new.by))
        .bind(storable(&new.reason))
        .bind(new.created_at)
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO move_people (move, holder, place, assignment, state)
             SELECT $1, j.holder, j.place, x.assignment, 0 FROM unnest($2::text[]) WITH ORDINALITY AS j (holder, place)
             JOIN licenses x ON x.asset = $3 AND x.holder = j.holder AND x.kind = 1",
        )
        .bind(number)
        .bind(&new.holders)
        .bind(new.asset.0)
        .execute(&mut *tx)
        .await?;
        ask_of(&mut tx, new.asset, new.created_at).await?;
        tx.commit().await
    }

    async fn newest_move(&self, asset: AssetId) -> Result<Option<MoveView>> {
        let mut tx = self.read().await?;
        let sql = format!("SELECT {MOVE} FROM moves m WHERE m.asset = $1 ORDER BY m.number DESC LIMIT 1");
        let record: Option<MoveRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(asset.0)
            .fetch_optional(&mut *tx)
            .await?;
        let Some(record) = record else { return Ok(None) };
        let counts = sqlx::query_as(
            "SELECT state, stay, count(*) FROM move_people WHERE move = $1 GROUP BY state, stay ORDER BY state, stay",
        )
        .bind(record.number)
        .fetch_all(&mut *tx)
        .await?;
        record.view(counts).map(Some)
    }

    async fn set_move_state(&self, id: &MoveId, state: MoveState, now: UnixMillis) -> Result<AssetId> {
        let mut tx = self.write(Commit::Durable).await?;
        let asset: Option<i64> = sqlx::query_scalar(
            "UPDATE moves SET state = $1 WHERE id = $2 AND state <> 'done' RETURNING asset",
        )
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
        // Nobody sets out meanwhile.
        sqlx::query(
            "SELECT FROM locations WHERE id = (SELECT a.location FROM moves m JOIN assets a ON a.id = m.asset
                 WHERE m.id = $1) FOR NO KEY UPDATE",
        )
        .bind(id.as_str())
        .execute(&mut *tx)
        .await?;
        let asset: Option<i64> = sqlx::query_scalar(
            "UPDATE moves SET state = 'done', ended_at = $1 WHERE id = $2 AND state = 'stopped'
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
             WHERE a.location = $1 AND a.stage = 1 AND (m.state = 'running' OR m.state = 'stopped' AND EXISTS (
                 SELECT FROM move_people o WHERE o.move = m.number AND o.state IN (1, 2))) AND {}
             ORDER BY m.number",
            may_ask("$2")
        );
        let records: Vec<MoveRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(location.as_str())
            .bind(now)
            .fetch_all(&self.pool)
            .await?;
        rows::all(records)
    }

    async fn move_people(&self, number: i64, limit: i64) -> Result<Vec<MovePerson>> {
        let sql = format!(
            "SELECT o.holder, o.state AS moving, o.stay, y.state AS user_state, {PERSON}
             FROM (SELECT o.*, m.asset FROM move_people o JOIN moves m ON m.number = o.move
                 WHERE o.move = $1 AND o.state < 3 ORDER BY o.state = 0, o.place LIMIT $2) o
             LEFT JOIN licenses y ON y.asset = o.asset AND y.holder = o.holder AND y.kind = 1 {}
             ORDER BY o.place, d.serial",
            joined("o.holder", "o.asset")
        );
        let records: Vec<PersonRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(number)
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        people(records)
    }

    async fn free_to_give(&self, asset: AssetId) -> Result<Option<i64>> {
        let sql = format!(
            "SELECT CASE WHEN NOT a.unlimited THEN a.available
                 - (SELECT count(*) FROM licenses x WHERE x.asset = a.id AND x.state IN (0, 1)) - {KEPT} END
             FROM assets a WHERE a.id = $1"
        );
        Ok(sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(asset.0)
            .fetch_one(&self.pool)
            .await?)
    }

    async fn write_move_step(&self, fence: &Fence, step: &MoveStep) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        let locations: Vec<_> = step
            .operations
            .iter()
            .map(|operation| operation.location.as_str())
            .collect();
        lock_locations(&mut tx, &locations).await?;
        let open: Option<(i64,)> = sqlx::query_as(
            "SELECT number FROM moves WHERE number = $1 AND state <> 'done' FOR NO KEY UPDATE",
        )
        .bind(step.number)
        .fetch_optional(&mut *tx)
        .await?;
        if open.is_none() {
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
                 CROSS JOIN json_array_elements($1::json) j
                 JOIN licenses y ON y.asset = m.asset AND y.holder = j.value ->> 1 AND y.kind = 1
             WHERE m.number = $2 AND y.assignment IS NOT NULL AND licenses.asset = m.asset AND licenses.kind = 0
                 AND licenses.holder = j.value ->> 0
                 AND licenses.operation IN (SELECT o.number FROM operations o WHERE o.id = ANY($3))",
        )
        .bind(json(&step.given)?)
        .bind(step.number)
        .bind(&operations)
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
            "UPDATE move_people SET moved = moved OR state IN (1, 2) AND (j.value ->> 1)::smallint = 3,
                 state = (j.value ->> 1)::smallint, stay = (j.value ->> 2)::smallint
             FROM json_array_elements($1::json) j WHERE move = $2 AND holder = j.value ->> 0",
        )
        .bind(json(&rows)?)
        .bind(step.number)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn end_move(&self, fence: &Fence, number: i64, now: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        sqlx::query("UPDATE moves SET state = 'done', ended_at = $1 WHERE number = $2")
            .bind(now)
            .bind(number)
            .execute(&mut *tx)
            .await?;
        // Whoever stays, or was never to move, keeps the user licence while the assignment gives such.
        let stays: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM licenses x JOIN moves m ON m.asset = x.asset
             WHERE m.number = $1 AND x.kind = 1 AND x.state IN (0, 1, 2, 3))",
        )
        .bind(number)
        .fetch_one(&mut *tx)
        .await?;
        if !stays {
            sqlx::query(
                "UPDATE assignments SET kind = 0, changed_at = $1
                 WHERE asset = (SELECT asset FROM moves WHERE number = $2) AND kind = 1 AND intent IS NOT NULL",
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
    let ask = format!("UPDATE locations SET {ASK} WHERE id = (SELECT location FROM assets WHERE id = $2)");
    sqlx::query(AssertSqlSafe(ask))
        .bind(now)
        .bind(asset.0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
