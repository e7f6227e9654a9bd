//! Assets in the file: holders are numbers, so that a million assignments stay small.

use serde::{Deserialize, Serialize};

use crate::catalogue::platform_names;
use crate::wire::{PricingParam, ProductType};
use crate::world::{Asset, AssetKey, Holder, LocationState, Supply};

/// An asset with those who hold it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SavedAsset {
    adam_id: String,
    pricing_param: PricingParam,
    product_type: ProductType,
    /// None for an unlimited asset.
    bought: Option<u32>,
    retired: u32,
    device_assignable: bool,
    revocable: bool,
    platforms: Vec<String>,
    /// Places in the location's list of serials.
    devices: Vec<u32>,
    /// Places in the location's list of users.
    users: Vec<u32>,
}

impl SavedAsset {
    pub(super) fn of(asset: &Asset) -> Self {
        let (mut devices, mut users) = (Vec::new(), Vec::new());
        for holder in asset.holders.iter() {
            match holder {
                Holder::Device(index) => devices.push(index),
                Holder::User(id) => users.push(id),
            }
        }
        Self {
            adam_id: asset.key.adam_id.to_string(),
            pricing_param: asset.key.pricing_param,
            product_type: asset.product,
            bought: match asset.supply {
                Supply::Bought(count) => Some(count),
                Supply::Unlimited => None,
            },
            retired: asset.retired,
            device_assignable: asset.device_assignable,
            revocable: asset.revocable,
            platforms: asset.platforms.iter().map(|name| (*name).to_owned()).collect(),
            devices,
            users,
        }
    }

    /// Adds the asset to a location whose serials and users are there already.
    pub(super) fn restore(self, state: &mut LocationState) -> Result<(), String> {
        let mut asset = Asset {
            key: AssetKey {
                adam_id: self.adam_id.as_str().into(),
                pricing_param: self.pricing_param,
            },
            product: self.product_type,
            supply: self.bought.map_or(Supply::Unlimited, Supply::Bought),
            retired: self.retired,
            device_assignable: self.device_assignable,
            revocable: self.revocable,
            platforms: platform_names(&self.platforms),
            holders: Default::default(),
        };
        let refuse = |reason: &str| Err(format!("product {}: {reason}", self.adam_id));
        if state.assets.find(&asset.key).is_some() {
            return refuse("it is there twice");
        }
        let devices = self.devices.into_iter().map(Holder::Device);
        for holder in devices.chain(self.users.into_iter().map(Holder::User)) {
            if !state.has(holder) {
                return refuse("a licence is held by a device or user that is missing");
            }
            if !asset.holders.insert(holder) {
                return refuse("a licence is held twice");
            }
        }
        if asset.assigned() > asset.total() {
            return refuse("more licences are held than were bought");
        }
        state.assets.add(asset);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::SavedAsset;
    use crate::world::LocationState;

    /// What restoring two assets of a location with one device says; the change is made to the second.
    fn refusal(change: Value) -> String {
        let mut first = json!({
            "adamId": "1", "pricingParam": "STDQ", "productType": "App", "bought": 2, "retired": 0,
            "deviceAssignable": true, "revocable": true, "platforms": ["iOS"], "devices": [0], "users": [],
        });
        let mut state = LocationState::default();
        state.device(&"C0PHG8FQ".into());
        let restore = |asset: &Value, state: &mut LocationState| {
            serde_json::from_value::<SavedAsset>(asset.clone())
                .unwrap()
                .restore(state)
        };
        restore(&first, &mut state).unwrap();
        first["adamId"] = json!("2");
        for (key, value) in change.as_object().unwrap() {
            first[key] = value.clone();
        }
        restore(&first, &mut state).unwrap_err()
    }

    #[test]
    fn what_contradicts_itself_is_refused_in_words() {
        assert_eq!(refusal(json!({ "adamId": "1" })), "product 1: it is there twice");
        let missing = "product 2: a licence is held by a device or user that is missing";
        assert_eq!(refusal(json!({ "devices": [1] })), missing);
        assert_eq!(refusal(json!({ "users": [0] })), missing);
        assert_eq!(
            refusal(json!({ "devices": [0, 0] })),
            "product 2: a licence is held twice"
        );
        assert_eq!(
            refusal(json!({ "bought": 0 })),
            "product 2: more licences are held than were bought"
        );
    }
}
