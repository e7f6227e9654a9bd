use super::{Commit, Sqlite, Write, standing};
use crate::{
    Result, StoreError,
    locations::{Fence, Leased, Location, Locations},
    rows::locations::{LOCATION, LeasedRecord, LocationRecord},
    text::fold,
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
        "SELECT l.id AS location, l.next_sync_at AS at, 1 AS sync, 0 AS operations, 0 AS describing
         FROM locations l WHERE l.next_sync_at IS NOT NULL AND {may_sync}
         UNION ALL
         SELECT b.location, b.not_before, 0, 1, 0 FROM batches b JOIN operations o ON o.number = b.operation
         WHERE b.state < 3 AND {may_work}
         UNION ALL
         SELECT DISTINCT n.location, 0, 0, 0, 0 FROM notifications n WHERE n.state = 0
         UNION ALL
         SELECT l.id, l.describe_at, 0, 0, 1 FROM locations l
         WHERE l.describe_at IS NOT NULL AND EXISTS (SELECT 1 FROM tokens t
             WHERE t.location = l.id AND t.state IN ('valid', 'assigned_to_external_mdm'))
         UNION ALL
         SELECT l.id, l.check_at, 0, 0, 0 FROM locations l
         WHERE l.check_at IS NOT NULL AND EXISTS (SELECT 1 FROM tokens t
             WHERE t.location = l.id AND t.state IN ('valid', 'assigned_to_external_mdm'))
         UNION ALL
         SELECT l.id, l.reclaim_at, 0, 0, 0 FROM locations l
         WHERE l.reclaim_at IS NOT NULL AND EXISTS (SELECT 1 FROM tokens t WHERE t.location = l.id)
         UNION ALL
         SELECT d.location, d.not_before, 0, 0, 0 FROM doubts d
         WHERE EXISTS (SELECT 1 FROM tokens t WHERE t.location = d.location AND t.state IN ({may_follow}))
             AND NOT EXISTS (SELECT 1 FROM batches b INDEXED BY batches_open CROSS JOIN json_each(b.assets) j
                 CROSS JOIN assets a ON a.id = j.value
                 WHERE b.location = d.location AND b.state < 3 AND b.state > 0 AND a.stage = 1
                     AND a.adam_id = d.adam_id AND a.pricing_param = d.pricing_param)
         UNION ALL
         SELECT a.location, q.not_before, 0, 0, 0 FROM plan_queue q CROSS JOIN assets a ON a.id = q.asset
         WHERE a.stage = 1 AND EXISTS (SELECT 1 FROM tokens t WHERE t.location = a.location AND t.state IN ({may_assign}))
             AND NOT EXISTS (SELECT 1 FROM doubts d WHERE d.location = a.location AND d.adam_id = a.adam_id
                 AND d.pricing_param = a.pricing_param)
         UNION ALL
         SELECT u.location, min(u.not_before), 0, 0, 0 FROM vpp_users u
         WHERE u.wish IS NOT NULL AND u.batch IS NULL
             AND EXISTS (SELECT 1 FROM tokens t WHERE t.location = u.location AND t.state IN ({may_assign}))
         GROUP BY u.location
         UNION ALL
         SELECT u.location, min(u.not_before), 0, 0, 0 FROM vpp_users u
         WHERE u.leaving = 1 AND u.status < 3 AND u.wish IS NOT 2
             AND EXISTS (SELECT 1 FROM tokens t WHERE t.location = u.location AND t.state IN ({may_assign}))
         GROUP BY u.location
         UNION ALL
         SELECT b.location, b.not_before, 0, 0, 0 FROM user_batches b
         WHERE EXISTS (SELECT 1 FROM tokens t WHERE t.location = b.location AND t.state IN ({may_assign}))"
    )
}

