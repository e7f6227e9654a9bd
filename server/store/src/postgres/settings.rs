use super::{Commit, Postgres};
use crate::{Result, settings::Settings};
use async_trait::async_trait;

#[async_trait]
impl Settings for Postgres {
    async fn setting(&self, name: &str) -> Result<Option<String>> {
        Ok(sqlx::query_scalar("SELECT value FROM settings WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.pool)
            .await?)
    }

    async fn set_setting(&self, name: &str, value: &str) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        sqlx::query(
            "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(name)
        .bind(value)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    async fn init_setting(&self, name: &str, value: &str) -> Result<String> {
        let mut tx = self.write(Commit::Durable).await?;
        sqlx::query("INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
            .bind(name)
            .bind(value)
            .execute(&mut *tx)
            .await?;
        let kept = sqlx::query_scalar("SELECT value FROM settings WHERE name = $1")
            .bind(name)
            .fetch_one(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(kept)
    }

    async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT FROM settings LIMIT 1")
            .fetch_optional(&self.pool)
            .await?;
        Ok(())
    }
}
