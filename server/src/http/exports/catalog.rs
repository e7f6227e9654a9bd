//! Apps and books (C6), in the view that the page has (C2).

use super::pages::{Asked, export};
use crate::http::sessions::Signed;
use app::{
    catalog::{View, list_query},
    ui::Address,
};
use axum::{
    Extension,
    extract::{Query, Request},
    response::Response,
};
use contract::catalog::{AssetQuery, AssetRow, Counts, ProductRow};
use serde::Deserialize;

/// What a row is.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Shown {
    view: View,
}

pub async fn apps(
    signed: Extension<Signed>,
    Query(Shown { view }): Query<Shown>,
    asked: Query<Asked>,
    request: Request,
) -> Response {
    match view {
        View::Tokens => assets(signed, asked, request).await,
        View::Apps => products(signed, asked, request).await,
    }
}

fn query(address: &Address) -> AssetQuery {
    list_query(address.choice("product").unwrap_or_default(), address)
}

export! {
    /// One row a token and app.
    assets: "apps.csv", catalog.list(query), [ASSET_HEAD.as_slice(), &FIGURES].concat(), asset
}

export! {
    /// One row an app, over all locations.
    products: "apps.csv", catalog.products(query), [PRODUCT_HEAD.as_slice(), &FIGURES].concat(), summed
}

const ASSET_HEAD: [&str; 6] = ["name", "publisher", "location", "platforms", "custom", "groups"];

const PRODUCT_HEAD: [&str; 7] = [
    "name",
    "publisher",
    "adam_id",
    "locations",
    "platforms",
    "custom",
    "groups",
];

const FIGURES: [&str; 6] = ["total", "used", "available", "waiting", "retired", "version"];

fn figures(counts: Counts, version: String) -> [String; 6] {
    let Counts {
        total,
        used,
        available,
        waiting,
        retired,
        ..
    } = counts;
    let [total, used, available, waiting, retired] =
        [total, used, available, waiting, retired].map(|count| count.to_string());
    [total, used, available, waiting, retired, version]
}

fn asset(row: AssetRow) -> Vec<String> {
    let about = [
        row.name,
        row.publisher,
        row.location_name,
        row.platforms.join(" "),
        row.custom.to_string(),
        row.groups.to_string(),
    ];
    about
        .into_iter()
        .chain(figures(row.counts, row.version))
        .collect()
}

fn summed(row: ProductRow) -> Vec<String> {
    let about = [
        row.name,
        row.publisher,
        row.adam_id,
        row.locations.to_string(),
        row.platforms.join(" "),
        row.custom.to_string(),
        row.groups.to_string(),
    ];
    about
        .into_iter()
        .chain(figures(row.counts, row.version))
        .collect()
}
