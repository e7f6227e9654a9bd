use super::{Commit, Sqlite, Write, everything, json, new_operations, recount, users};
use crate::{
    Result, StoreError,
    fulfilment::{Applied, Fulfil, Fulfilment, Leave, Mark},
    locations::Fence,
    numbers::{self, Number},
    operations::{IN_LINE, NewOperation, Turns, given},
    plan_queue::Queued,
    plans::Applies,
    rows::assignments::target_columns,
};
use async_trait::async_trait;
use contract::{
    AssetId, Code, LocationId, UnixMillis,
    assignments::{AssignmentForm, Change},
};
use sqlx::AssertSqlSafe;

#[async_trait]
impl Fulfil for Sqlite {
    async fn fulfil(&self, fence: Option<&Fence>, fulfilment: &Fulfilment) -> Result<()> {
        let mut tx = match fence {
            Some(fence) => self.write_fenced(fence, Commit::Durable).await?,
            None => self.write(Commit::Durable).await?,
        };
        unchanged(&mut tx, &fulfilment.planned).await?;
        if let Some(applied) = &fulfilment.applied {
            as_it_was(&mut tx, applied).await?;
        }
        let number = match &fulfilment.applied {
            Some(applied) => apply(&mut tx, applied, fulfilment).await?,
            None => None,
        };
        if let Some((location, joining)) = &fulfilment.joining {
            users::join(&mut tx, location, joining, fulfilment.at).await?;
        }
        for operation in &fulfilment.operations {
            new_operations::insert(&mut tx, operation, Turns::ByHolder).await?;
        }
        enough(&mut tx, &fulfilment.operations).await?;
        if fulfilment.applied.is_some() {
            new_operations::tie(&mut tx, &fulfilment.operations).await?;
        }
        for mark in &fulfilment.marks {
            let Some(number) = mark.stored(number) else {
                continue;
            };
            for (kind, ids) in fulfilment.by_kind(&mark.holders) {
                sqlx::query(
                    "UPDATE licenses SET assignment = ?1
                     WHERE asset = ?2 AND kind = ?3 AND holder IN (SELECT value FROM json_each(?4))
                         AND (state IN (0, 1) OR state = 2 AND assignment IS NOT NULL)",
                )
                .bind(number)
                .bind(mark.asset.0)
                .bind(kind)
                .bind(json(&ids)?)
                .execute(&mut *tx)
                .await?;
            }
        }
        for left in &fulfilment.leaves {
            leave(&mut tx, fulfilment, left).await?;
        }
        for mark in &fulfilment.fails {
            fail(&mut tx, fulfilment, mark, mark.stored(number)).await?;
        }
        place(&mut tx, fulfilment).await?;
        write_errands(&mut tx, fulfilment).await?;
        for location in locations_of(&mut tx, fulfilment).await? {
            recount(&mut tx, &location).await?;
        }
        tx.commit().await
    }

    async fn revoke_everything(
        &self,
        location: &LocationId,
        operations: &[NewOperation],
        by: &str,
        now: UnixMillis,
    ) -> Result<u64> {
        let mut tx = self.write(Commit::Durable).await?;
        for operation in operations {
            new_operations::insert(&mut tx, operation, Turns::ByHolder).await?;
            sqlx::query("UPDATE operations SET everything = true WHERE id = ?")
                .bind(operation.id.as_str())
                .execute(&mut *tx)
                .await?;
        }
        let assignments = everything::give_nothing(&mut tx, location, by, now).await?;
        recount(&mut tx, location).await?;
        tx.commit().await?;
        Ok(assignments)
    }
}

/// What was planned is still as it was when the facts were read: nothing queued it again, and no group that it is
/// assigned to waits to be looked at.
async fn unchanged(tx: &mut Write, planned: &[Queued]) -> Result<()> {
    let planned: Vec<_> = planned.iter().map(|(asset, stamp)| (asset.0, stamp)).collect();
    let changed: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM json_each(?1) j LEFT JOIN plan_queue q ON q.asset = j.value ->> 0
                 WHERE q.stamp IS NOT j.value ->> 1)
             OR EXISTS (SELECT 1 FROM json_each(?1) j CROSS JOIN assignments s ON s.asset = j.value ->> 0
                 CROSS JOIN group_changes c ON c.group_id = s.group_id)",
    )
    .bind(json(&planned)?)
    .fetch_one(&mut **tx)
    .await?;
    if changed {
        return Err(StoreError::Taken(Code::PlanLapsed));
    }
    Ok(())
}

/// The assignments are those that the change was looked at among, and its group is still there.
async fn as_it_was(tx: &mut Write, applied: &Applied) -> Result<()> {
    let among: Vec<(i64, i64)> =
        sqlx::query_as("SELECT number, changed_at FROM assignments WHERE asset = ? ORDER BY number")
            .bind(applied.change.asset().0)
            .fetch_all(&mut **tx)
            .await?;
    let there = match &applied.change {
        Change::Remove { .. } => true,
        Change::Save { form, .. } => {
            let group: Option<(i64,)> = sqlx::query_as("SELECT 1 FROM groups WHERE id = ?")
                .bind(form.group.as_str())
                .fetch_optional(&mut **tx)
                .await?;
            group.is_some()
        }
    };
    match there && among == applied.among {
        true => Ok(()),
        false => Err(StoreError::Taken(Code::PlanLapsed)),
    }
}

