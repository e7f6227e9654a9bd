//! Apps and books, visible ones only.

use crate::{Result, sync::AssetKey};
use async_trait::async_trait;
use contract::{
    AssetId, LocationId, Page, UnixMillis,
    catalog::{AssetDetail, AssetQuery, AssetRow, Counts, ProductRow, ProductType},
    devices::Platforms,
};

/// An asset as planning and operating need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockAsset {
    pub id: AssetId,
    pub location: LocationId,
    pub location_name: String,
    pub key: AssetKey,
    pub product: ProductType,
    pub name: String,
    /// Resolved for 64 points, if any.
    pub icon: Option<String>,
    pub platforms: Platforms,
    pub device_assignable: bool,
    pub revocable: bool,
    pub unlimited: bool,
    pub counts: Counts,
}

impl StockAsset {
    /// Licences used once Apple is through with what is under way: so many are being given, and the others taken back.
    pub fn used_soon(&self, requested: i64) -> i64 {
        let releasing = self.counts.pending - requested;
        self.counts.used + requested - releasing
    }

    /// Books never can be; of apps Apple says which.
    pub fn can_be_revoked(&self) -> bool {
        self.revocable && self.product == ProductType::App
    }
}

#[async_trait]
pub trait Catalog: Send + Sync {
    async fn asset_list(&self, query: &AssetQuery) -> Result<Page<AssetRow>>;
    /// C2: one row for each app over all locations, with sums.
    async fn product_list(&self, query: &AssetQuery) -> Result<Page<ProductRow>>;
    /// [`crate::StoreError::NotFound`]
    async fn asset_detail(&self, id: AssetId) -> Result<AssetDetail>;
    /// In the order asked for; unknown ones are left out.
    async fn assets(&self, ids: &[AssetId]) -> Result<Vec<StockAsset>>;
    /// Locations that have a token, id and name, by name: the first `most`, and `always` one.
    async fn location_names(
        &self,
        most: u32,
        always: Option<&LocationId>,
    ) -> Result<Vec<(LocationId, String)>>;
    /// C4: takes an asset out of sight until it has licences again. [`contract::Code::AssetInUse`] if it has some, used
    /// or available, or if somebody waits for one.
    async fn delete_asset(&self, id: AssetId, now: UnixMillis) -> Result<()>;
}
