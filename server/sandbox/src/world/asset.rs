//! Assets of a location: what was bought, and who holds it.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use super::holders::HolderSet;
use crate::wire::{AssetRow, PricingParam, ProductType, UnlimitedRow};

/// Identity of an asset within a location.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetKey {
    /// App Store product id.
    #[serde(serialize_with = "text")]
    pub adam_id: Arc<str>,
    /// Quality.
    pub pricing_param: PricingParam,
}

fn text<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

/// What Apple reports as the total of an unlimited asset.
pub(crate) const UNLIMITED: u32 = 2_147_483_647;

/// The most licences that can be bought, so that no count is taken for unlimited.
pub(crate) const MOST_BOUGHT: u32 = UNLIMITED - 1;

/// How many licences there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Supply {
    /// So many were bought.
    Bought(u32),
    /// Free and without limit.
    Unlimited,
}

/// An asset and its holders. Available is what is bought and not assigned, so the counts cannot disagree.
#[derive(Debug)]
pub(crate) struct Asset {
    pub(crate) key: AssetKey,
    pub(crate) product: ProductType,
    pub(crate) supply: Supply,
    pub(crate) retired: u32,
    pub(crate) device_assignable: bool,
    pub(crate) revocable: bool,
    pub(crate) platforms: Arc<[&'static str]>,
    pub(crate) holders: HolderSet,
}

impl Asset {
    /// Licences bought, or Apple's figure for unlimited ones.
    pub(crate) fn total(&self) -> u32 {
        match self.supply {
            Supply::Bought(total) => total,
            Supply::Unlimited => UNLIMITED,
        }
    }

    /// Licences held.
    pub(crate) fn assigned(&self) -> u32 {
        u32::try_from(self.holders.len()).unwrap_or(u32::MAX)
    }

    /// Licences that can be assigned now.
    pub(crate) fn available(&self) -> u32 {
        self.total().saturating_sub(self.assigned())
    }

    /// Whether licences never run out.
    pub(crate) fn is_unlimited(&self) -> bool {
        self.supply == Supply::Unlimited
    }

    /// As it stands in `assets`.
    pub(crate) fn row(&self) -> AssetRow<'_> {
        AssetRow {
            adam_id: &self.key.adam_id,
            assigned_count: self.assigned(),
            available_count: self.available(),
            device_assignable: self.device_assignable,
            pricing_param: self.key.pricing_param,
            product_type: self.product,
            retired_count: self.retired,
            revocable: self.revocable,
            supported_platforms: &self.platforms,
            total_count: self.total(),
        }
    }

    /// As it stands in `unlimitedAssets`.
    pub(crate) fn unlimited_row(&self) -> UnlimitedRow<'_> {
        UnlimitedRow {
            adam_id: &self.key.adam_id,
            assigned_count: self.assigned(),
            device_assignable: self.device_assignable,
            pricing_param: self.key.pricing_param,
            product_type: self.product,
            revocable: self.revocable,
            supported_platforms: &self.platforms,
        }
    }
}

/// Number of an asset within its location.
pub(crate) type AssetId = u32;

/// All assets of a location in the order of their purchase.
#[derive(Debug, Default)]
pub(crate) struct Assets {
    list: Vec<Asset>,
    by_key: HashMap<AssetKey, AssetId>,
    by_adam_id: HashMap<Arc<str>, Vec<AssetId>>,
}

impl Assets {
    /// All, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Asset> {
        self.list.iter()
    }

    /// All with their numbers.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (AssetId, &Asset)> {
        (0..).zip(&self.list)
    }

    /// The number of an asset.
    pub(crate) fn find(&self, key: &AssetKey) -> Option<AssetId> {
        self.by_key.get(key).copied()
    }

    /// All assets with this product id.
    pub(crate) fn with_adam_id(&self, adam_id: &str) -> &[AssetId] {
        self.by_adam_id.get(adam_id).map_or(&[], Vec::as_slice)
    }

    /// The asset with this number.
    pub(crate) fn get(&self, id: AssetId) -> Option<&Asset> {
        self.list.get(usize::try_from(id).ok()?)
    }

    /// The asset with this number, to change it.
    pub(crate) fn get_mut(&mut self, id: AssetId) -> Option<&mut Asset> {
        self.list.get_mut(usize::try_from(id).ok()?)
    }

    /// Adds an asset that is not there yet.
    pub(crate) fn add(&mut self, asset: Asset) -> AssetId {
        let id = AssetId::try_from(self.list.len()).unwrap_or(AssetId::MAX);
        self.by_key.insert(asset.key.clone(), id);
        self.by_adam_id
            .entry(Arc::clone(&asset.key.adam_id))
            .or_default()
            .push(id);
        self.list.push(asset);
        id
    }
}
