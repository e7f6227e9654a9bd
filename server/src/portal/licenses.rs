//! Licences, their ledger, and taking them back (R1).

use super::Portal;
use crate::{
    clock::new_id,
    engine::{Limits, group},
};
use async_trait::async_trait;
use contract::{
    AssetId, Caller, Code, Fault, LocationId, OperationId, Page, Permission,
    activity::OperationKind,
    catalog::ProductType,
    licenses::{
        Holder, LedgerQuery, LedgerRow, LicenseQuery, LicenseRow, LicenseState, Licenses, Revocation,
        RevocationPreview,
    },
    tokens::Deed,
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use store::{
    catalog::StockAsset,
    operations::{NewBatch, NewOperation},
};

/// Named licences or devices of one revocation.
const MOST: usize = 100_000;
/// Longest reason, in signs.
const LONGEST_REASON: usize = 500;
/// Apps named in a preview.
const APPS_SHOWN: usize = 100;

/// What a revocation comes to.
struct Chosen {
    assets: BTreeMap<AssetId, StockAsset>,
    /// To be taken back.
    pairs: Vec<(AssetId, Holder)>,
    /// Books and others that cannot be.
    stay: Vec<AssetId>,
}

impl Portal {
    async fn choose(&self, what: &Revocation) -> Result<Chosen, Fault> {
        let named = match what {
            Revocation::Licenses { licenses } => licenses.len(),
            Revocation::Devices { serials } => serials.len(),
            Revocation::Asset { .. } | Revocation::Location { .. } => 1,
        };
        if named > MOST {
            return Err(Fault::new(Code::TooManyChosen).with("most", MOST));
        }
        let held = match what {
            Revocation::Licenses { licenses } => self.db.held_licenses(licenses).await?,
            Revocation::Devices { serials } => self.db.held_by_devices(serials).await?,
            Revocation::Asset { asset } => self.db.held_of_asset(*asset).await?,
            Revocation::Location { location } => self.db.held_of_location(location).await?,
        };
        let ids: BTreeSet<AssetId> = held.iter().map(|license| license.asset).collect();
        let ids: Vec<AssetId> = ids.into_iter().collect();
        let assets: BTreeMap<AssetId, StockAsset> = self
            .db
            .assets(&ids)
            .await?
            .into_iter()
            .map(|asset| (asset.id, asset))
            .collect();
        let mut chosen = Chosen {
            assets,
            pairs: Vec::new(),
            stay: Vec::new(),
        };
        for license in held
            .into_iter()
            .filter(|license| license.state == LicenseState::Held)
        {
            match chosen.assets.get(&license.asset) {
                Some(asset) if asset.revocable && asset.product == ProductType::App => {
                    chosen.pairs.push((license.asset, license.holder));
                }
                _ => chosen.stay.push(license.asset),
            }
        }
        Ok(chosen)
    }
}

impl Chosen {
    /// Why nothing can be taken back.
    fn nothing(&self) -> Fault {
        let all_books = |asset: &AssetId| {
            self.assets
                .get(asset)
                .is_some_and(|asset| asset.product == ProductType::Book)
        };
        match self.stay.as_slice() {
            [] => Code::NothingChosen.into(),
            stay if stay.iter().all(all_books) => Code::BookNeverRevoked.into(),
            _ => Code::NotRevocable.into(),
        }
    }
}

#[async_trait]
impl Licenses for Portal {
    async fn list(&self, caller: &Caller, query: LicenseQuery) -> Result<Page<LicenseRow>, Fault> {
        caller.need(Permission::ViewLicenses)?;
        Ok(self.db.license_list(&query).await?)
    }

    async fn ledger(&self, caller: &Caller, query: LedgerQuery) -> Result<Page<LedgerRow>, Fault> {
        caller.need(Permission::ViewLicenses)?;
        Ok(self.db.ledger_list(&query).await?)
    }

    async fn preview_revocation(
        &self,
        caller: &Caller,
        what: Revocation,
    ) -> Result<RevocationPreview, Fault> {
        caller.need(Permission::RevokeLicenses)?;
        let chosen = self.choose(&what).await?;
        if chosen.pairs.is_empty() {
            return Err(chosen.nothing());
        }
        let devices: BTreeSet<&Holder> = chosen.pairs.iter().map(|(_, holder)| holder).collect();
        let mut apps: BTreeMap<&str, i64> = BTreeMap::new();
        for (asset, _) in &chosen.pairs {
            if let Some(asset) = chosen.assets.get(asset) {
                *apps.entry(&asset.name).or_default() += 1;
            }
        }
        Ok(RevocationPreview {
            licenses: chosen.pairs.len() as i64,
            devices: devices.len() as i64,
            stay: chosen.stay.len() as i64,
            apps: apps
                .into_iter()
                .take(APPS_SHOWN)
                .map(|(name, count)| (name.to_owned(), count))
                .collect(),
        })
    }

    async fn revoke(&self, caller: &Caller, what: Revocation, reason: &str) -> Result<OperationId, Fault> {
        caller.need(Permission::RevokeLicenses)?;
        if reason.chars().count() > LONGEST_REASON {
            return Err(Fault::field("reason", Code::TooLong));
        }
        let chosen = self.choose(&what).await?;
        if chosen.pairs.is_empty() {
            return Err(chosen.nothing());
        }
        let config = self
            .apple
            .service_config()
            .await
            .map_err(|fault| crate::engine::fault_of(&fault))?;
        let limits = Limits {
            assets: config.limits.max_assets as usize,
            holders: config
                .limits
                .max_serial_numbers
                .min(config.limits.max_client_user_ids) as usize,
        };
        let mut by_location: BTreeMap<LocationId, Vec<_>> = BTreeMap::new();
        let total = chosen.pairs.len();
        for pair in chosen.pairs {
            if let Some(asset) = chosen.assets.get(&pair.0) {
                by_location.entry(asset.location.clone()).or_default().push(pair);
            }
        }
        for location in by_location.keys() {
            self.need_standing(location, Deed::Revoke).await?;
        }
        let now = self.clock.now();
        let operations: Vec<NewOperation> = by_location
            .into_iter()
            .map(|(location, pairs)| NewOperation {
                id: OperationId(new_id(now)),
                location,
                kind: OperationKind::Revoke,
                account: caller.id.clone(),
                by: caller.name.clone(),
                reason: reason.trim().to_owned(),
                created_at: now,
                batches: group(pairs, limits)
                    .into_iter()
                    .map(|(assets, holders)| NewBatch { assets, holders })
                    .collect(),
                waiting: Vec::new(),
            })
            .collect();
        let first = operations
            .first()
            .map(|operation| operation.id.clone())
            .ok_or(Code::NothingChosen)?;
        self.db.insert_operations(&operations, None).await?;
        let details = json!({ "licenses": total, "reason": reason.trim() });
        self.audit(caller, "licenses.revoke", first.as_str(), details)
            .await?;
        self.wake.ring();
        Ok(first)
    }
}