/// The change itself; answers the number of the assignment that was saved.
async fn apply(tx: &mut Write, applied: &Applied, fulfilment: &Fulfilment) -> Result<Option<i64>> {
    let first = fulfilment.operations.first();
    let applies = Applies {
        plan: &applied.plan,
        shown: &applied.shown,
    };
    new_operations::apply_plan(tx, applies, first.map_or("", |operation| operation.id.as_str())).await?;
    match &applied.change {
        Change::Save { asset, form } => Ok(Some(save(tx, *asset, form, applied, fulfilment.at).await?)),
        Change::Remove { asset, group } => {
            // Whoever keeps the licence has it by hand from now on.
            sqlx::query(
                "UPDATE licenses SET assignment = NULL WHERE asset = ?1 AND assignment = (SELECT s.number
                     FROM assignments s WHERE s.asset = ?1 AND s.group_id = ?2 AND s.settings ->> 'keep_licenses')",
            )
            .bind(asset.0)
            .bind(group.as_str())
            .execute(&mut **tx)
            .await?;
            sqlx::query(
                "INSERT INTO removed_license_only (assignment) SELECT s.number FROM assignments s
                 WHERE s.asset = ? AND s.group_id = ? AND s.settings ->> 'license_only'",
            )
            .bind(asset.0)
            .bind(group.as_str())
            .execute(&mut **tx)
            .await?;
            sqlx::query("DELETE FROM assignments WHERE asset = ? AND group_id = ?")
                .bind(asset.0)
                .bind(group.as_str())
                .execute(&mut **tx)
                .await?;
            Ok(None)
        }
    }
}

async fn save(
    tx: &mut Write,
    asset: AssetId,
    form: &AssignmentForm,
    applied: &Applied,
    at: UnixMillis,
) -> Result<i64> {
    let (intent, kind) = target_columns(form.target);
    Ok(sqlx::query_scalar(
        "INSERT INTO assignments (asset, group_id, intent, kind, settings, priority, shortage, reserved, created_at,
             created_by, changed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?9)
         ON CONFLICT (asset, group_id) DO UPDATE SET intent = excluded.intent, kind = excluded.kind,
             settings = excluded.settings, priority = excluded.priority, shortage = excluded.shortage,
             reserved = excluded.reserved, changed_at = excluded.changed_at
         RETURNING number",
    )
    .bind(asset.0)
    .bind(form.group.as_str())
    .bind(intent)
    .bind(kind)
    .bind(json(&form.settings)?)
    .bind(form.priority.number())
    .bind(form.shortage.number())
    .bind(form.reserved)
    .bind(at)
    .bind(&applied.by)
    .fetch_one(&mut **tx)
    .await?)
}

/// Two plans at once could give the last licence twice: whoever comes second is told that it has lapsed.
pub(super) async fn enough(tx: &mut Write, operations: &[NewOperation]) -> Result<()> {
    let short: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM json_each(?) j CROSS JOIN assets a ON a.id = j.value
         WHERE NOT a.unlimited AND a.available < (SELECT count(*) FROM licenses x INDEXED BY licenses_not_held
             WHERE x.asset = a.id AND x.state = 1 AND x.state <> 2))",
    )
    .bind(json(&given(operations))?)
    .fetch_one(&mut **tx)
    .await?;
    if short {
        return Err(StoreError::Taken(Code::PlanLapsed));
    }
    Ok(())
}

