//! Licences, their ledger, and taking them back (R1).

use super::{Portal, operations::check_reason};
use crate::engine::planning::Planning;
use async_trait::async_trait;
use contract::{
    AssetId, Caller, Code, Fault, LocationId, MINUTE, OperationId, Page, Permission, Serial,
    activity::OperationKind,
    catalog::ProductType,
    licenses::{
        DeviceLicenses, Holder, LedgerQuery, LedgerRow, LicenseQuery, LicenseRow, LicenseState, Licenses,
        MacGrace, MacGraceQuery, Revocation, RevocationForm, RevocationPreview, UnknownOrigin,
    },
    tokens::Deed,
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use store::{
    StoreError,
    catalog::StockAsset,
    operations::{NewBatch, NewOperation, Pair},
};

/// Named licences or devices of one revocation.
const MOST: usize = 100_000;
/// Apps whose assignments are worked out together.
const AT_ONCE: usize = 25;
/// Apps named in a preview.
const APPS_SHOWN: usize = 100;

/// What a revocation comes to.
struct Chosen {
    assets: BTreeMap<AssetId, StockAsset>,
    /// To be taken back.
    pairs: Vec<(AssetId, Holder)>,
    /// Books and others that cannot be.
    stay: Vec<AssetId>,
    /// R1: of locations whose token allows it no more (T3), with the licences concerned; another location's go all the same.
    barred: BTreeMap<LocationId, i64>,
    /// Why, of the first of them.
    why: Option<Fault>,
    /// S6: not given here, and not asked for.
    unknown: i64,
}

impl Portal {
    async fn choose(&self, what: &Revocation, unknown: UnknownOrigin) -> Result<Chosen, Fault> {
        let named = match what {
            Revocation::Licenses { licenses } => licenses.len(),
            Revocation::Devices { serials } => serials.len(),
            Revocation::Person { .. }
            | Revocation::Asset { .. }
            | Revocation::Location { .. }
            | Revocation::Found { .. } => 1,
        };
        if named > MOST {
            return Err(Fault::new(Code::TooManyChosen).with("most", MOST));
        }
        let mut held = match what {
            Revocation::Licenses { licenses } => self.db.held_licenses(licenses).await?,
            Revocation::Devices { serials } => self.db.held_by_devices(serials).await?,
            Revocation::Person { person } => self.db.held_by_person(person).await?,
            Revocation::Asset { asset }
            | Revocation::Found {
                asset: Some(asset), ..
            } => self.db.held_of_asset(*asset).await?,
            Revocation::Location { location }
            | Revocation::Found {
                location,
                asset: None,
            } => self.db.held_of_location(location).await?,
        };
        // What is named, or is asked for as what it is, was asked for.
        let asked = match what {
            Revocation::Licenses { .. } => true,
            Revocation::Found { .. } => {
                held.retain(|license| !license.known);
                true
            }
            Revocation::Devices { .. }
            | Revocation::Person { .. }
            | Revocation::Asset { .. }
            | Revocation::Location { .. } => unknown == UnknownOrigin::Goes,
        };
        let assets = self.stock(held.iter().map(|license| license.asset)).await?;
        let mut chosen = Chosen {
            assets,
            pairs: Vec::new(),
            stay: Vec::new(),
            barred: BTreeMap::new(),
            why: None,
            unknown: 0,
        };
        for license in held
            .into_iter()
            .filter(|license| license.state == LicenseState::Held)
        {
            match chosen.assets.get(&license.asset) {
                Some(asset) if asset.can_be_revoked() => {
                    if license.known || asked {
                        chosen.pairs.push((license.asset, license.holder));
                    } else {
                        chosen.unknown += 1;
                    }
                }
                _ => chosen.stay.push(license.asset),
            }
        }
        self.set_aside(&mut chosen).await?;
        Ok(chosen)
    }

    /// What a location's token does not let go of stays, and keeps nothing of other locations.
    async fn set_aside(&self, chosen: &mut Chosen) -> Result<(), Fault> {
        let Chosen {
            assets,
            pairs,
            barred,
            why,
            ..
        } = chosen;
        let location = |asset: &AssetId| assets.get(asset).map(|asset| &asset.location);
        let locations: BTreeSet<_> = pairs.iter().filter_map(|(asset, _)| location(asset)).collect();
        for of in locations {
            let fault = match self.need_standing(of, Deed::Revoke).await {
                Ok(()) => continue,
                Err(fault) if fault.code.status() >= 500 => return Err(fault),
                Err(fault) => fault,
            };
            let before = pairs.len();
            pairs.retain(|(asset, _)| location(asset) != Some(of));
            barred.insert(of.clone(), (before - pairs.len()) as i64);
            why.get_or_insert(fault);
        }
        Ok(())
    }

    /// The barred locations by name.
    async fn barred_by_name(&self, barred: &BTreeMap<LocationId, i64>) -> Result<Vec<(String, i64)>, Fault> {
        let mut named = Vec::new();
        for (location, count) in barred {
            let location = self.db.location(location).await?;
            named.push((location.map(|location| location.name).unwrap_or_default(), *count));
        }
        named.sort_unstable();
        Ok(named)
    }

    /// What assignments would give again of what is taken back (R1).
    async fn given_again(&self, chosen: &Chosen) -> Result<i64, Fault> {
        let ids: Vec<AssetId> = chosen.assets.keys().copied().collect();
        let mut by_location: BTreeMap<&LocationId, Vec<AssetId>> = BTreeMap::new();
        for id in self.db.assigned_of(&ids).await? {
            if let Some(asset) = chosen.assets.get(&id) {
                by_location.entry(&asset.location).or_default().push(id);
            }
        }
        let taken: BTreeSet<Pair> = chosen.pairs.iter().cloned().collect();
        let mut again = 0;
        for assets in by_location.values().flat_map(|assets| assets.chunks(AT_ONCE)) {
            let planning = Planning::read(&self.db, assets, None).await?;
            again += planning.given_again(&taken);
        }
        Ok(again)
    }
}

/// A list by what was typed of a holder: in capitals, as serial numbers are; if there is none, as it was typed, as ids of
/// users are.
pub(super) async fn by_holder<T, F>(typed: &str, read: impl Fn(String) -> F) -> Result<Page<T>, Fault>
where
    F: Future<Output = Result<Page<T>, StoreError>>,
{
    let (typed, capitals) = (typed.trim(), typed.trim().to_uppercase());
    let page = read(capitals.clone()).await?;
    match page.rows.is_empty() && capitals != typed {
        true => Ok(read(typed.to_owned()).await?),
        false => Ok(page),
    }
}

/// What taking these licences back comes to.
pub(super) fn preview_of(pairs: &[Pair], assets: &BTreeMap<AssetId, StockAsset>) -> RevocationPreview {
    let holders: BTreeSet<&Holder> = pairs.iter().map(|(_, holder)| holder).collect();
    let mut apps: BTreeMap<&str, i64> = BTreeMap::new();
    for (asset, _) in pairs {
        if let Some(asset) = assets.get(asset) {
            *apps.entry(&asset.name).or_default() += 1;
        }
    }
    RevocationPreview {
        licenses: pairs.len() as i64,
        holders: holders.len() as i64,
        stay: 0,
        barred: Vec::new(),
        unknown: 0,
        given_again: 0,
        apps: apps
            .into_iter()
            .take(APPS_SHOWN)
            .map(|(name, count)| (name.to_owned(), count))
            .collect(),
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
        if let Some(why) = &self.why {
            return why.clone();
        }
        match self.stay.as_slice() {
            _ if self.unknown > 0 => Code::OriginUnknown.into(),
            [] => Code::NothingChosen.into(),
            stay if stay.iter().all(all_books) => Code::BookNeverRevoked.into(),
            _ => Code::NotRevocable.into(),
        }
    }
}

#[async_trait]
impl Licenses for Portal {
    async fn of_device(&self, caller: &Caller, serial: &Serial) -> Result<DeviceLicenses, Fault> {
        caller.need(Permission::ViewLicenses)?;
        let own = self.db.own_licenses(serial).await?;
        Ok(DeviceLicenses {
            licenses: own.into_iter().map(|own| own.license).collect(),
            errands: self.db.device_errands(serial).await?,
        })
    }

    async fn list(&self, caller: &Caller, query: LicenseQuery) -> Result<Page<LicenseRow>, Fault> {
        caller.need(Permission::ViewLicenses)?;
        by_holder(&query.holder, |holder| {
            let query = LicenseQuery {
                holder,
                ..query.clone()
            };
            async move { self.db.license_list(&query).await }
        })
        .await
    }

    async fn ledger(&self, caller: &Caller, query: LedgerQuery) -> Result<Page<LedgerRow>, Fault> {
        caller.need(Permission::ViewLicenses)?;
        by_holder(&query.holder, |holder| {
            let query = LedgerQuery {
                holder,
                ..query.clone()
            };
            async move { self.db.ledger_list(&query).await }
        })
        .await
    }

    async fn macs(&self, caller: &Caller, mut query: MacGraceQuery) -> Result<Page<MacGrace>, Fault> {
        caller.need(Permission::ViewLicenses)?;
        query.holder = query.holder.trim().to_uppercase();
        Ok(self.db.grace_list(&query).await?)
    }

    async fn preview_revocation(
        &self,
        caller: &Caller,
        what: Revocation,
        unknown: UnknownOrigin,
    ) -> Result<RevocationPreview, Fault> {
        caller.need(Permission::RevokeLicenses)?;
        let chosen = self.choose(&what, unknown).await?;
        if chosen.pairs.is_empty() && chosen.unknown == 0 {
            return Err(chosen.nothing());
        }
        Ok(RevocationPreview {
            stay: chosen.stay.len() as i64,
            barred: self.barred_by_name(&chosen.barred).await?,
            unknown: chosen.unknown,
            given_again: self.given_again(&chosen).await?,
            ..preview_of(&chosen.pairs, &chosen.assets)
        })
    }

    async fn revoke(&self, caller: &Caller, form: RevocationForm) -> Result<OperationId, Fault> {
        let operations = self.revocation(caller, &form).await?;
        let insert = self.db.insert_operations(&operations, None);
        self.revoking(caller, &form, &operations, insert).await
    }
}

impl Portal {
    /// One operation a location, not yet written down.
    pub(super) async fn revocation(
        &self,
        caller: &Caller,
        form: &RevocationForm,
    ) -> Result<Vec<NewOperation>, Fault> {
        caller.need(Permission::RevokeLicenses)?;
        let reason = check_reason(&form.reason)?;
        if form.hold_minutes > RevocationForm::LONGEST_HOLD {
            return Err(Fault::field("hold_minutes", Code::ChoiceInvalid));
        }
        let chosen = self.choose(&form.what, form.unknown).await?;
        if chosen.pairs.is_empty() {
            return Err(chosen.nothing());
        }
        let mut operations = self
            .operations(
                caller,
                OperationKind::Revoke,
                reason,
                &chosen.assets,
                chosen.pairs,
                Vec::new(),
            )
            .await?;
        if form.hold_minutes > 0 {
            for operation in &mut operations {
                operation.held_until = Some(operation.created_at + i64::from(form.hold_minutes) * MINUTE);
            }
        }
        match operations.is_empty() {
            true => Err(Code::NothingChosen.into()),
            false => Ok(operations),
        }
    }

    /// Has them written, and who did it. Answers the first.
    pub(super) async fn revoking<T>(
        &self,
        caller: &Caller,
        form: &RevocationForm,
        operations: &[NewOperation],
        write: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<OperationId, Fault> {
        let first = operations
            .first()
            .map(|operation| operation.id.clone())
            .ok_or(Code::NothingChosen)?;
        let pairs = |batch: &NewBatch| batch.assets.len() * batch.holders.len();
        let batches = operations.iter().flat_map(|operation| &operation.batches);
        let details = json!({
            "licenses": batches.map(pairs).sum::<usize>(), "reason": form.reason.trim(),
            "hold_minutes": form.hold_minutes, "unknown_origin": form.unknown,
        });
        self.audited(caller, "licenses.revoke", first.as_str(), details, write)
            .await?;
        Ok(first)
    }
}
