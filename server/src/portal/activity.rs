//! Operations, as the pages read them.

use super::Portal;
use async_trait::async_trait;
use contract::{
    Caller, Fault, OperationId, Page, Permission,
    activity::{Activity, ItemQuery, OperationItem, OperationQuery, OperationRow},
};
use serde_json::json;

#[async_trait]
impl Activity for Portal {
    async fn list(&self, caller: &Caller, query: OperationQuery) -> Result<Page<OperationRow>, Fault> {
        caller.need(Permission::ViewActivity)?;
        Ok(self.db.operation_list(&query).await?)
    }

    async fn detail(&self, caller: &Caller, id: &OperationId) -> Result<OperationRow, Fault> {
        caller.need(Permission::ViewActivity)?;
        Ok(self.db.operation(id).await?)
    }

    async fn items(
        &self,
        caller: &Caller,
        id: &OperationId,
        query: ItemQuery,
    ) -> Result<Page<OperationItem>, Fault> {
        caller.need(Permission::ViewActivity)?;
        Ok(self.db.operation_items(id, &query).await?)
    }

    async fn running(&self, caller: &Caller) -> Result<Vec<OperationRow>, Fault> {
        caller.need(Permission::ViewActivity)?;
        Ok(self.db.running_operations().await?)
    }

    async fn resume(&self, caller: &Caller, id: &OperationId) -> Result<(), Fault> {
        caller.need(Permission::ResumeOperations)?;
        self.db.resume_operation(id, self.clock.now()).await?;
        self.audit(caller, "activity.resume", id.as_str(), json!({}))
            .await?;
        self.wake.ring();
        Ok(())
    }
}
