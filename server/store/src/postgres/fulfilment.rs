use super::{
    Commit, Pairs, Postgres, Write, everything, json, lock_fenced, lock_locations, new_operations, recount,
    users,
};
use crate::{
    Result, StoreError,
    fulfilment::{Applied, Fulfil, Fulfilment, Leave, Mark},
    locations::Fence,
    numbers::Number,
    operations::{IN_LINE, NewOperation, Turns, given},
    plan_queue::Queued,
    plans::Applies,
    rows::assignments::target_columns,
    text::storable,
};
use async_trait::async_trait;
use contract::{
    AssetId, Code, LocationId, UnixMillis,
    assignments::{AssignmentForm, Change},
};
use sqlx::AssertSqlSafe;

#[async_trait]
impl Fulfil for Postgres {
    async fn fulfil(&self, fence: Option<&Fence>, fulfilment: &Fulfilment) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        lock(&mut tx, fence, fulfilment).await?;
        if let Some(fence) = fence {
            lock_fenced(&mut tx, fence).await?;
        }
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
                    "UPDATE licenses SET assignment = $1
                     WHERE asset = $2 AND kind = $3 AND holder = ANY($4) AND (state IN (0, 1) OR state = 2 AND assignment IS NOT NULL)",
                )
                .bind(number)
                .bind(mark.asset.0)
                .bind(kind)
                .bind(&ids)
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
        lock_locations(&mut tx, &[location.as_str()]).await?;
        for operation in operations {
            new_operations::insert(&mut tx, operation, Turns::ByHolder).await?;
            sqlx::query("UPDATE operations SET everything = true WHERE id = $1")
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

/// The worker's own location and all that is drawn from, in the order of all who lock locations.
async fn lock(tx: &mut Write, fence: Option<&Fence>, fulfilment: &Fulfilment) -> Result<()> {
    let assets: Vec<i64> = given(&fulfilment.operations)
        .into_iter()
        .chain(fulfilment.listed().into_iter().map(|asset| asset.0))
        .chain(fulfilment.applied.iter().map(|applied| applied.change.asset().0))
        .collect();
    let mut locations: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT location FROM assets WHERE id = ANY($1)")
            .bind(assets)
            .fetch_all(&mut **tx)
            .await?;
    locations.extend(
        fulfilment
            .operations
            .iter()
            .map(|operation| operation.location.0.clone()),
    );
    locations.extend(fence.map(|fence| fence.location.0.clone()));
    let locations: Vec<&str> = locations.iter().map(String::as_str).collect();
    lock_locations(tx, &locations).await
}

/// What was planned is still as it was when the facts were read: nothing queued it again, and no group that it is
/// assigned to waits to be looked at.
async fn unchanged(tx: &mut Write, planned: &[Queued]) -> Result<()> {
    let (assets, stamps): (Vec<i64>, Vec<i64>) =
        planned.iter().map(|(asset, stamp)| (asset.0, *stamp)).unzip();
    let changed: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM unnest($1::bigint[], $2::bigint[]) AS j (asset, stamp)
                 LEFT JOIN plan_queue q ON q.asset = j.asset WHERE q.stamp IS DISTINCT FROM j.stamp)
             OR EXISTS (SELECT FROM assignments s JOIN group_changes c ON c.group_id = s.group_id
                 WHERE s.asset = ANY($1))",
    )
    .bind(assets)
    .bind(stamps)
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
        sqlx::query_as("SELECT number, changed_at FROM assignments WHERE asset = $1 ORDER BY number")
            .bind(applied.change.asset().0)
            .fetch_all(&mut **tx)
            .await?;
    let there = match &applied.change {
        Change::Remove { .. } => true,
        Change::Save { form, .. } => {
            let group: Option<(i64,)> =
                sqlx::query_as("SELECT 1::bigint FROM groups WHERE id = $1 FOR KEY SHARE")
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
                "UPDATE licenses SET assignment = NULL WHERE asset = $1 AND assignment = (SELECT s.number
                     FROM assignments s WHERE s.asset = $1 AND s.group_id = $2
                         AND (s.settings::json ->> 'keep_licenses')::boolean)",
            )
            .bind(asset.0)
            .bind(group.as_str())
            .execute(&mut **tx)
            .await?;
            sqlx::query(
                "INSERT INTO removed_license_only (assignment) SELECT s.number FROM assignments s
                 WHERE s.asset = $1 AND s.group_id = $2 AND (s.settings::json ->> 'license_only')::boolean",
            )
            .bind(asset.0)
            .bind(group.as_str())
            .execute(&mut **tx)
            .await?;
            sqlx::query("DELETE FROM assignments WHERE asset = $1 AND group_id = $2")
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
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9)
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
    .bind(storable(&applied.by))
    .fetch_one(&mut **tx)
    .await?)
}

