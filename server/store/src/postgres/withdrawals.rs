use super::{Commit, Postgres, mails};
use crate::{
    Result,
    mails::NewMail,
    settings::Settings,
    withdrawals::{AT_ONCE, SETTING, Telling, WITHDRAWALS, Withdrawal, WithdrawalRecord, Withdrawals},
};
use async_trait::async_trait;
use contract::UnixMillis;

#[async_trait]
impl Withdrawals for Postgres {
    async fn withdrawals(&self, since: UnixMillis, until: UnixMillis) -> Result<Option<Telling>> {
        let from = match self.setting(SETTING).await? {
            Some(text) => text,
            None => {
                let newest: i64 = sqlx::query_scalar("SELECT coalesce(max(id), 0) FROM ledger")
                    .fetch_one(&self.pool)
                    .await?;
                self.init_setting(SETTING, &newest.to_string()).await?
            }
        };
        let from: i64 = from.parse().unwrap_or_default();
        let mut tx = self.read().await?;
        let to: Option<i64> = sqlx::query_scalar(
            "SELECT max(id) FROM (SELECT id, at FROM ledger WHERE id > $1 ORDER BY id LIMIT $2) g WHERE at <= $3",
        )
        .bind(from)
        .bind(AT_ONCE)
        .bind(until)
        .fetch_one(&mut *tx)
        .await?;
        let Some(to) = to else { return Ok(None) };
        let records: Vec<WithdrawalRecord> = sqlx::query_as(WITHDRAWALS)
            .bind(from)
            .bind(to)
            .bind(since)
            .fetch_all(&mut *tx)
            .await?;
        Ok(Some(Telling {
            from,
            to,
            withdrawals: records.into_iter().map(Withdrawal::from).collect(),
        }))
    }

    async fn tell_withdrawals(&self, telling: &Telling, mails: &[NewMail], now: UnixMillis) -> Result<bool> {
        let mut tx = self.write(Commit::Durable).await?;
        let moved = sqlx::query("UPDATE settings SET value = $1 WHERE name = $2 AND value = $3")
            .bind(telling.to.to_string())
            .bind(SETTING)
            .bind(telling.from.to_string())
            .execute(&mut *tx)
            .await?;
        if moved.rows_affected() == 0 {
            return Ok(false);
        }
        mails::insert(&mut tx, mails, now).await?;
        tx.commit().await?;
        Ok(true)
    }
}
