use super::Sqlite;
use crate::{
    Result,
    replicas::{Ear, Replicas},
};
use async_trait::async_trait;

#[async_trait]
impl Replicas for Sqlite {
    async fn listen(&self) -> Result<Option<Box<dyn Ear>>> {
        Ok(None)
    }

    async fn tell(&self, _: &[String]) -> Result<()> {
        Ok(())
    }
}
