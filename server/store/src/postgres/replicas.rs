use super::Postgres;
use crate::{
    Result,
    replicas::{Ear, Heard, Replicas},
};
use async_trait::async_trait;
use sqlx::postgres::PgListener;

/// Channels are a whole database's, and several installations may share one in schemas of their own.
const CHANNEL: &str = "SELECT 'pomona.' || md5(current_schema())";

#[async_trait]
impl Replicas for Postgres {
    async fn listen(&self) -> Result<Option<Box<dyn Ear>>> {
        let channel: String = sqlx::query_scalar(CHANNEL).fetch_one(&self.pool).await?;
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen(&channel).await?;
        Ok(Some(Box::new(Listener(listener))))
    }

    async fn tell(&self, messages: &[String]) -> Result<()> {
        let sql = format!("SELECT count(pg_notify(({CHANNEL}), m)) FROM unnest($1::text[]) m");
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(messages)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

struct Listener(PgListener);

#[async_trait]
impl Ear for Listener {
    async fn heard(&mut self) -> Result<Heard> {
        // Nothing comes once the connection broke; the next call makes another.
        Ok(match self.0.try_recv().await? {
            Some(news) => Heard::Message(news.payload().to_owned()),
            None => Heard::Gap,
        })
    }
}
