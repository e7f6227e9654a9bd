//! What starts an operation: the same steps for revoking, undoing and settling drift.

use super::Portal;
use crate::engine::{Limits, operation, planning::Actor};
use contract::{
    AssetId, Caller, Code, Fault, LocationId, activity::OperationKind, licenses::Holder, tokens::Deed,
};
use std::collections::{BTreeMap, BTreeSet};
use store::{
    assignments::SpokenFor,
    catalog::StockAsset,
    operations::{NewOperation, Pair},
};

/// Longest reason, in signs.
const LONGEST_REASON: usize = 500;

/// The reason without blanks around it.
pub(super) fn check_reason(reason: &str) -> Result<&str, Fault> {
    if reason.chars().count() > LONGEST_REASON {
        return Err(Fault::field("reason", Code::TooLong));
    }
    Ok(reason.trim())
}

fn of_device((_, holder): &Pair) -> bool {
    matches!(holder, Holder::Device(_))
}

/// Who gets a licence while licences last.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sharing {
    pub now: Vec<Pair>,
    pub wait: Vec<Pair>,
    /// A device, of an asset that Apple gives to people alone; one that is not known here, while none is free.
    pub cannot: Vec<Pair>,
}

impl Portal {
    /// What planning and operating need of these assets.
    pub(super) async fn stock(
        &self,
        ids: impl IntoIterator<Item = AssetId>,
    ) -> Result<BTreeMap<AssetId, StockAsset>, Fault> {
        let ids: BTreeSet<AssetId> = ids.into_iter().collect();
        let ids: Vec<AssetId> = ids.into_iter().collect();
        let assets = self.db.assets(&ids).await?;
        Ok(assets.into_iter().map(|asset| (asset.id, asset)).collect())
    }

    /// How large a call that names devices and users may be.
    pub(super) async fn call_limits(&self) -> Limits {
        Limits::from(&self.apple_limits().await)
    }

    /// The same for one that names devices alone.
    pub(super) async fn device_limits(&self) -> Limits {
        Limits::of_devices(&self.apple_limits().await)
    }

    /// Apple's limits, or those that Apple has published while it cannot be asked: what is too large for one call is divided
    /// when it is sent.
    pub(super) async fn apple_limits(&self) -> apple::Limits {
        match self.apple.service_config().await {
            Ok(config) => config.limits.clone(),
            Err(fault) => {
                tracing::warn!(%fault, "Apple's limits are unknown; the published ones are used");
                apple::Limits::default()
            }
        }
    }

    /// Licences that can be given by hand: those that are neither on their way nor kept for groups. None: unlimited.
    pub(super) async fn free(&self, asset: &StockAsset) -> Result<Option<i64>, Fault> {
        if asset.unlimited {
            return Ok(None);
        }
        let SpokenFor { requested, kept } = self.db.spoken_for(asset.id).await?;
        Ok(Some(asset.counts.available - requested - kept))
    }

    /// Gives the free licences of each asset to the first that want one.
    pub(super) async fn share_out(
        &self,
        pairs: Vec<Pair>,
        assets: &BTreeMap<AssetId, StockAsset>,
    ) -> Result<Sharing, Fault> {
        let mut free: BTreeMap<AssetId, Option<i64>> = BTreeMap::new();
        for (id, asset) in assets {
            free.insert(*id, self.free(asset).await?);
        }
        let devices = pairs.iter().filter_map(|(_, holder)| match holder {
            Holder::Device(serial) => Some(serial.clone()),
            Holder::User(_) => None,
        });
        let devices: Vec<_> = devices.collect::<BTreeSet<_>>().into_iter().collect();
        let known = self.db.devices_by_serial(&devices).await?;
        let known: BTreeSet<_> = known.into_iter().map(|device| device.serial).collect();
        // Nobody who is not known here is served from the line.
        let can_wait = |holder: &Holder| match holder {
            Holder::Device(serial) => known.contains(serial),
            Holder::User(_) => true,
        };
        let mut shared = Sharing::default();
        for pair in pairs {
            let possible = assets
                .get(&pair.0)
                .is_some_and(|asset| asset.device_assignable || matches!(pair.1, Holder::User(_)));
            match free.get_mut(&pair.0) {
                Some(None) if possible => shared.now.push(pair),
                Some(Some(left)) if possible && *left > 0 => {
                    *left -= 1;
                    shared.now.push(pair);
                }
                Some(Some(_)) if possible && can_wait(&pair.1) => shared.wait.push(pair),
                _ => shared.cannot.push(pair),
            }
        }
        Ok(shared)
    }

    /// One operation for each location that has something to do, in batches of Apple's limits; not yet written down. Refused
    /// where the token's state does not allow it (T3).
    pub(super) async fn operations(
        &self,
        caller: &Caller,
        kind: OperationKind,
        reason: &str,
        assets: &BTreeMap<AssetId, StockAsset>,
        send: Vec<Pair>,
        wait: Vec<Pair>,
    ) -> Result<Vec<NewOperation>, Fault> {
        let mut by_location: BTreeMap<LocationId, (Vec<Pair>, Vec<Pair>)> = BTreeMap::new();
        let location = |(id, _): &Pair| assets.get(id).map(|asset| asset.location.clone());
        for pair in send {
            if let Some(location) = location(&pair) {
                by_location.entry(location).or_default().0.push(pair);
            }
        }
        for pair in wait {
            if let Some(location) = location(&pair) {
                by_location.entry(location).or_default().1.push(pair);
            }
        }
        if by_location.is_empty() {
            return Ok(Vec::new());
        }
        let deed = match kind {
            OperationKind::Assign | OperationKind::Adopt | OperationKind::LetGo => Deed::Assign,
            OperationKind::Revoke => Deed::Revoke,
        };
        for location in by_location.keys() {
            self.need_standing(location, deed).await?;
        }
        let limits = match by_location.values().flat_map(|(send, _)| send).all(of_device) {
            true => self.device_limits().await,
            false => self.call_limits().await,
        };
        let (actor, now) = (Actor::from(caller), self.clock.now());
        let operation = |(location, (send, waiting))| NewOperation {
            waiting,
            ..operation(kind, &location, &actor, reason.to_owned(), send, limits, now)
        };
        Ok(by_location.into_iter().map(operation).collect())
    }
}
