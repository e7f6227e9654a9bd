//! What happens to licences outside the MDM: purchases, transfers, refunds, another MDM's assignments.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::{Control, ControlError};
use crate::events::announce;
use crate::faults::Repeated;
use crate::organisation::asset_of;
use crate::wire::{NotificationType, PricingParam};
use crate::world::{AssetId, AssetKey, Holder, Location, Supply};

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
    /// When the location or the product is unknown.
    pub fn buy(&self, uid: &str, purchase: &Purchase) -> Result<(), ControlError> {
        let location = self.location(uid)?;
        let product = self
            .world
            .catalogue
            .read()
            .get(&purchase.adam_id)
            .ok_or(ControlError::UnknownProduct)?;
        let mut state = location.state.write();
        let key = purchase.key();
        let id = state.assets.find(&key).unwrap_or_else(|| {
            let asset = asset_of(&product, Supply::Bought(0));
            state.assets.add(crate::world::Asset { key, ..asset })
        });
        state.change_supply(id, signed(purchase.count)?);
        drop(state);
        self.announce_count(&location, purchase, signed(purchase.count)?);
        Ok(())
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
        let delta = signed(purchase.count)?.saturating_neg();
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
        self.location(to)?;
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
        change: impl Fn(&mut crate::world::LocationState, AssetId, Holder) -> Result<(), crate::wire::ErrorNumber>,
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

fn signed(count: u32) -> Result<i32, ControlError> {
    i32::try_from(count).map_err(|_| ControlError::Invalid("count is too large".to_owned()))
}