#[async_trait]
impl Locations for Sqlite {
    async fn location(&self, id: &LocationId) -> Result<Option<Location>> {
        let sql = format!("SELECT {LOCATION} FROM locations l WHERE l.id = ?");
        let row: Option<LocationRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(id.as_str())
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.map(Location::from))
    }

    async fn location_by_uid(&self, uid: &str) -> Result<Option<Location>> {
        let sql = format!("SELECT {LOCATION} FROM locations l WHERE l.uid = ?");
        let row: Option<LocationRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(uid)
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.map(Location::from))
    }

    async fn lease_next(&self, owner: &str, now: UnixMillis, until: UnixMillis) -> Result<Option<Leased>> {
        let sql = format!(
            "SELECT {LOCATION}, l.epoch + 1 AS epoch, max(due.sync) AS sync_due, max(due.operations) AS operations_due,
                 max(due.describing) AS describe_due
             FROM ({}) due CROSS JOIN locations l ON l.id = due.location
             WHERE due.at <= ?1 AND l.lease_until <= ?1
             GROUP BY l.id ORDER BY l.attended_at, l.id LIMIT 1",
            due()
        );
        // Most of the time there is nothing to do: then nothing is locked.
        let look = sqlx::query_as::<_, LeasedRecord>(AssertSqlSafe(sql.clone())).bind(now);
        if look.fetch_optional(&self.readers).await?.is_none() {
            return Ok(None);
        }
        let mut tx = self.write(Commit::Fast).await?;
        let found: Option<LeasedRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(now)
            .fetch_optional(&mut *tx)
            .await?;
        let Some(found) = found else { return Ok(None) };
        let location = Location::from(found.location);
        sqlx::query(
            "UPDATE locations SET lease_owner = ?, lease_until = ?, epoch = ?, attended_at = ? WHERE id = ?",
        )
        .bind(owner)
        .bind(until)
        .bind(found.epoch)
        .bind(now)
        .bind(location.id.as_str())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Some(Leased {
            fence: Fence {
                location: location.id.clone(),
                owner: owner.to_owned(),
                epoch: found.epoch,
            },
            location,
            sync_due: found.sync_due,
            operations_due: found.operations_due,
            describe_due: found.describe_due,
        }))
    }

    async fn next_due(&self, now: UnixMillis) -> Result<Option<UnixMillis>> {
        let sql = format!(
            "SELECT min(max(due.at, l.lease_until)) FROM ({}) due CROSS JOIN locations l ON l.id = due.location",
            due()
        );
        let at: Option<i64> = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&self.readers)
            .await?;
        Ok(at.map(|at| at.max(now.saturating_add(1))))
    }

    async fn renew_lease(&self, fence: &Fence, until: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        sqlx::query("UPDATE locations SET lease_until = ? WHERE id = ?")
            .bind(until)
            .bind(fence.location.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn release_lease(&self, fence: &Fence) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        sqlx::query("UPDATE locations SET lease_owner = NULL, lease_until = 0 WHERE id = ?")
            .bind(fence.location.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn note_location(&self, fence: &Fence, location: &Location) -> Result<()> {
        if fence.location != location.id {
            return Err(StoreError::NotFound);
        }
        let (owner_id, owner_name, owner_metadata) = match &location.owner {
            Some((id, name, metadata)) => (Some(id), Some(name), Some(metadata)),
            None => (None, None, None),
        };
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        move_store(&mut tx, location).await?;
        sqlx::query(
            "UPDATE locations SET uid = ?2, name = ?3, sort_name = ?4, country = ?5, platform = ?6, owner_id = ?7,
                 owner_name = ?8, owner_metadata = ?9
             WHERE id = ?1 AND (uid, name, country, platform) IS NOT (?2, ?3, ?5, ?6)
                 OR id = ?1 AND (owner_id, owner_name, owner_metadata) IS NOT (?7, ?8, ?9)",
        )
        .bind(location.id.as_str())
        .bind(&location.uid)
        .bind(&location.name)
        .bind(fold(&location.name))
        .bind(&location.country)
        .bind(&location.platform)
        .bind(owner_id)
        .bind(owner_name)
        .bind(owner_metadata)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }
}

/// T7: where the country is another one, the tokens that went by it follow, and all metadata is read again.
async fn move_store(tx: &mut Write, location: &Location) -> Result<()> {
    let moved = sqlx::query(
        "UPDATE tokens SET country = ?2
         WHERE location = ?1 AND country = (SELECT country FROM locations WHERE id = ?1 AND country <> ?2)",
    )
    .bind(location.id.as_str())
    .bind(&location.country)
    .execute(&mut **tx)
    .await?;
    if moved.rows_affected() > 0 {
        sqlx::query("UPDATE assets SET looked_at = NULL WHERE location = ? AND stage < 2")
            .bind(location.id.as_str())
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}
