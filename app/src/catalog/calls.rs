//! Server functions of apps and books.

use crate::{call::Failure, json::Json};
use contract::{
    AssetId, LocationId, Page,
    catalog::{AssetDetail, AssetQuery, AssetRow},
};
use leptos::prelude::*;

#[server(prefix = "/api", endpoint = "catalog/list", output = Json, input = Json)]
pub async fn list(query: AssetQuery) -> Result<Page<AssetRow>, Failure> {
    let services = crate::call::services()?;
    Ok(services.catalog.list(services.caller()?, query).await?)
}

#[server(prefix = "/api", endpoint = "catalog/detail", output = Json)]
pub async fn detail(id: AssetId) -> Result<AssetDetail, Failure> {
    let services = crate::call::services()?;
    Ok(services.catalog.detail(services.caller()?, id).await?)
}

/// The choices of the location filter: as many as a choice can hold, and always the one that is `chosen`.
#[server(prefix = "/api", endpoint = "catalog/locations", output = Json, input = Json)]
pub async fn locations(chosen: Option<LocationId>) -> Result<Vec<(LocationId, String)>, Failure> {
    const MOST: usize = 200;
    let services = crate::call::services()?;
    let all = services.catalog.locations(services.caller()?).await?;
    let numbered = all.into_iter().enumerate();
    let shown = numbered.filter(|(place, (id, _))| *place < MOST || chosen.as_ref() == Some(id));
    Ok(shown.map(|(_, location)| location).collect())
}
