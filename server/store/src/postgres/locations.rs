use super::{Commit, Postgres, Write, standing};
use crate::{
    Result, StoreError,
    locations::{Fence, Leased, Location, Locations},
    rows::locations::{LOCATION, LeasedRecord, LocationRecord},
    text::{fold, storable},
};
use async_trait::async_trait;
use contract::{LocationId, UnixMillis};
use sqlx::AssertSqlSafe;

/// What there is to do, and from when: one line for each location's sync and its metadata, one for each open batch, and
/// those of notifications, of the next check, of assets in doubt, of those to be planned, and of users.
fn due() -> String {
    let may_sync = standing::may_sync();
    let may_work = standing::may_work();
    let may_assign = standing::may_assign();
    let may_follow = standing::may_follow();
    format!(
        "SELECT l.id AS location, l.next_sync_at AS at, true AS sync, false AS operations, false AS describing
         FROM locations l WHERE l.next_sync_at IS NOT NULL AND {may_sync}
         UNION ALL
         SELECT b.location, b.not_before, false, true, false FROM batches b JOIN operations o ON o.number = b.operation
         WHERE b.state < 3 AND {may_work}
         UNION ALL
         SELECT DISTINCT n.location, 0::bigint, false, false, false FROM notifications n WHERE n.state = 0
         UNION ALL
         SELECT l.id, l.describe_at, false, false, true FROM locations l
         WHERE l.describe_at IS NOT NULL AND EXISTS (SELECT FROM tokens t
             WHERE t.location = l.id AND t.state IN ('valid', 'assigned_to_external_mdm'))
         UNION ALL
         SELECT l.id, l.check_at, false, false, false FROM locations l
         WHERE l.check_at IS NOT NULL AND EXISTS (SELECT FROM tokens t
             WHERE t.location = l.id AND t.state IN ('valid', 'assigned_to_external_mdm'))
         UNION ALL
         SELECT l.id, l.reclaim_at, false, false, false FROM locations l
         WHERE l.reclaim_at IS NOT NULL AND EXISTS (SELECT FROM tokens t WHERE t.location = l.id)
         UNION ALL
         SELECT d.location, d.not_before, false, false, false FROM doubts d
         WHERE EXISTS (SELECT FROM tokens t WHERE t.location = d.location AND t.state IN ({may_follow}))
             AND NOT EXISTS (SELECT FROM batches b CROSS JOIN json_array_elements_text(b.assets::json) j
                 JOIN assets a ON a.id = j.value::bigint
                 WHERE b.location = d.location AND b.state < 3 AND b.state > 0 AND a.stage = 1
                     AND a.adam_id = d.adam_id AND a.pricing_param = d.pricing_param)
         UNION ALL
         SELECT a.location, q.not_before, false, false, false FROM plan_queue q JOIN assets a ON a.id = q.asset
         WHERE a.stage = 1 AND EXISTS (SELECT FROM tokens t WHERE t.location = a.location AND t.state IN ({may_assign}))
             AND NOT EXISTS (SELECT FROM doubts d WHERE d.location = a.location AND d.adam_id = a.adam_id
                 AND d.pricing_param = a.pricing_param)
         UNION ALL
         SELECT u.location, min(u.not_before), false, false, false FROM vpp_users u
         WHERE u.wish IS NOT NULL AND u.batch IS NULL
             AND EXISTS (SELECT FROM tokens t WHERE t.location = u.location AND t.state IN ({may_assign}))
         GROUP BY u.location
         UNION ALL
         SELECT u.location, min(u.not_before), false, false, false FROM vpp_users u
         WHERE u.leaving AND u.status < 3 AND u.wish IS DISTINCT FROM 2
             AND EXISTS (SELECT FROM tokens t WHERE t.location = u.location AND t.state IN ({may_assign}))
         GROUP BY u.location
         UNION ALL
         SELECT b.location, b.not_before, false, false, false FROM user_batches b
         WHERE EXISTS (SELECT FROM tokens t WHERE t.location = b.location AND t.state IN ({may_assign}))"
    )
}

