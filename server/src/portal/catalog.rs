//! Apps and books, as the pages read them, and their export.

use super::{Portal, csv_text};
use async_trait::async_trait;
use contract::{
    AssetId, Caller, Fault, LocationId, Page, PageQuery, Permission,
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
        self.db.delete_asset(id, self.clock.now()).await?;
        let details = json!({
            "name": asset.row.name, "adam_id": asset.adam_id, "pricing_param": asset.pricing_param,
            "location": asset.row.location_name,
        });
        self.audit(caller, "catalog.delete", &id.to_string(), details)
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

    async fn export(&self, caller: &Caller, mut query: AssetQuery) -> Result<String, Fault> {
        caller.need(Permission::ViewCatalog)?;
        let head = [
            "name",
            "publisher",
            "location",
            "platforms",
            "custom",
            "total",
            "used",
            "available",
            "waiting",
            "retired",
            "version",
        ];
        let mut lines = vec![head.map(str::to_owned).to_vec()];
        query.page = PageQuery {
            rows: Some(PageQuery::MOST),
            cursor: None,
            ..query.page
        };
        loop {
            let page = self.db.asset_list(&query).await?;
            lines.extend(page.rows.into_iter().map(line));
            match page.next {
                Some(next) => query.page.cursor = Some(next),
                None => return csv_text(lines),
            }
        }
    }

    async fn export_products(&self, caller: &Caller, mut query: AssetQuery) -> Result<String, Fault> {
        caller.need(Permission::ViewCatalog)?;
        let head = [
            "name",
            "publisher",
            "adam_id",
            "locations",
            "platforms",
            "custom",
            "total",
            "used",
            "available",
            "waiting",
            "retired",
            "version",
        ];
        let mut lines = vec![head.map(str::to_owned).to_vec()];
        query.page = PageQuery {
            rows: Some(PageQuery::MOST),
            cursor: None,
            ..query.page
        };
        loop {
            let page = self.db.product_list(&query).await?;
            lines.extend(page.rows.into_iter().map(product_line));
            match page.next {
                Some(next) => query.page.cursor = Some(next),
                None => return csv_text(lines),
            }
        }
    }
}

fn product_line(row: ProductRow) -> Vec<String> {
    let counts = row.counts;
    vec![
        row.name,
        row.publisher,
        row.adam_id,
        row.locations.to_string(),
        row.platforms.join(" "),
        row.custom.to_string(),
        counts.total.to_string(),
        counts.used.to_string(),
        counts.available.to_string(),
        counts.waiting.to_string(),
        counts.retired.to_string(),
        row.version,
    ]
}

fn line(row: AssetRow) -> Vec<String> {
    let counts = row.counts;
    vec![
        row.name,
        row.publisher,
        row.location_name,
        row.platforms.join(" "),
        row.custom.to_string(),
        counts.total.to_string(),
        counts.used.to_string(),
        counts.available.to_string(),
        counts.waiting.to_string(),
        counts.retired.to_string(),
        row.version,
    ]
}