/// They wait no longer, and what failed is over.
async fn leave(tx: &mut Write, fulfilment: &Fulfilment, left: &Leave) -> Result<()> {
    let asset = left.asset;
    for (kind, ids) in fulfilment.by_kind(&left.holders) {
        let ids = json(&ids)?;
        sqlx::query(
            "INSERT INTO ledger (at, act, asset, holder, kind, actor, reason)
             SELECT ?1, 11, x.asset, x.holder, x.kind, ?2, ?6 FROM licenses x
             WHERE x.asset = ?3 AND x.kind = ?4 AND x.state = 0 AND x.holder IN (SELECT value FROM json_each(?5))",
        )
        .bind(fulfilment.at)
        .bind(&fulfilment.by)
        .bind(asset.0)
        .bind(kind)
        .bind(&ids)
        .bind(&left.reason)
        .execute(&mut **tx)
        .await?;
        let left: Vec<i64> = sqlx::query_scalar(
            "DELETE FROM licenses WHERE asset = ? AND kind = ? AND state IN (0, 5)
                 AND holder IN (SELECT value FROM json_each(?)) RETURNING state",
        )
        .bind(asset.0)
        .bind(kind)
        .bind(&ids)
        .fetch_all(&mut **tx)
        .await?;
        sqlx::query("UPDATE assets SET waiting = waiting - ?, listed = listed - ? WHERE id = ?")
            .bind(left.iter().filter(|state| **state == 0).count() as i64)
            .bind(left.len() as i64)
            .bind(asset.0)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Those that have nothing yet, or wait, have failed.
async fn fail(tx: &mut Write, fulfilment: &Fulfilment, mark: &Mark, number: Option<i64>) -> Result<()> {
    for (kind, ids) in fulfilment.by_kind(&mark.holders) {
        let ids = json(&ids)?;
        let waited: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM licenses
             WHERE asset = ? AND kind = ? AND state = 0 AND holder IN (SELECT value FROM json_each(?))",
        )
        .bind(mark.asset.0)
        .bind(kind)
        .bind(&ids)
        .fetch_one(&mut **tx)
        .await?;
        let listed: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM json_each(?3) j WHERE NOT EXISTS (SELECT 1 FROM licenses x
                 WHERE x.asset = ?1 AND x.kind = ?2 AND x.holder = j.value)",
        )
        .bind(mark.asset.0)
        .bind(kind)
        .bind(&ids)
        .fetch_one(&mut **tx)
        .await?;
        let sql = format!(
            "INSERT INTO licenses (asset, holder, kind, state, since, assignment)
             SELECT ?1, value, ?2, 5, ?4, ?5 FROM json_each(?3) WHERE true
             ON CONFLICT (asset, holder, kind) DO UPDATE SET state = 5,
                 since = CASE WHEN {IN_LINE} THEN licenses.since ELSE excluded.since END,
                 turn = CASE WHEN {IN_LINE} THEN licenses.turn ELSE 0 END,
                 assignment = excluded.assignment, error_number = NULL, error_message = NULL
             WHERE licenses.state IN (0, 4, 5)"
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(mark.asset.0)
            .bind(kind)
            .bind(&ids)
            .bind(fulfilment.at)
            .bind(number)
            .execute(&mut **tx)
            .await?;
        sqlx::query(
            "INSERT INTO ledger (at, act, asset, holder, kind, actor, reason)
             SELECT ?1, 7, ?2, value, ?3, ?4, (SELECT coalesce(g.name, s.group_id) FROM assignments s
                 LEFT JOIN groups g ON g.id = s.group_id WHERE s.number = ?6) FROM json_each(?5)",
        )
        .bind(fulfilment.at)
        .bind(mark.asset.0)
        .bind(kind)
        .bind(&fulfilment.by)
        .bind(&ids)
        .bind(number)
        .execute(&mut **tx)
        .await?;
        sqlx::query("UPDATE assets SET waiting = waiting - ?, listed = listed + ? WHERE id = ?")
            .bind(waited)
            .bind(listed)
            .bind(mark.asset.0)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// A8: whoever asked is in the line since then, whether it was written down as waiting, as requested or as failed.
async fn place(tx: &mut Write, fulfilment: &Fulfilment) -> Result<()> {
    let placed: Vec<_> = fulfilment
        .placed()
        .map(|(asset, holder, since)| (asset.0, holder.id(), numbers::kind(holder), since))
        .collect();
    if placed.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE licenses SET since = j.value ->> 3, turn = 0 FROM json_each(?) j
         WHERE licenses.asset = j.value ->> 0 AND licenses.holder = j.value ->> 1 AND licenses.kind = j.value ->> 2
             AND licenses.state IN (0, 1, 5)",
    )
    .bind(json(&placed)?)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn write_errands(tx: &mut Write, fulfilment: &Fulfilment) -> Result<()> {
    let errands = fulfilment.errands.iter();
    let errands: Vec<_> = errands
        .map(|(asset, device, errand)| (asset.0, device.as_str(), errand.map(Number::number)))
        .collect();
    if errands.is_empty() {
        return Ok(());
    }
    let errands = json(&errands)?;
    sqlx::query(
        "DELETE FROM errands WHERE (asset, device) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?)
             WHERE value ->> 2 IS NULL)",
    )
    .bind(&errands)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO errands (asset, device, errand, since)
         SELECT value ->> 0, value ->> 1, value ->> 2, ? FROM json_each(?) WHERE value ->> 2 IS NOT NULL
         ON CONFLICT (asset, device) DO UPDATE SET errand = excluded.errand, since = excluded.since",
    )
    .bind(fulfilment.at)
    .bind(&errands)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whose sums are to be taken anew.
async fn locations_of(tx: &mut Write, fulfilment: &Fulfilment) -> Result<Vec<LocationId>> {
    let locations: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT location FROM assets WHERE id IN (SELECT value FROM json_each(?)) ORDER BY location",
    )
    .bind(json(&fulfilment.listed())?)
    .fetch_all(&mut **tx)
    .await?;
    Ok(locations.into_iter().map(LocationId).collect())
}
