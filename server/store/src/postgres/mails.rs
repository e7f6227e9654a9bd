use super::{Commit, Postgres, Write, json};
use crate::{
    Result,
    mails::{Mail, Mails, NewMail},
    rows::users::MailRecord,
};
use async_trait::async_trait;
use contract::UnixMillis;

/// Part of a transaction; answers how many were new.
pub(super) async fn insert(tx: &mut Write, mails: &[NewMail], now: UnixMillis) -> Result<u64> {
    let mails: Vec<_> = mails
        .iter()
        .map(|mail| (&mail.id, &mail.about, &mail.recipient, &mail.subject, &mail.body))
        .collect();
    let queued = sqlx::query(
        "INSERT INTO mails (id, about, recipient, subject, body, created_at, not_before)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, $1, $1 FROM json_array_elements($2::json)
         ON CONFLICT (about) DO NOTHING",
    )
    .bind(now)
    .bind(json(&mails)?)
    .execute(&mut **tx)
    .await?;
    Ok(queued.rows_affected())
}

#[async_trait]
impl Mails for Postgres {
    async fn queue_mails(&self, mails: &[NewMail], now: UnixMillis) -> Result<u64> {
        let mut tx = self.write(Commit::Durable).await?;
        let queued = insert(&mut tx, mails, now).await?;
        tx.commit().await?;
        Ok(queued)
    }

    async fn take_mail(&self, owner: &str, now: UnixMillis, until: UnixMillis) -> Result<Option<Mail>> {
        let mut tx = self.write(Commit::Durable).await?;
        let taken: Option<MailRecord> = sqlx::query_as(
            "UPDATE mails SET taken_by = $1, taken_until = $3 WHERE number = (
                 SELECT number FROM mails WHERE state = 0 AND not_before <= $2 AND taken_until <= $2
                 ORDER BY not_before, number LIMIT 1 FOR UPDATE SKIP LOCKED)
             RETURNING number, id, recipient, subject, body, attempts, created_at",
        )
        .bind(owner)
        .bind(now)
        .bind(until)
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(taken.map(Mail::from))
    }

    async fn mail_sent(&self, number: i64, now: UnixMillis) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        sqlx::query("UPDATE mails SET state = 1, body = '', ended_at = $1, error = NULL WHERE number = $2")
            .bind(now)
            .bind(number)
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn mail_failed(
        &self,
        number: i64,
        error: &str,
        not_before: Option<UnixMillis>,
        now: UnixMillis,
    ) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        sqlx::query(
            "UPDATE mails SET attempts = attempts + 1, error = $1, taken_until = 0, not_before = coalesce($2, not_before),
                 state = CASE WHEN $2 IS NULL THEN 2 ELSE 0 END, body = CASE WHEN $2 IS NULL THEN '' ELSE body END,
                 ended_at = CASE WHEN $2 IS NULL THEN $3 END
             WHERE number = $4 AND state = 0",
        )
        .bind(error)
        .bind(not_before)
        .bind(now)
        .bind(number)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn next_mail(&self) -> Result<Option<UnixMillis>> {
        Ok(
            sqlx::query_scalar("SELECT min(greatest(not_before, taken_until)) FROM mails WHERE state = 0")
                .fetch_one(&self.pool)
                .await?,
        )
    }

    async fn delete_mails_before(&self, at: UnixMillis) -> Result<u64> {
        let mut tx = self.write(Commit::Fast).await?;
        let deleted = sqlx::query("DELETE FROM mails WHERE state > 0 AND ended_at < $1")
            .bind(at)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(deleted.rows_affected())
    }
}
