use super::{Commit, Postgres};
use crate::{Result, StoreError, scim::Scim};
use async_trait::async_trait;
use contract::{ScimTokenId, UnixMillis, scim::ScimTokenRow};

/// A token is not written again for every request.
const MINUTE: i64 = 60_000;

type Record = (String, String, String, i64, Option<i64>);

fn row((id, name, created_by, created_at, used_at): Record) -> ScimTokenRow {
    ScimTokenRow {
        id: ScimTokenId(id),
        name,
        created_by,
        created_at,
        used_at,
    }
}

#[async_trait]
impl Scim for Postgres {
    async fn scim_tokens(&self) -> Result<Vec<ScimTokenRow>> {
        let records: Vec<Record> = sqlx::query_as(
            "SELECT id, name, created_by, created_at, used_at FROM scim_tokens ORDER BY created_at DESC, id DESC",
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(records.into_iter().map(row).collect())
    }

    async fn insert_scim_token(&self, token: &ScimTokenRow, hash: &[u8]) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        sqlx::query(
            "INSERT INTO scim_tokens (id, name, hash, created_by, created_at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(token.id.as_str())
        .bind(&token.name)
        .bind(hash)
        .bind(&token.created_by)
        .bind(token.created_at)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn delete_scim_token(&self, id: &ScimTokenId) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        let done = sqlx::query("DELETE FROM scim_tokens WHERE id = $1")
            .bind(id.as_str())
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        tx.commit().await
    }

    async fn use_scim_token(&self, hash: &[u8], now: UnixMillis) -> Result<Option<ScimTokenRow>> {
        let record: Option<Record> = sqlx::query_as(
            "SELECT id, name, created_by, created_at, used_at FROM scim_tokens WHERE hash = $1",
        )
        .bind(hash)
        .fetch_optional(&self.pool)
        .await?;
        let token = record.map(row);
        if let Some(token) = &token
            && token.used_at.is_none_or(|at| at < now - MINUTE)
        {
            let mut tx = self.write(Commit::Fast).await?;
            sqlx::query("UPDATE scim_tokens SET used_at = $1 WHERE id = $2")
                .bind(now)
                .bind(token.id.as_str())
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
        }
        Ok(token)
    }
}
