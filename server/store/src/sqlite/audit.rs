use super::{Commit, Sqlite};
use crate::{
    Result,
    audit::{Audit, AuditLine},
    transaction::Keeps,
};
use async_trait::async_trait;
use contract::AccountId;

impl Keeps for sqlx::Sqlite {
    async fn append(connection: &mut Self::Connection, line: &AuditLine) -> Result<()> {
        sqlx::query(
            "INSERT INTO audit (at, account, actor, address, action, object, details) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(line.at)
        .bind(line.account.as_ref().map(AccountId::as_str))
        .bind(&line.actor)
        .bind(&line.address)
        .bind(&line.action)
        .bind(&line.object)
        .bind(line.details.to_string())
        .execute(connection)
        .await?;
        Ok(())
    }
}

#[async_trait]
impl Audit for Sqlite {
    async fn append_audit(&self, line: &AuditLine) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        sqlx::Sqlite::append(&mut tx, line).await?;
        tx.commit().await
    }

    async fn audit(&self, limit: u32) -> Result<Vec<AuditLine>> {
        type Row = (
            i64,
            Option<String>,
            String,
            Option<String>,
            String,
            String,
            String,
        );
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT at, account, actor, address, action, object, details FROM audit ORDER BY id DESC LIMIT ?",
        )
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        let line = |(at, account, actor, address, action, object, details): Row| {
            Ok(AuditLine {
                at,
                account: account.map(AccountId),
                actor,
                address,
                action,
                object,
                details: serde_json::from_str(&details)?,
            })
        };
        rows.into_iter().map(line).collect()
    }
}
