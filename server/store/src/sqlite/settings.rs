use super::{Commit, Sqlite};
use crate::{Result, settings::Settings};
use async_trait::async_trait;

#[async_trait]
impl Settings for Sqlite {
    async fn setting(&self, name: &str) -> Result<Option<String>> {
        Ok(sqlx::query_scalar("SELECT value FROM settings WHERE name = ?")
            .bind(name)
            .fetch_optional(&self.readers)
            .await?)
    }

    async fn set_setting(&self, name: &str, value: &str) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        sqlx::query(
            "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(name)
        .bind(value)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn change_setting(&self, name: &str, was: Option<&str>, value: &str) -> Result<bool> {
        let mut tx = self.write(Commit::Durable).await?;
        let sql = match was {
            Some(_) => "UPDATE settings SET value = ? WHERE name = ? AND value = ?",
            None => "INSERT INTO settings (value, name) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
        };
        let mut change = sqlx::query(sql).bind(value).bind(name);
        if let Some(was) = was {
            change = change.bind(was);
        }
        let changed = change.execute(&mut *tx).await?.rows_affected() > 0;
        if changed {
            tx.commit().await?;
        }
        Ok(changed)
    }

    async fn init_setting(&self, name: &str, value: &str) -> Result<String> {
        let mut tx = self.write(Commit::Durable).await?;
        sqlx::query("INSERT OR IGNORE INTO settings (name, value) VALUES (?, ?)")
            .bind(name)
            .bind(value)
            .execute(&mut *tx)
            .await?;
        let kept = sqlx::query_scalar("SELECT value FROM settings WHERE name = ?")
            .bind(name)
            .fetch_one(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(kept)
    }

    async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT 1 FROM settings LIMIT 1")
            .fetch_optional(&self.readers)
            .await?;
        Ok(())
    }
}
