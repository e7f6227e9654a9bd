//! What happens to licences outside the MDM: purchases, transfers, refunds, another MDM's assignments.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::{Control, ControlError};
use crate::catalogue::Product;
use crate::events::announce;
use crate::faults::Repeated;
use crate::organisation::asset_of;
use crate::wire::{NotificationType, PricingParam};
use crate::world::{AssetId, AssetKey, Holder, Location, LocationState, MOST_BOUGHT, Supply};

/// Licences of a product.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Purchase {
    /// Which product.
    pub adam_id: String,
    /// Which quality.
    #[serde(default)]
    pub pricing_param: PricingParam,
    /// How many.
    pub count: u32,
}

impl Purchase {
    /// So many licences of standard quality.
    pub fn of(adam_id: impl Into<String>, count: u32) -> Self {
        Self {
            adam_id: adam_id.into(),
            pricing_param: PricingParam::Stdq,
            count,
        }
    }

    fn key(&self) -> AssetKey {
        AssetKey {
            adam_id: self.adam_id.as_str().into(),
            pricing_param: self.pricing_param,
        }
    }
}

impl Control {
    /// Buys licences; the first of a product adds the asset. Sends ASSET_COUNT.
    ///
    /// # Errors
    /// When the location or the product is unknown, or there would be more licences than Apple can count.
    pub fn buy(&self, uid: &str, purchase: &Purchase) -> Result<(), ControlError> {
        let location = self.location(uid)?;
        let product = self.purchasable(&purchase.adam_id)?;
        let mut state = location.state.write();
        let delta = room_for(&state, purchase)?;
        let key = purchase.key();
        let id = state.assets.find(&key).unwrap_or_else(|| {
            let asset = asset_of(&product, Supply::Bought(0));
            state.assets.add(crate::world::Asset { key, ..asset })
        });
        state.change_supply(id, delta);
        drop(state);
        self.announce_count(&location, purchase, delta);
        Ok(())
    }

    fn purchasable(&self, adam_id: &str) -> Result<Arc<Product>, ControlError> {
        let catalogue = self.world.catalogue.read();
        catalogue.get(adam_id).ok_or(ControlError::UnknownProduct)
    }

    /// Gives licences that nobody holds back to Apple. Sends ASSET_COUNT.
    ///
    /// # Errors
    /// When the location or asset is unknown or fewer are available.
    pub fn refund(&self, uid: &str, purchase: &Purchase) -> Result<(), ControlError> {
        let location = self.location(uid)?;
        let mut state = location.state.write();
        let id = state
            .assets
            .find(&purchase.key())
            .ok_or(ControlError::UnknownAsset)?;
        let count = i32::try_from(purchase.count).map_err(|_| ControlError::NotEnough)?;
        let delta = -count;
        if !state.change_supply(id, delta) {
            return Err(ControlError::NotEnough);
        }
        drop(state);
        self.announce_count(&location, purchase, delta);
        Ok(())
    }

    /// Moves licences that nobody holds to another location. Sends ASSET_COUNT to both.
    ///
    /// # Errors
    /// As buying and refunding.
    pub fn transfer(&self, from: &str, to: &str, purchase: &Purchase) -> Result<(), ControlError> {
        // Nothing is taken away that cannot be put there.
        self.purchasable(&purchase.adam_id)?;
        room_for(&self.location(to)?.state.read(), purchase)?;
        self.refund(from, purchase)?;
        self.buy(to, purchase)
    }

    fn announce_count(&self, location: &Arc<Location>, purchase: &Purchase, delta: i32) {
        let body = json!({ "adamId": purchase.adam_id, "countDelta": delta, "pricingParam": purchase.pricing_param });
        announce(&self.world, location, NotificationType::AssetCount, body);
    }

    /// Assigns licences to devices as another MDM would; nothing is sent.
    ///
    /// # Errors
    /// When the location or asset is unknown or the licences do not suffice; those before are assigned then.
    pub fn assign_outside(
        &self,
        uid: &str,
        asset: &AssetKey,
        serials: &[String],
    ) -> Result<(), ControlError> {
        self.change_outside(uid, asset, serials, |state, id, holder| {
            state.assign(id, holder, Repeated::NoOp)
        })
    }

    /// Releases licences of devices as another MDM would; nothing is sent.
    ///
    /// # Errors
    /// When the location or asset is unknown.
    pub fn release_outside(
        &self,
        uid: &str,
        asset: &AssetKey,
        serials: &[String],
    ) -> Result<(), ControlError> {
        self.change_outside(uid, asset, serials, |state, id, holder| {
            state.release(id, holder, Repeated::NoOp)
        })
    }

    fn change_outside(
        &self,
        uid: &str,
        asset: &AssetKey,
        serials: &[String],
        change: impl Fn(&mut LocationState, AssetId, Holder) -> Result<(), crate::wire::ErrorNumber>,
    ) -> Result<(), ControlError> {
        let location = self.location(uid)?;
        let mut state = location.state.write();
        let id = state.assets.find(asset).ok_or(ControlError::UnknownAsset)?;
        for serial in serials {
            let holder = state.device(&serial.as_str().into());
            change(&mut state, id, holder)?;
        }
        Ok(())
    }
}

/// The count as a change, if the location has room for so many licences more.
fn room_for(state: &LocationState, purchase: &Purchase) -> Result<i32, ControlError> {
    let asset = state
        .assets
        .find(&purchase.key())
        .and_then(|id| state.assets.get(id));
    let bought = match asset.map(|asset| asset.supply) {
        Some(Supply::Bought(bought)) => bought,
        Some(Supply::Unlimited) | None => 0,
    };
    if purchase.count > MOST_BOUGHT.saturating_sub(bought) {
        return Err(ControlError::TooMany);
    }
    i32::try_from(purchase.count).map_err(|_| ControlError::TooMany)
}
