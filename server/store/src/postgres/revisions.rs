use super::Postgres;
use crate::{
    Result,
    revisions::{Revision, Revisions},
};
use async_trait::async_trait;

#[async_trait]
impl Revisions for Postgres {
    /// Which transactions had ended and which had not: what is visible depends on nothing else. Of a standby it does not
    /// say all.
    async fn revision(&self) -> Result<Option<Revision>> {
        let snapshot = sqlx::query_scalar("SELECT pg_current_snapshot()::text WHERE NOT pg_is_in_recovery()")
            .fetch_optional(&self.pool)
            .await?;
        Ok(snapshot.map(Revision))
    }
}
