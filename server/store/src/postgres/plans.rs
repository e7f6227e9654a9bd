use super::{Commit, Postgres};
use crate::{
    Result,
    plans::{Plans, SavedPlan},
};
use async_trait::async_trait;
use contract::{OperationId, PlanId, UnixMillis};

#[async_trait]
impl Plans for Postgres {
    async fn insert_plan(&self, plan: &SavedPlan) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        sqlx::query(
            "INSERT INTO plans (id, account, \"by\", made_at, request, fingerprint, applied)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(plan.id.as_str())
        .bind(plan.account.as_str())
        .bind(&plan.by)
        .bind(plan.made_at)
        .bind(serde_json::to_string(&plan.request)?)
        .bind(&plan.fingerprint)
        .bind(plan.applied.as_ref().map(OperationId::as_str))
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn saved_plan(&self, id: &PlanId) -> Result<Option<SavedPlan>> {
        let row: Option<(
            String,
            String,
            i64,
            String,
            Vec<u8>,
            Option<String>,
            Option<String>,
        )> = sqlx::query_as(
            "SELECT account, \"by\", made_at, request, fingerprint, applied, shown FROM plans WHERE id = $1",
        )
        .bind(id.as_str())
        .fetch_optional(&self.pool)
        .await?;
        let Some((account, by, made_at, request, fingerprint, applied, shown)) = row else {
            return Ok(None);
        };
        Ok(Some(SavedPlan {
            id: id.clone(),
            account: account.into(),
            by,
            made_at,
            request: serde_json::from_str(&request)?,
            fingerprint,
            applied: applied.map(OperationId),
            shown,
        }))
    }

    async fn delete_plans_before(&self, before: UnixMillis) -> Result<u64> {
        let mut tx = self.write(Commit::Fast).await?;
        let gone = sqlx::query("DELETE FROM plans WHERE made_at < $1")
            .bind(before)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(gone.rows_affected())
    }
}
