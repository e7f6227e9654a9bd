//! Operations, as the pages read them.

use super::{
    Portal,
    operations::{Sharing, check_reason},
};
use crate::engine::{news, operation, planning::Actor};
use async_trait::async_trait;
use contract::{
    AssetId, Caller, Code, Fault, LocationId, OperationId, Page, PageQuery, Permission,
    activity::{
        Activity, ItemQuery, OperationItem, OperationKind, OperationQuery, OperationRow, Reach, UndoPreview,
    },
    tokens::Deed,
};
use serde_json::json;
use std::collections::BTreeMap;
use store::{
    catalog::StockAsset,
    operations::{NewOperation, Pair},
};

/// What reversing operations comes to.
struct Reversal {
    /// Which operation is reversed of which licence.
    undoes: BTreeMap<Pair, OperationId>,
    kind: OperationKind,
    assets: BTreeMap<AssetId, StockAsset>,
    shared: Sharing,
    /// Where somebody waits by hand since then, and how many they are.
    leave: BTreeMap<OperationId, (LocationId, i64)>,
    stay: i64,
}

impl Reversal {
    /// What is sent and what waits, apart for each operation that is reversed. Nothing where only a waiting list is left.
    fn by_operation(&self) -> BTreeMap<&OperationId, (Vec<Pair>, Vec<Pair>)> {
        let mut parts: BTreeMap<&OperationId, (Vec<Pair>, Vec<Pair>)> = BTreeMap::new();
        for pair in &self.shared.now {
            if let Some(undone) = self.undoes.get(pair) {
                parts.entry(undone).or_default().0.push(pair.clone());
            }
        }
        for pair in &self.shared.wait {
            if let Some(undone) = self.undoes.get(pair) {
                parts.entry(undone).or_default().1.push(pair.clone());
            }
        }
        for undone in self.leave.keys() {
            parts.entry(undone).or_default();
        }
        parts
    }
}

impl Portal {
    /// The operation, or all of its act that are like it.
    async fn reached(&self, id: &OperationId, reach: Reach) -> Result<Vec<OperationRow>, Fault> {
        let row = self.db.operation(id).await?;
        let act = match (reach, &row.act) {
            (Reach::Act, Some(act)) => act.clone(),
            _ => return Ok(vec![row]),
        };
        let mut query = OperationQuery {
            act: Some(act),
            page: PageQuery {
                rows: Some(PageQuery::MOST),
                ..PageQuery::default()
            },
            ..OperationQuery::default()
        };
        let mut all = Vec::new();
        loop {
            let page = self.db.operation_list(&query).await?;
            all.extend(page.rows.into_iter().filter(|other| other.kind == row.kind));
            match page.next {
                Some(next) => query.page.cursor = Some(next),
                None => return Ok(all),
            }
        }
    }

