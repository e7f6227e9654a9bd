//! Lists as files (C6).

use super::{problem, sessions::Signed};
use axum::{
    Extension,
    extract::{Query, Request},
    http::header,
    response::{IntoResponse, Response},
};
use contract::catalog::{AssetQuery, ProductType};
use serde::Deserialize;

#[derive(Deserialize)]
pub struct AppsQuery {
    #[serde(default)]
    product: ProductType,
    #[serde(default)]
    search: String,
    #[serde(default)]
    platform: String,
}

/// The filtered list of apps or books.
pub async fn apps(Extension(signed): Extension<Signed>, Query(query): Query<AppsQuery>, request: Request) -> Response {
    let query = AssetQuery {
        product: query.product,
        search: query.search,
        platform: query.platform,
        ..AssetQuery::default()
    };
    let services = signed.services();
    let export = async { services.catalog.export(services.caller()?, query).await };
    match export.await {
        Ok(text) => {
            let headers = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"apps.csv\""),
            ];
            (headers, text).into_response()
        }
        Err(fault) => problem::respond(request.headers(), &fault),
    }
}
