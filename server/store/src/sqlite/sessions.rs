use super::{Commit, Sqlite};
use crate::{
    Result,
    sessions::{SessionRecord, Sessions},
};
use async_trait::async_trait;
use contract::{AccountId, UnixMillis};

#[async_trait]
impl Sessions for Sqlite {
    async fn insert_session(&self, record: &SessionRecord) -> Result<()> {
        let mut tx = self.write(Commit::Fast).await?;
        sqlx::query("INSERT INTO sessions (account, data, expires_at, hash) VALUES (?, ?, ?, ?)")
            .bind(record.account.as_ref().map(AccountId::as_str))
            .bind(&record.data)
            .bind(record.expires_at)
            .bind(&record.hash)
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn save_session(&self, record: &SessionRecord) -> Result<()> {
        let mut tx = self.write(Commit::Fast).await?;
        sqlx::query("UPDATE sessions SET account = ?, data = ?, expires_at = ? WHERE hash = ?")
            .bind(record.account.as_ref().map(AccountId::as_str))
            .bind(&record.data)
            .bind(record.expires_at)
            .bind(&record.hash)
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn session(&self, hash: &[u8], now: UnixMillis) -> Result<Option<SessionRecord>> {
        let row: Option<(Vec<u8>, Option<String>, Vec<u8>, i64)> = sqlx::query_as(
            "SELECT hash, account, data, expires_at FROM sessions WHERE hash = ? AND expires_at > ?",
        )
        .bind(hash)
        .bind(now)
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.map(|(hash, account, data, expires_at)| SessionRecord {
            hash,
            account: account.map(AccountId),
            data,
            expires_at,
        }))
    }

    async fn delete_session(&self, hash: &[u8]) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        sqlx::query("DELETE FROM sessions WHERE hash = ?")
            .bind(hash)
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn delete_expired_sessions(&self, now: UnixMillis) -> Result<u64> {
        let mut tx = self.write(Commit::Fast).await?;
        let gone = sqlx::query("DELETE FROM sessions WHERE expires_at <= ?")
            .bind(now)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(gone.rows_affected())
    }
}
