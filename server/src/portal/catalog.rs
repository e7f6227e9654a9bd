//! Apps and books, as the pages read them, and their export.

use super::Portal;
use async_trait::async_trait;
use contract::{
    AssetId, Caller, Code, Fault, LocationId, Page, PageQuery, Permission,
    catalog::{AssetDetail, AssetQuery, AssetRow, Catalog},
};

#[async_trait]
impl Catalog for Portal {
    async fn list(&self, caller: &Caller, query: AssetQuery) -> Result<Page<AssetRow>, Fault> {
        caller.need(Permission::ViewCatalog)?;
        Ok(self.db.asset_list(&query).await?)
    }

    async fn detail(&self, caller: &Caller, id: AssetId) -> Result<AssetDetail, Fault> {
        caller.need(Permission::ViewCatalog)?;
        Ok(self.db.asset_detail(id).await?)
    }

    async fn locations(&self, caller: &Caller) -> Result<Vec<(LocationId, String)>, Fault> {
        caller.need(Permission::ViewCatalog)?;
        Ok(self.db.location_names().await?)
    }

    async fn export(&self, caller: &Caller, mut query: AssetQuery) -> Result<String, Fault> {
        caller.need(Permission::ViewCatalog)?;
        let mut writer = csv::Writer::from_writer(Vec::new());
        let broken = |_| Fault::new(Code::Internal);
        writer
            .write_record([
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
            ])
            .map_err(broken)?;
        query.page = PageQuery {
            rows: Some(PageQuery::MOST),
            cursor: None,
            ..query.page
        };
        loop {
            let page = self.db.asset_list(&query).await?;
            for row in &page.rows {
                let counts = &row.counts;
                let numbers = [
                    counts.total,
                    counts.used,
                    counts.available,
                    counts.waiting,
                    counts.retired,
                ];
                let [total, used, available, waiting, retired] = numbers.map(|number| number.to_string());
                writer
                    .write_record([
                        plain(&row.name),
                        plain(&row.publisher),
                        plain(&row.location_name),
                        row.platforms.join(" "),
                        row.custom.to_string(),
                        total,
                        used,
                        available,
                        waiting,
                        retired,
                        plain(&row.version),
                    ])
                    .map_err(broken)?;
            }
            match page.next {
                Some(next) => query.page.cursor = Some(next),
                None => break,
            }
        }
        let bytes = writer.into_inner().map_err(|_| Fault::new(Code::Internal))?;
        String::from_utf8(bytes).map_err(|_| Code::Internal.into())
    }
}

/// No spreadsheet takes the cell for a formula.
fn plain(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
