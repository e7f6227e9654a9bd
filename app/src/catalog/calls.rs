//! Server functions of apps and books.

use super::view::{Listed, View};
use crate::{
    call::{Call, Failure},
    json::Json,
};
use contract::{
    AssetId, LocationId, Page,
    catalog::{AssetDetail, AssetQuery, AssetRow},
};
use leptos::prelude::*;

/// The list in this view, which is remembered; without one in the view that was chosen last (C2).
#[server(prefix = "/api", endpoint = "catalog/rows", protocol = Call<Json>)]
pub async fn rows(query: AssetQuery, view: Option<View>) -> Result<Listed, Failure> {
    const VIEW_COOKIE: &str = "pomona_catalog";
    let services = crate::call::services()?;
    let caller = services.caller()?;
    let remembered = crate::call::cookie(VIEW_COOKIE).and_then(|word| View::parse(&word));
    if let Some(chosen) = view.filter(|view| Some(*view) != remembered) {
        crate::call::set_cookie(VIEW_COOKIE, chosen.as_str());
    }
    Ok(match view.or(remembered).unwrap_or_default() {
        View::Tokens => Listed::Tokens(services.catalog.list(caller, query).await?),
        View::Apps => Listed::Apps(services.catalog.products(caller, query).await?),
    })
}

#[server(prefix = "/api", endpoint = "catalog/list", protocol = Call<Json>)]
pub async fn list(query: AssetQuery) -> Result<Page<AssetRow>, Failure> {
    let services = crate::call::services()?;
    Ok(services.catalog.list(services.caller()?, query).await?)
}

#[server(prefix = "/api", endpoint = "catalog/detail", protocol = Call)]
pub async fn detail(id: AssetId) -> Result<AssetDetail, Failure> {
    let services = crate::call::services()?;
    Ok(services.catalog.detail(services.caller()?, id).await?)
}

/// The choices of the location filter, with the one that is `chosen`.
#[server(prefix = "/api", endpoint = "catalog/locations", protocol = Call<Json>)]
pub async fn locations(chosen: Option<LocationId>) -> Result<Vec<(LocationId, String)>, Failure> {
    let services = crate::call::services()?;
    let caller = services.caller()?;
    Ok(services.catalog.locations(caller, chosen.as_ref()).await?)
}

/// C4.
#[server(prefix = "/api", endpoint = "catalog/delete", protocol = Call)]
pub async fn delete(id: AssetId) -> Result<(), Failure> {
    let services = crate::call::services()?;
    let caller = services.caller()?;
    let product = services.catalog.detail(caller, id).await?.row.product;
    services.catalog.delete(caller, id).await?;
    leptos_axum::redirect(super::list_path(product));
    Ok(())
}
