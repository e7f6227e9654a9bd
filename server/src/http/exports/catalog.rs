//! Apps and books (C6), in the view that the page has (C2).

use super::{
    lists::Asked,
    pages::{sent, whole},
};
use crate::http::sessions::Signed;
use app::{catalog::View, ui::Address};
use axum::{
    Extension,
    extract::{Query, Request},
    response::Response,
};
use contract::catalog::{AssetRow, ProductRow, ProductType};
use serde::Deserialize;

/// What the list is of, beside its filters.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Shown {
    product: ProductType,
    view: View,
}

pub async fn apps(
    Extension(signed): Extension<Signed>,
    Query(Shown { product, view }): Query<Shown>,
    Query(asked): Query<Asked>,
    request: Request,
) -> Response {
    let export = async {
        let services = signed.services();
        let (catalog, caller) = (services.catalog.clone(), services.caller()?.clone());
        let query = app::catalog::list_query(product, &Address::of(asked));
        match view {
            View::Tokens => {
                let read = move |query| {
                    let (catalog, caller) = (catalog.clone(), caller.clone());
                    async move { catalog.list(&caller, query).await }
                };
                whole(ASSET_HEAD, query, read, asset).await
            }
            View::Apps => {
                let read = move |query| {
                    let (catalog, caller) = (catalog.clone(), caller.clone());
                    async move { catalog.products(&caller, query).await }
                };
                whole(PRODUCT_HEAD, query, read, summed).await
            }
        }
    }
    .await;
    sent(&request, "apps.csv", export)
}

const ASSET_HEAD: [&str; 11] = [
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

const PRODUCT_HEAD: [&str; 12] = [
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

fn summed(row: ProductRow) -> Vec<String> {
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

fn asset(row: AssetRow) -> Vec<String> {
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
