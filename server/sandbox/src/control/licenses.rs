//! What happens to licences outside the MDM: purchases, transfers, refunds, another MDM's assignments.

use std::sync::Arc;

use parking_lot::RwLockWriteGuard;
use serde::Deserialize;
use serde_json::json;

use super::{Control, ControlError};
use crate::catalogue::Product;
use crate::events::announce;
use crate::faults::Repeated;
use crate::organisation::asset_of;
use crate::wire::{NotificationType, PricingParam};
use crate::world::{AssetKey, Location, LocationState, MOST_BOUGHT, Supply};

/// Licences of a product.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Purchase {
    /// Which product.
    pub adam_id: String,
    /// Which quality.
    #[serde(default)]
    pub pricing_param: PricingParam,
    /// How many, at least 1.
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

    /// The count as a change.
    ///
    /// # Errors
    /// When it is 0 and changes nothing; the given one when it is more than Apple can count.
    fn delta(&self, too_many: ControlError) -> Result<i32, ControlError> {
        if self.count == 0 {
            return Err(ControlError::Invalid("count is at least 1".to_owned()));
        }
        i32::try_from(self.count).map_err(|_| too_many)
    }

    fn key(&self) -> AssetKey {
        AssetKey {
            adam_id: self.adam_id.as_str().into(),
            pricing_param: self.pricing_param,
        }
    }
}

impl Control {
    /// Buys licences; the first of a product adds the asset. Sends ASSET_COUNT, unless the asset is unlimited and stays so.
    ///
    /// # Errors
    /// When the location or the product is unknown, none are to be bought, or there would be more than Apple can count.
    pub fn buy(&self, uid: &str, purchase: &Purchase) -> Result<(), ControlError> {
        let location = self.location(uid)?;
        let product = self.purchasable(&purchase.adam_id)?;
        let mut state = location.state.write();
        let delta = room_for(&state, purchase)?;
        let changed = put_in(&mut state, &product, purchase, delta);
        drop(state);
        if changed {
            self.announce_count(&location, purchase, delta);
        }
        Ok(())
    }

    fn purchasable(&self, adam_id: &str) -> Result<Arc<Product>, ControlError> {
        let catalogue = self.world.catalogue.read();
        catalogue.get(adam_id).ok_or(ControlError::UnknownProduct)
    }

    /// Gives licences that nobody holds back to Apple. Sends ASSET_COUNT.
    ///
    /// # Errors
    /// When the location or asset is unknown, none are to be given back, or fewer are available.
    pub fn refund(&self, uid: &str, purchase: &Purchase) -> Result<(), ControlError> {
        let location = self.location(uid)?;
        let delta = take_out(&mut location.state.write(), purchase)?;
        self.announce_count(&location, purchase, delta);
        Ok(())
    }

    /// Moves licences that nobody holds to another location of the organisation. Sends ASSET_COUNT to both.
    ///
    /// # Errors
    /// As buying and refunding, and when the other location is the same, belongs to another organisation, or has the
    /// asset without a limit. Nothing is changed then.
    pub fn transfer(&self, from: &str, to: &str, purchase: &Purchase) -> Result<(), ControlError> {
        let product = self.purchasable(&purchase.adam_id)?;
        let (from, to) = (self.location(from)?, self.location(to)?);
        if from.uid == to.uid {
            return Err(ControlError::Invalid("to is another location".to_owned()));
        }
        if from.organisation != to.organisation {
            return Err(ControlError::OtherOrganisation);
        }
        let (mut giving, mut getting) = both(&from, &to);
        if supply(&getting, purchase) == Some(Supply::Unlimited) {
            return Err(ControlError::Unlimited);
        }
        let delta = room_for(&getting, purchase)?;
        let taken = take_out(&mut giving, purchase)?;
        put_in(&mut getting, &product, purchase, delta);
        drop((giving, getting));
        self.announce_count(&from, purchase, taken);
        self.announce_count(&to, purchase, delta);
        Ok(())
    }

