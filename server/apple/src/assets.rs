//! Assets: the apps and books a location owns, and what may be done with their licences.
//! <https://developer.apple.com/documentation/devicemanagement/get-assets>

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::ids::{AdamId, AssetId};
use crate::lenient;
use crate::reply::{List, Record, asset_id};
use crate::walk::Query;
use crate::words::{Platform, PricingParam, ProductType};

/// The `totalCount` by which Apple means "no limit" where it does not list unlimited assets apart.
const UNLIMITED: u32 = 2_147_483_647;

/// An app or a book of a location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// What identifies it.
    pub id: AssetId,
    /// App or book.
    pub product_type: ProductType,
    /// Its licences.
    pub licenses: Licenses,
    /// Whether devices can hold a licence; see [`Asset::for_devices`].
    pub device_assignable: bool,
    /// Whether licences can be taken back; see [`Asset::for_revoking`].
    pub revocable: bool,
    /// Where it runs.
    pub platforms: Vec<Platform>,
}

/// The licences of an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Licenses {
    /// A pool: `total` = `assigned` + `available`; `retired` ones come on top.
    Counted {
        /// Held by someone.
        assigned: u32,
        /// Can be given now.
        available: u32,
        /// No longer usable.
        retired: u32,
        /// Managed by the location.
        total: u32,
    },
    /// As many as wanted, as with many free apps.
    Unlimited {
        /// Held by someone.
        assigned: u32,
    },
}

impl Asset {
    /// The asset as something devices can hold; `None` for books and some apps.
    pub fn for_devices(&self) -> Option<DeviceAssignableAsset> {
        self.device_assignable
            .then(|| DeviceAssignableAsset(self.id.clone()))
    }

    /// The asset as something that can be taken back; `None` for books.
    pub fn for_revoking(&self) -> Option<RevocableAsset> {
        self.revocable.then(|| RevocableAsset(self.id.clone()))
    }
}

/// An asset that devices can hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct DeviceAssignableAsset(AssetId);

impl DeviceAssignableAsset {
    /// For callers who have stored that Apple said `deviceAssignable: true` of this asset.
    pub fn known(id: AssetId) -> Self {
        Self(id)
    }

    /// What identifies it.
    pub fn id(&self) -> &AssetId {
        &self.0
    }
}

/// An asset that can be taken back from its holder: never a book.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct RevocableAsset(AssetId);

impl RevocableAsset {
    /// For callers who have stored that Apple said `revocable: true` of this asset.
    pub fn known(id: AssetId) -> Self {
        Self(id)
    }

    /// What identifies it.
    pub fn id(&self) -> &AssetId {
        &self.0
    }
}

/// Which assets are wanted; the default is all. Counts are inclusive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AssetFilter {
    /// Only this product.
    pub adam_id: Option<AdamId>,
    /// Only apps or only books.
    pub product_type: Option<ProductType>,
    /// Only this quality.
    pub pricing: Option<PricingParam>,
    /// Only those that can, or cannot, be taken back.
    pub revocable: Option<bool>,
    /// Only those that devices can, or cannot, hold.
    pub device_assignable: Option<bool>,
    /// At least so many available.
    pub min_available: Option<u32>,
    /// At most so many available.
    pub max_available: Option<u32>,
    /// At least so many assigned.
    pub min_assigned: Option<u32>,
    /// At most so many assigned.
    pub max_assigned: Option<u32>,
    /// `false` leaves unlimited assets out; `true` has Apple list them apart, which makes no difference here.
    pub unlimited: Option<bool>,
}