/// Two plans at once could give the last licence twice: whoever comes second is told that it has lapsed.
pub(super) async fn enough(tx: &mut Write, operations: &[NewOperation]) -> Result<()> {
    let short: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM assets a WHERE a.id = ANY($1) AND NOT a.unlimited
             AND a.available < (SELECT count(*) FROM licenses x
                 WHERE x.asset = a.id AND x.state = 1 AND x.state <> 2))",
    )
    .bind(given(operations).into_iter().collect::<Vec<_>>())
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
        sqlx::query(
            "INSERT INTO ledger (at, act, asset, holder, kind, actor, reason)
             SELECT $1, 11, x.asset, x.holder, x.kind, $2, $6 FROM licenses x
             WHERE x.asset = $3 AND x.kind = $4 AND x.state = 0 AND x.holder = ANY($5)",
        )
        .bind(fulfilment.at)
        .bind(storable(&fulfilment.by))
        .bind(asset.0)
        .bind(kind)
        .bind(&ids)
        .bind(storable(&left.reason))
        .execute(&mut **tx)
        .await?;
        let left: Vec<i16> = sqlx::query_scalar(
            "DELETE FROM licenses WHERE asset = $1 AND kind = $2 AND state IN (0, 5) AND holder = ANY($3)
             RETURNING state",
        )
        .bind(asset.0)
        .bind(kind)
        .bind(&ids)
        .fetch_all(&mut **tx)
        .await?;
        sqlx::query("UPDATE assets SET waiting = waiting - $1, listed = listed - $2 WHERE id = $3")
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
        let waited: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM licenses WHERE asset = $1 AND kind = $2 AND state = 0 AND holder = ANY($3)",
        )
        .bind(mark.asset.0)
        .bind(kind)
        .bind(&ids)
        .fetch_one(&mut **tx)
        .await?;
        let listed: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM unnest($3::text[]) AS j (holder) WHERE NOT EXISTS (SELECT FROM licenses x
                 WHERE x.asset = $1 AND x.kind = $2 AND x.holder = j.holder)",
        )
        .bind(mark.asset.0)
        .bind(kind)
        .bind(&ids)
        .fetch_one(&mut **tx)
        .await?;
        let sql = format!(
            "INSERT INTO licenses (asset, holder, kind, state, since, assignment)
             SELECT $1, j.holder, $2, 5, $4, $5 FROM unnest($3::text[]) AS j (holder)
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
             SELECT $1, 7, $2, j.holder, $3, $4, (SELECT coalesce(g.name, s.group_id) FROM assignments s
                 LEFT JOIN groups g ON g.id = s.group_id WHERE s.number = $6) FROM unnest($5::text[]) AS j (holder)",
        )
        .bind(fulfilment.at)
        .bind(mark.asset.0)
        .bind(kind)
        .bind(storable(&fulfilment.by))
        .bind(&ids)
        .bind(number)
        .execute(&mut **tx)
        .await?;
        sqlx::query("UPDATE assets SET waiting = waiting - $1, listed = listed + $2 WHERE id = $3")
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
    if fulfilment.since.is_empty() {
        return Ok(());
    }
    let placed = || fulfilment.placed();
    let pairs = Pairs::of(placed().map(|(asset, holder, _)| (asset, holder)));
    sqlx::query(
        "UPDATE licenses x SET since = j.since, turn = 0
         FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[]) AS j (asset, holder, kind, since)
         WHERE x.asset = j.asset AND x.holder = j.holder AND x.kind = j.kind AND x.state IN (0, 1, 5)",
    )
    .bind(pairs.assets)
    .bind(pairs.holders)
    .bind(pairs.kinds)
    .bind(Vec::from_iter(placed().map(|(_, _, since)| since)))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn write_errands(tx: &mut Write, fulfilment: &Fulfilment) -> Result<()> {
    let (mut assets, mut devices, mut errands) = (Vec::new(), Vec::new(), Vec::new());
    for (asset, device, errand) in &fulfilment.errands {
        assets.push(asset.0);
        devices.push(device.as_str());
        errands.push(errand.map(Number::number));
    }
    if assets.is_empty() {
        return Ok(());
    }
    const ERRANDS: &str =
        "FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS j (asset, device, errand) WHERE j.errand IS";
    let sql =
        format!("DELETE FROM errands WHERE (asset, device) IN (SELECT j.asset, j.device {ERRANDS} NULL)");
    sqlx::query(AssertSqlSafe(sql))
        .bind(&assets)
        .bind(&devices)
        .bind(&errands)
        .execute(&mut **tx)
        .await?;
    let sql = format!(
        "INSERT INTO errands (asset, device, errand, since) SELECT j.asset, j.device, j.errand, $4 {ERRANDS} NOT NULL
         ON CONFLICT (asset, device) DO UPDATE SET errand = excluded.errand, since = excluded.since"
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(&assets)
        .bind(&devices)
        .bind(&errands)
        .bind(fulfilment.at)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Whose sums are to be taken anew.
async fn locations_of(tx: &mut Write, fulfilment: &Fulfilment) -> Result<Vec<LocationId>> {
    let locations: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT location FROM assets WHERE id = ANY($1) ORDER BY location")
            .bind(
                fulfilment
                    .listed()
                    .into_iter()
                    .map(|asset| asset.0)
                    .collect::<Vec<_>>(),
            )
            .fetch_all(&mut **tx)
            .await?;
    Ok(locations.into_iter().map(LocationId).collect())
}