    fn announce_count(&self, location: &Arc<Location>, purchase: &Purchase, delta: i32) {
        let body = json!({ "adamId": purchase.adam_id, "countDelta": delta, "pricingParam": purchase.pricing_param });
        announce(&self.world, location, NotificationType::AssetCount, body);
    }

    /// Assigns licences to devices as another MDM would; nothing is sent.
    ///
    /// # Errors
    /// When the location or asset is unknown, no device can have it, or the licences do not suffice; those before are
    /// assigned then.
    pub fn assign_outside(
        &self,
        uid: &str,
        asset: &AssetKey,
        serials: &[String],
    ) -> Result<(), ControlError> {
        self.change_outside(uid, asset, serials, Change::Assign)
    }

    /// Releases licences of devices as another MDM would; nothing is sent.
    ///
    /// # Errors
    /// When the location or asset is unknown, or no device can have it or give it back.
    pub fn release_outside(
        &self,
        uid: &str,
        asset: &AssetKey,
        serials: &[String],
    ) -> Result<(), ControlError> {
        self.change_outside(uid, asset, serials, Change::Release)
    }

    fn change_outside(
        &self,
        uid: &str,
        asset: &AssetKey,
        serials: &[String],
        change: Change,
    ) -> Result<(), ControlError> {
        let location = self.location(uid)?;
        let mut state = location.state.write();
        let id = state.assets.find(asset).ok_or(ControlError::UnknownAsset)?;
        let named = std::slice::from_ref(asset);
        if change == Change::Release {
            state.check_revocable(named)?;
        }
        state.check_device_assignable(named)?;
        for serial in serials {
            let holder = state.device(&serial.as_str().into());
            match change {
                Change::Assign => state.assign(id, holder, Repeated::NoOp)?,
                Change::Release => state.release(id, holder, Repeated::NoOp)?,
            }
        }
        Ok(())
    }
}

/// What another MDM does to licences.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Assign,
    Release,
}

/// The states of two locations, the one with the lesser `uId` locked first: so nobody waits for whoever waits for them.
fn both<'a>(one: &'a Location, other: &'a Location) -> (Written<'a>, Written<'a>) {
    if one.uid < other.uid {
        let first = one.state.write();
        (first, other.state.write())
    } else {
        let first = other.state.write();
        (one.state.write(), first)
    }
}

/// A state that is being changed.
type Written<'a> = RwLockWriteGuard<'a, LocationState>;

/// How many licences of this kind there are; none if the location never had one.
fn supply(state: &LocationState, purchase: &Purchase) -> Option<Supply> {
    let id = state.assets.find(&purchase.key())?;
    state.assets.get(id).map(|asset| asset.supply)
}

/// The count as a change, if the location has room for so many licences more.
fn room_for(state: &LocationState, purchase: &Purchase) -> Result<i32, ControlError> {
    let bought = match supply(state, purchase) {
        Some(Supply::Bought(bought)) => bought,
        Some(Supply::Unlimited) | None => 0,
    };
    if purchase.count > MOST_BOUGHT.saturating_sub(bought) {
        return Err(ControlError::TooMany);
    }
    purchase.delta(ControlError::TooMany)
}

/// Adds licences, and the asset with the first; false if there is no limit to them.
fn put_in(state: &mut LocationState, product: &Product, purchase: &Purchase, delta: i32) -> bool {
    let key = purchase.key();
    let id = state.assets.find(&key).unwrap_or_else(|| {
        let asset = asset_of(product, Supply::Bought(0));
        state.assets.add(crate::world::Asset { key, ..asset })
    });
    state.change_supply(id, delta)
}

/// Takes away licences that nobody holds; returns the change.
fn take_out(state: &mut LocationState, purchase: &Purchase) -> Result<i32, ControlError> {
    let id = state.assets.find(&purchase.key());
    let id = id.ok_or(ControlError::UnknownAsset)?;
    let delta = -purchase.delta(ControlError::NotEnough)?;
    match state.change_supply(id, delta) {
        true => Ok(delta),
        false => Err(ControlError::NotEnough),
    }
}