impl AssetFilter {
    pub(crate) fn query(&self) -> Query {
        let pairs = [
            ("adamId", self.adam_id.as_ref().map(ToString::to_string)),
            ("productType", self.product_type.as_ref().map(ToString::to_string)),
            ("pricingParam", self.pricing.as_ref().map(ToString::to_string)),
            ("revocable", self.revocable.map(|flag| flag.to_string())),
            (
                "deviceAssignable",
                self.device_assignable.map(|flag| flag.to_string()),
            ),
            (
                "minAvailableCount",
                self.min_available.map(|count| count.to_string()),
            ),
            (
                "maxAvailableCount",
                self.max_available.map(|count| count.to_string()),
            ),
            (
                "minAssignedCount",
                self.min_assigned.map(|count| count.to_string()),
            ),
            (
                "maxAssignedCount",
                self.max_assigned.map(|count| count.to_string()),
            ),
            ("unlimited", self.unlimited.map(|flag| flag.to_string())),
        ];
        pairs
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
            .collect()
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct WireAsset {
    #[serde(deserialize_with = "lenient::text")]
    adam_id: Option<CompactString>,
    #[serde(deserialize_with = "lenient::text")]
    pricing_param: Option<CompactString>,
    #[serde(deserialize_with = "lenient::text")]
    product_type: Option<CompactString>,
    #[serde(deserialize_with = "lenient::count")]
    assigned_count: Option<u32>,
    #[serde(deserialize_with = "lenient::count")]
    available_count: Option<u32>,
    #[serde(deserialize_with = "lenient::count")]
    retired_count: Option<u32>,
    #[serde(deserialize_with = "lenient::count")]
    total_count: Option<u32>,
    #[serde(deserialize_with = "lenient::flag")]
    device_assignable: Option<bool>,
    #[serde(deserialize_with = "lenient::flag")]
    revocable: Option<bool>,
    #[serde(deserialize_with = "lenient::strings")]
    supported_platforms: Vec<String>,
}

impl Record for Asset {
    type Wire = WireAsset;
    const LIST: List = List::Assets;

    /// What Apple does not say is taken as not allowed: no device licence, no taking back.
    fn from_wire(wire: WireAsset) -> Option<Self> {
        let assigned = wire.assigned_count.unwrap_or(0);
        let licenses = match (wire.total_count, wire.available_count) {
            (None, None) | (Some(UNLIMITED), _) => Licenses::Unlimited { assigned },
            (total, available) => {
                let available = available.unwrap_or_else(|| total.unwrap_or(0).saturating_sub(assigned));
                Licenses::Counted {
                    assigned,
                    available,
                    retired: wire.retired_count.unwrap_or(0),
                    total: total.unwrap_or_else(|| assigned.saturating_add(available)),
                }
            }
        };
        Some(Asset {
            id: asset_id(wire.adam_id, wire.pricing_param)?,
            product_type: ProductType::from(wire.product_type.as_deref().unwrap_or_default()),
            licenses,
            device_assignable: wire.device_assignable.unwrap_or(false),
            revocable: wire.revocable.unwrap_or(false),
            platforms: wire
                .supported_platforms
                .iter()
                .map(|word| Platform::from(word.as_str()))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Asset> {
        Asset::from_wire(serde_json::from_str(json).expect("an asset"))
    }

    #[test]
    fn an_app_is_read_whole() {
        let asset = read(
            r#"{"adamId":"408709785","pricingParam":"STDQ","productType":"App","assignedCount":5000,
                "availableCount":10000,"retiredCount":3,"totalCount":15000,"deviceAssignable":true,
                "revocable":true,"supportedPlatforms":["iOS","visionOS"],"futureField":{}}"#,
        )
        .expect("an asset");
        let licenses = Licenses::Counted {
            assigned: 5000,
            available: 10_000,
            retired: 3,
            total: 15_000,
        };
        assert_eq!(asset.licenses, licenses);
        assert_eq!(asset.platforms, [Platform::Ios, Platform::VisionOs]);
        assert_eq!(
            asset.for_devices().map(|known| known.id().clone()),
            Some(asset.id.clone())
        );
        assert_eq!(
            asset.for_revoking().map(|known| known.id().clone()),
            Some(asset.id.clone())
        );
    }

    #[test]
    fn a_book_can_neither_go_to_devices_nor_be_taken_back() {
        let book = read(r#"{"adamId":1,"productType":"Book","deviceAssignable":false,"revocable":false}"#);
        let book = book.expect("an asset");
        assert_eq!((book.for_devices(), book.for_revoking()), (None, None));
        let silent = read(r#"{"adamId":"1"}"#).expect("an asset");
        assert_eq!((silent.for_devices(), silent.for_revoking()), (None, None));
    }

    #[test]
    fn unlimited_assets_are_known_by_either_sign() {
        for json in [
            r#"{"adamId":"1","assignedCount":4,"totalCount":2147483647}"#,
            r#"{"adamId":"1","assignedCount":4}"#,
        ] {
            assert_eq!(
                read(json).expect("an asset").licenses,
                Licenses::Unlimited { assigned: 4 }
            );
        }
    }

    #[test]
    fn an_asset_without_identity_is_left_out() {
        assert_eq!(read(r#"{"adamId":null,"productType":"App"}"#), None);
    }

    #[test]
    fn the_filter_is_written_as_apple_reads_it() {
        assert_eq!(AssetFilter::default().query(), []);
        let filter = AssetFilter {
            revocable: Some(false),
            min_available: Some(1),
            ..Default::default()
        };
        assert_eq!(
            filter.query(),
            [
                ("revocable", "false".to_owned()),
                ("minAvailableCount", "1".to_owned())
            ]
        );
    }
}