#[async_trait]
impl Locations for Postgres {
    async fn location(&self, id: &LocationId) -> Result<Option<Location>> {
        let sql = format!("SELECT {LOCATION} FROM locations l WHERE l.id = $1");
        let row: Option<LocationRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(Location::from))
    }

    async fn location_by_uid(&self, uid: &str) -> Result<Option<Location>> {
        let sql = format!("SELECT {LOCATION} FROM locations l WHERE l.uid = $1");
        let row: Option<LocationRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(storable(uid))
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(Location::from))
    }

    async fn lease_next(&self, owner: &str, now: UnixMillis, until: UnixMillis) -> Result<Option<Leased>> {
        // A location that is locked is being leased or written to: the next one is taken. What is due was looked up
        // before the lock, and counts unless somebody had the lease in between.
        let sql = format!(
            "WITH next AS (
                 SELECT l.id, due.sync AS sync_due, due.operations AS operations_due, due.describing AS describe_due
                 FROM (SELECT d.location, s.epoch, bool_or(d.sync) AS sync, bool_or(d.operations) AS operations,
                         bool_or(d.describing) AS describing
                     FROM ({}) d JOIN locations s ON s.id = d.location
                     WHERE d.at <= $2 GROUP BY d.location, s.epoch) due
                 JOIN locations l ON l.id = due.location AND l.epoch = due.epoch
                 WHERE l.lease_until <= $2
                 ORDER BY l.attended_at, l.id LIMIT 1 FOR NO KEY UPDATE OF l SKIP LOCKED)
             UPDATE locations l SET lease_owner = $1, lease_until = $3, epoch = l.epoch + 1, attended_at = $2
             FROM next WHERE l.id = next.id
             RETURNING {LOCATION}, l.epoch, next.sync_due, next.operations_due, next.describe_due",
            due()
        );
        let leased: Option<LeasedRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(owner)
            .bind(now)
            .bind(until)
            .fetch_optional(&self.pool)
            .await?;
        let Some(leased) = leased else { return Ok(None) };
        let location = Location::from(leased.location);
        Ok(Some(Leased {
            fence: Fence {
                location: location.id.clone(),
                owner: owner.to_owned(),
                epoch: leased.epoch,
            },
            location,
            sync_due: leased.sync_due,
            operations_due: leased.operations_due,
            describe_due: leased.describe_due,
        }))
    }

    async fn next_due(&self, now: UnixMillis) -> Result<Option<UnixMillis>> {
        let sql = format!(
            "SELECT min(greatest(due.at, l.lease_until)) FROM ({}) due JOIN locations l ON l.id = due.location",
            due()
        );
        let at: Option<i64> = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&self.pool)
            .await?;
        Ok(at.map(|at| at.max(now.saturating_add(1))))
    }

    async fn renew_lease(&self, fence: &Fence, until: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        sqlx::query("UPDATE locations SET lease_until = $1 WHERE id = $2")
            .bind(until)
            .bind(fence.location.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn release_lease(&self, fence: &Fence) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        sqlx::query("UPDATE locations SET lease_owner = NULL, lease_until = 0 WHERE id = $1")
            .bind(fence.location.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn note_location(&self, fence: &Fence, location: &Location) -> Result<()> {
        if fence.location != location.id {
            return Err(StoreError::NotFound);
        }
        let owner = location.owner.as_ref();
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        move_store(&mut tx, location).await?;
        sqlx::query(
            "UPDATE locations SET uid = $2, name = $3, sort_name = $4, country = $5, platform = $6, owner_id = $7,
                 owner_name = $8, owner_metadata = $9
             WHERE id = $1 AND (uid, name, country, platform, owner_id, owner_name, owner_metadata)
                 IS DISTINCT FROM ($2, $3, $5, $6, $7, $8, $9)",
        )
        .bind(location.id.as_str())
        .bind(&location.uid)
        .bind(storable(&location.name))
        .bind(fold(&location.name))
        .bind(&location.country)
        .bind(&location.platform)
        .bind(owner.map(|(id, ..)| id))
        .bind(owner.map(|(_, name, _)| storable(name)))
        .bind(owner.map(|(.., metadata)| storable(metadata)))
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }
}

/// T7: where the country is another one, the tokens that went by it follow, and all metadata is read again.
async fn move_store(tx: &mut Write, location: &Location) -> Result<()> {
    let moved = sqlx::query(
        "UPDATE tokens SET country = $2
         WHERE location = $1 AND country = (SELECT country FROM locations WHERE id = $1 AND country <> $2)",
    )
    .bind(location.id.as_str())
    .bind(&location.country)
    .execute(&mut **tx)
    .await?;
    if moved.rows_affected() > 0 {
        sqlx::query("UPDATE assets SET looked_at = NULL WHERE location = $1 AND stage < 2")
            .bind(location.id.as_str())
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}
