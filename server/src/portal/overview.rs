//! The first page's numbers.

use super::Portal;
use async_trait::async_trait;
use contract::{
    Caller, Fault, Permission,
    overview::{Overview, Summary},
};

#[async_trait]
impl Overview for Portal {
    async fn summary(&self, caller: &Caller) -> Result<Summary, Fault> {
        caller.need(Permission::ViewOverview)?;
        Ok(self.db.summary(self.clock.now()).await?)
    }
}
