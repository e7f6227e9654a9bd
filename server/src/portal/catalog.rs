//! Apps and books, as the pages read them.

use super::Portal;
use async_trait::async_trait;
use contract::{
    AssetId, Caller, Fault, LocationId, Page, Permission,
    catalog::{AssetDetail, AssetQuery, AssetRow, Catalog, ProductRow},
};
use serde_json::json;

/// Locations that a filter offers.
const MOST_CHOICES: u32 = 100;

#[async_trait]
impl Catalog for Portal {
    async fn list(&self, caller: &Caller, query: AssetQuery) -> Result<Page<AssetRow>, Fault> {
        caller.need(Permission::ViewCatalog)?;
        Ok(self.db.asset_list(&query).await?)
    }

    async fn products(&self, caller: &Caller, query: AssetQuery) -> Result<Page<ProductRow>, Fault> {
        caller.need(Permission::ViewCatalog)?;
        Ok(self.db.product_list(&query).await?)
    }

    async fn detail(&self, caller: &Caller, id: AssetId) -> Result<AssetDetail, Fault> {
        caller.need(Permission::ViewCatalog)?;
        let mut asset = self.db.asset_detail(id).await?;
        if !asset.row.unlimited {
            let kept = self.db.spoken_for(id).await?.kept;
            asset.reserved = kept.min(asset.row.counts.available).max(0);
        }
        Ok(asset)
    }

    async fn delete(&self, caller: &Caller, id: AssetId) -> Result<(), Fault> {
        caller.need(Permission::ManageCatalog)?;
        let asset = self.db.asset_detail(id).await?;
        let details = json!({
            "name": asset.row.name, "adam_id": asset.adam_id, "pricing_param": asset.pricing_param,
            "location": asset.row.location_name,
        });
        let delete = self.db.delete_asset(id, self.clock.now());
        self.audited(caller, "catalog.delete", &id.to_string(), details, delete)
            .await
    }

    async fn locations(
        &self,
        caller: &Caller,
        chosen: Option<&LocationId>,
    ) -> Result<Vec<(LocationId, String)>, Fault> {
        caller.need(Permission::ViewCatalog)?;
        let what = format!("locations {}", chosen.map_or("", LocationId::as_str));
        Ok(self
            .once(&what, self.db.location_names(MOST_CHOICES, chosen))
            .await?)
    }
}
