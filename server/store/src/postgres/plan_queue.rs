use super::{Commit, Postgres, standing};
use crate::{
    Result,
    locations::Fence,
    plan_queue::{PlanQueue, Queued},
};
use async_trait::async_trait;
use contract::{AssetId, LocationId, UnixMillis};
use sqlx::AssertSqlSafe;

#[async_trait]
impl PlanQueue for Postgres {
    async fn queue_changed_groups(&self) -> Result<bool> {
        // Most of the time there are none: then nothing is locked.
        let some: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM group_changes)")
            .fetch_one(&self.pool)
            .await?;
        if !some {
            return Ok(false);
        }
        let mut tx = self.write(Commit::Durable).await?;
        let changed: Vec<String> = sqlx::query_scalar("DELETE FROM group_changes RETURNING group_id")
            .fetch_all(&mut *tx)
            .await?;
        sqlx::query(
            "INSERT INTO plan_queue AS q (asset, stamp, not_before)
             SELECT DISTINCT s.asset, 1, 0 FROM assignments s WHERE s.group_id = ANY($1) ORDER BY s.asset
             ON CONFLICT (asset) DO UPDATE SET stamp = q.stamp + 1, not_before = 0",
        )
        .bind(changed)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn assets_to_plan(
        &self,
        location: &LocationId,
        now: UnixMillis,
        limit: u32,
    ) -> Result<Vec<Queued>> {
        let sql = format!(
            "SELECT q.asset, q.stamp FROM plan_queue q JOIN assets a ON a.id = q.asset
             WHERE a.location = $1 AND a.stage = 1 AND q.not_before <= $2 AND NOT EXISTS (SELECT FROM doubts d
                 WHERE d.location = a.location AND d.adam_id = a.adam_id AND d.pricing_param = a.pricing_param)
                 AND EXISTS (SELECT FROM tokens t WHERE t.location = a.location AND t.state IN ({}))
             ORDER BY q.asset LIMIT $3",
            standing::may_assign()
        );
        let queued: Vec<(i64, i64)> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(location.as_str())
            .bind(now)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
        Ok(queued
            .into_iter()
            .map(|(asset, stamp)| (AssetId(asset), stamp))
            .collect())
    }

    async fn planned(&self, fence: &Fence, queued: &[Queued]) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        let (assets, stamps): (Vec<i64>, Vec<i64>) =
            queued.iter().map(|(asset, stamp)| (asset.0, *stamp)).unzip();
        sqlx::query(
            "DELETE FROM plan_queue
             WHERE (asset, stamp) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[]))",
        )
        .bind(assets)
        .bind(stamps)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn plan_later(&self, fence: &Fence, asset: Option<AssetId>, not_before: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        sqlx::query(
            "UPDATE plan_queue SET not_before = greatest(not_before, $1)
             WHERE asset IN (SELECT id FROM assets WHERE location = $2 AND id = coalesce($3, id)
                 UNION SELECT s.asset FROM licenses x JOIN assignments s ON s.number = x.assignment
                 WHERE x.asset = $3 AND x.state = 5 AND x.assignment IS NOT NULL)",
        )
        .bind(not_before)
        .bind(fence.location.as_str())
        .bind(asset.map(|asset| asset.0))
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }
}
