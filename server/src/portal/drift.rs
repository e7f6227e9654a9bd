//! Drift: what only Apple or only Pomona knows of, and settling it (S5, S6).

use super::{
    Portal,
    licenses::by_holder,
    operations::{Sharing, check_reason},
};
use crate::clock::new_id;
use async_trait::async_trait;
use contract::{
    AssetId, Caller, Code, Fault, OperationId, Page, Permission,
    activity::OperationKind,
    catalog::ProductType,
    drift::{
        Drift, DriftHolder, DriftHolderQuery, DriftQuery, DriftRow, DriftScope, Settlement,
        SettlementPreview, Settling,
    },
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::{catalog::StockAsset, drift::Adoption, operations::Pair};

/// Licences named one by one.
const MOST: usize = 100_000;

/// The audit's word.
const SETTLE: &str = "drift.settle";

fn details(how: Settling, reason: &str) -> Value {
    json!({ "how": how, "reason": reason })
}

fn check(what: &Settlement) -> Result<(), Fault> {
    match &what.scope {
        DriftScope::Licenses { licenses } if licenses.len() > MOST => {
            Err(Fault::new(Code::TooManyChosen).with("most", MOST))
        }
        _ => Ok(()),
    }
}

/// Licences of books, now or when there are enough: given, they can never be taken back (A3).
fn books(shared: &Sharing, assets: &BTreeMap<AssetId, StockAsset>) -> usize {
    let is_book = |(asset, _): &&Pair| {
        assets
            .get(asset)
            .is_some_and(|asset| asset.product == ProductType::Book)
    };
    shared.now.iter().chain(&shared.wait).filter(is_book).count()
}

impl Portal {
    async fn take_apples_word(
        &self,
        caller: &Caller,
        what: Settlement,
        reason: &str,
    ) -> Result<OperationId, Fault> {
        let how = what.how;
        let side = how.side();
        let now = self.clock.now();
        let places = self.db.drifted(&what.scope, side).await?;
        let adoptions: Vec<Adoption> = places
            .into_iter()
            .map(|place| Adoption {
                id: OperationId(new_id(now)),
                location: place.location,
                side,
                scope: what.scope.clone(),
                account: caller.id.clone(),
                by: caller.name.clone(),
                reason: reason.to_owned(),
                created_at: now,
            })
            .collect();
        let first = adoptions.first().ok_or(Code::NothingChosen)?.id.clone();
        let adopt = self.db.adopt(&adoptions);
        let written = self
            .audited(caller, SETTLE, first.as_str(), details(how, reason), adopt)
            .await?;
        written
            .into_iter()
            .next()
            .ok_or_else(|| Code::NothingChosen.into())
    }

    async fn give_again(
        &self,
        caller: &Caller,
        scope: &DriftScope,
        reason: &str,
        confirmed: bool,
    ) -> Result<OperationId, Fault> {
        let pairs = self.db.lost_licenses(scope).await?;
        let assets = self.stock(pairs.iter().map(|(asset, _)| *asset)).await?;
        let shared = self.share_out(pairs, &assets).await?;
        if books(&shared, &assets) > 0 && !confirmed {
            return Err(Code::ConfirmationNeeded.into());
        }
        let operations = self
            .operations(
                caller,
                OperationKind::Assign,
                reason,
                &assets,
                shared.now,
                shared.wait,
            )
            .await?;
        let first = operations
            .first()
            .map(|operation| operation.id.clone())
            .ok_or(Code::NothingChosen)?;
        let insert = self.db.insert_operations(&operations, None);
        let details = details(Settling::GiveAgain, reason);
        self.audited(caller, SETTLE, first.as_str(), details, insert)
            .await?;
        Ok(first)
    }
}

#[async_trait]
impl Drift for Portal {
    async fn list(&self, caller: &Caller, query: DriftQuery) -> Result<Page<DriftRow>, Fault> {
        caller.need(Permission::ViewLicenses)?;
        Ok(self.db.drift_list(&query).await?)
    }

    async fn holders(&self, caller: &Caller, query: DriftHolderQuery) -> Result<Page<DriftHolder>, Fault> {
        caller.need(Permission::ViewLicenses)?;
        by_holder(&query.holder, |holder| {
            let query = DriftHolderQuery {
                holder,
                ..query.clone()
            };
            async move { self.db.drift_holders(&query).await }
        })
        .await
    }

    async fn preview(&self, caller: &Caller, what: Settlement) -> Result<SettlementPreview, Fault> {
        caller.need(Permission::AssignLicenses)?;
        check(&what)?;
        let places = self.db.drifted(&what.scope, what.how.side()).await?;
        let mut preview = SettlementPreview {
            licenses: places.iter().map(|place| place.licenses).sum(),
            apps: places.iter().map(|place| place.apps).sum(),
            ..SettlementPreview::default()
        };
        if preview.licenses == 0 {
            return Err(Code::NothingChosen.into());
        }
        if what.how == Settling::GiveAgain {
            let pairs = self.db.lost_licenses(&what.scope).await?;
            let assets = self.stock(pairs.iter().map(|(asset, _)| *asset)).await?;
            let shared = self.share_out(pairs, &assets).await?;
            preview.wait = shared.wait.len() as i64;
            preview.cannot = shared.cannot.len() as i64;
            preview.books = books(&shared, &assets) as i64;
        }
        Ok(preview)
    }

    async fn settle(
        &self,
        caller: &Caller,
        what: Settlement,
        reason: &str,
        confirmed: bool,
    ) -> Result<OperationId, Fault> {
        caller.need(Permission::AssignLicenses)?;
        check(&what)?;
        let reason = check_reason(reason)?;
        match what.how {
            Settling::Adopt | Settling::LetGo => self.take_apples_word(caller, what, reason).await,
            Settling::GiveAgain => self.give_again(caller, &what.scope, reason, confirmed).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::licenses::Holder;
    use store::sync::AssetKey;

    #[test]
    fn a3_books_are_counted_whether_given_now_or_later() {
        let asset = |id, product| {
            let asset = StockAsset {
                id: AssetId(id),
                location: "a".into(),
                location_name: String::new(),
                key: AssetKey {
                    adam_id: String::new(),
                    pricing_param: String::new(),
                },
                product,
                name: String::new(),
                icon: None,
                platforms: Default::default(),
                device_assignable: false,
                revocable: false,
                unlimited: false,
                counts: Default::default(),
            };
            (asset.id, asset)
        };
        let assets = BTreeMap::from([asset(1, ProductType::App), asset(2, ProductType::Book)]);
        let pair = |id, who: &str| (AssetId(id), Holder::User(who.to_owned()));
        let shared = Sharing {
            now: vec![pair(1, "a"), pair(2, "a")],
            wait: vec![pair(2, "b")],
            cannot: vec![pair(2, "c")],
        };
        assert_eq!(books(&shared, &assets), 2);
    }
}