    async fn reversal(&self, caller: &Caller, id: &OperationId, reach: Reach) -> Result<Reversal, Fault> {
        let mut rows = self.reached(id, reach).await?;
        let undone = rows.iter().filter(|row| row.undone);
        let refused = match undone.filter_map(|row| row.undone_by.as_ref()).next() {
            Some(by) => Fault::new(Code::AlreadyUndone).with("operation", by),
            None => Code::NotReversible.into(),
        };
        rows.retain(OperationRow::is_reversible);
        let kind = rows.first().ok_or(refused)?.kind;
        let mut pairs: Vec<Pair> = Vec::new();
        let mut undoes = BTreeMap::new();
        let mut leave = BTreeMap::new();
        for row in &rows {
            let waiting = self.db.waiting_since(&row.id).await?;
            if waiting > 0 {
                leave.insert(row.id.clone(), (row.location.clone(), waiting));
            }
            for pair in self.db.reversible_pairs(&row.id).await? {
                if undoes.insert(pair.clone(), row.id.clone()).is_none() {
                    pairs.push(pair);
                }
            }
        }
        let done: i64 = rows.iter().map(|row| row.done).sum();
        let stay = done - i64::try_from(pairs.len()).unwrap_or(i64::MAX);
        let assets = self.stock(pairs.iter().map(|(asset, _)| *asset)).await?;
        match kind {
            OperationKind::Assign => {
                caller.need(Permission::RevokeLicenses)?;
                let (now, cannot) = pairs
                    .into_iter()
                    .partition(|(asset, _)| assets.get(asset).is_some_and(StockAsset::can_be_revoked));
                Ok(Reversal {
                    undoes,
                    kind: OperationKind::Revoke,
                    shared: Sharing {
                        now,
                        wait: Vec::new(),
                        cannot,
                    },
                    assets,
                    leave,
                    stay,
                })
            }
            OperationKind::Revoke | OperationKind::Adopt | OperationKind::LetGo => {
                caller.need(Permission::AssignLicenses)?;
                Ok(Reversal {
                    undoes,
                    kind: OperationKind::Assign,
                    shared: self.share_out(pairs, &assets).await?,
                    assets,
                    leave: BTreeMap::new(),
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
        Ok(self.once("running", self.db.running_operations()).await?)
    }

    async fn resume(&self, caller: &Caller, id: &OperationId) -> Result<(), Fault> {
        caller.need(Permission::ResumeOperations)?;
        let row = self.db.operation(id).await?;
        let deed = match row.kind {
            OperationKind::Assign | OperationKind::Adopt | OperationKind::LetGo => Deed::Assign,
            OperationKind::Revoke => Deed::Revoke,
        };
        self.need_standing(&row.location, deed).await?;
        let resume = self.db.resume_operation(id, self.clock.now());
        self.audited(caller, "activity.resume", id.as_str(), json!({}), resume)
            .await?;
        Ok(())
    }

    async fn cancel(&self, caller: &Caller, id: &OperationId, reach: Reach) -> Result<(), Fault> {
        caller.need(Permission::RevokeLicenses)?;
        let mut rows = self.reached(id, reach).await?;
        rows.retain(|row| row.cancellable);
        let mut cancelled = 0;
        for row in rows {
            let (id, now) = (row.id.as_str(), self.clock.now());
            let cancel = self.db.cancel_operation(&row.id, &caller.name, now);
            match self
                .audited(caller, "activity.cancel", id, json!({}), cancel)
                .await
            {
                // Sent a moment ago.
                Err(fault) if fault.code == Code::NotCancellable => continue,
                ended => ended?,
            }
            cancelled += 1;
            let row = self.db.operation(&row.id).await?;
            self.live.send(news(row));
        }
        if cancelled == 0 {
            return Err(Code::NotCancellable.into());
        }
        // What was held back is read again at Apple.
        self.wake.ring();
        Ok(())
    }

    async fn preview_undo(
        &self,
        caller: &Caller,
        id: &OperationId,
        reach: Reach,
    ) -> Result<UndoPreview, Fault> {
        let count = |pairs: &[Pair]| i64::try_from(pairs.len()).unwrap_or(i64::MAX);
        let reversal = self.reversal(caller, id, reach).await?;
        Ok(UndoPreview {
            kind: reversal.kind,
            licenses: count(&reversal.shared.now),
            wait: count(&reversal.shared.wait),
            leave: reversal.leave.values().map(|(_, holders)| holders).sum(),
            cannot: count(&reversal.shared.cannot),
            stay: reversal.stay,
        })
    }

    async fn undo(
        &self,
        caller: &Caller,
        id: &OperationId,
        reach: Reach,
        reason: &str,
    ) -> Result<OperationId, Fault> {
        let reason = check_reason(reason)?;
        let reversal = self.reversal(caller, id, reach).await?;
        let mut operations = Vec::new();
        for (undone, (now, wait)) in reversal.by_operation() {
            let mut reversing = self
                .operations(caller, reversal.kind, reason, &reversal.assets, now, wait)
                .await?;
            // To leave a list takes nothing at Apple.
            if let (true, Some((location, _))) = (reversing.is_empty(), reversal.leave.get(undone)) {
                let (actor, now) = (Actor::from(caller), self.clock.now());
                let reason = reason.to_owned();
                let limits = self.device_limits().await;
                reversing.push(operation(
                    reversal.kind,
                    location,
                    &actor,
                    reason,
                    [],
                    limits,
                    now,
                ));
            }
            operations.extend(reversing.into_iter().map(|operation| NewOperation {
                undoes: Some(undone.clone()),
                ..operation
            }));
        }
        let first = operations
            .first()
            .map(|operation| operation.id.clone())
            .ok_or(Code::NothingToUndo)?;
        let details = json!({ "undoes": id, "reach": reach, "reason": reason });
        let insert = self.db.insert_operations(&operations, None);
        self.audited(caller, "activity.undo", first.as_str(), details, insert)
            .await?;
        Ok(first)
    }
}
