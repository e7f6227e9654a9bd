//! Operations, as the pages read them.

use super::{
    Portal,
    operations::{Sharing, check_reason},
};
use async_trait::async_trait;
use contract::{
    AssetId, Caller, Code, Fault, OperationId, Page, Permission,
    activity::{
        Activity, ItemQuery, OperationItem, OperationKind, OperationQuery, OperationRow, UndoPreview,
    },
    live::LiveEvent,
};
use serde_json::json;
use std::collections::BTreeMap;
use store::{catalog::StockAsset, operations::Pair};

/// What reversing an operation comes to.
struct Reversal {
    kind: OperationKind,
    assets: BTreeMap<AssetId, StockAsset>,
    shared: Sharing,
    stay: i64,
}

impl Portal {
    async fn reversal(&self, caller: &Caller, id: &OperationId) -> Result<Reversal, Fault> {
        let row = self.db.operation(id).await?;
        let pairs: Vec<Pair> = self.db.reversible_pairs(id).await?;
        let stay = row.done - i64::try_from(pairs.len()).unwrap_or(i64::MAX);
        let assets = self.stock(pairs.iter().map(|(asset, _)| *asset)).await?;
        match row.kind {
            OperationKind::Assign => {
                caller.need(Permission::RevokeLicenses)?;
                let (now, cannot) = pairs
                    .into_iter()
                    .partition(|(asset, _)| assets.get(asset).is_some_and(StockAsset::can_be_revoked));
                Ok(Reversal {
                    kind: OperationKind::Revoke,
                    shared: Sharing {
                        now,
                        wait: Vec::new(),
                        cannot,
                    },
                    assets,
                    stay,
                })
            }
            OperationKind::Revoke | OperationKind::Adopt => {
                caller.need(Permission::AssignLicenses)?;
                Ok(Reversal {
                    kind: OperationKind::Assign,
                    shared: self.share_out(pairs, &assets).await?,
                    assets,
                    stay,
                })
            }
        }
    }
}

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

    async fn cancel(&self, caller: &Caller, id: &OperationId) -> Result<(), Fault> {
        caller.need(Permission::RevokeLicenses)?;
        self.db
            .cancel_operation(id, &caller.name, self.clock.now())
            .await?;
        self.audit(caller, "activity.cancel", id.as_str(), json!({}))
            .await?;
        let row = self.db.operation(id).await?;
        self.live.send(LiveEvent::Operation {
            id: row.id,
            state: row.state,
            total: row.total,
            done: row.done,
            failed: row.failed,
            waiting: row.waiting,
        });
        Ok(())
    }

    async fn preview_undo(&self, caller: &Caller, id: &OperationId) -> Result<UndoPreview, Fault> {
        let count = |pairs: &[Pair]| i64::try_from(pairs.len()).unwrap_or(i64::MAX);
        let reversal = self.reversal(caller, id).await?;
        Ok(UndoPreview {
            kind: reversal.kind,
            licenses: count(&reversal.shared.now),
            wait: count(&reversal.shared.wait),
            cannot: count(&reversal.shared.cannot),
            stay: reversal.stay,
        })
    }

    async fn undo(&self, caller: &Caller, id: &OperationId, reason: &str) -> Result<OperationId, Fault> {
        let reason = check_reason(reason)?;
        let reversal = self.reversal(caller, id).await?;
        let mut operations = self
            .operations(
                caller,
                reversal.kind,
                reason,
                &reversal.assets,
                reversal.shared.now,
                reversal.shared.wait,
            )
            .await?;
        for operation in &mut operations {
            operation.undoes = Some(id.clone());
        }
        let first = operations
            .first()
            .map(|operation| operation.id.clone())
            .ok_or(Code::NothingToUndo)?;
        self.db.insert_operations(&operations, None).await?;
        let details = json!({ "undoes": id, "reason": reason });
        self.audit(caller, "activity.undo", first.as_str(), details)
            .await?;
        self.wake.ring();
        Ok(first)
    }
}
