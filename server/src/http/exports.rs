//! Lists as files (C6).

use super::{problem, sessions::Signed};
use axum::{
    Extension,
    extract::{Query, Request},
    http::header,
    response::{IntoResponse, Response},
};
use contract::{
    LocationId, TokenId,
    catalog::{AssetQuery, Level, ProductType},
};
use serde::Deserialize;

/// The filters of the list, as its address has them; what is left out or empty filters nothing.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct AppsQuery {
    product: ProductType,
    search: String,
    platform: String,
    location: String,
    custom: String,
    level: String,
}

impl From<AppsQuery> for AssetQuery {
    fn from(query: AppsQuery) -> Self {
        Self {
            product: query.product,
            search: query.search,
            platform: query.platform,
            location: Some(query.location).filter(|id| !id.is_empty()).map(LocationId),
            custom: query.custom.parse().ok(),
            level: Level::ALL.into_iter().find(|level| level.as_str() == query.level),
            ..Self::default()
        }
    }
}

/// The filtered list of apps or books.
pub async fn apps(
    Extension(signed): Extension<Signed>,
    Query(query): Query<AppsQuery>,
    request: Request,
) -> Response {
    let query = AssetQuery::from(query);
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

/// Which token.
#[derive(Deserialize)]
pub struct OfToken {
    id: TokenId,
}

/// T8: the licences of a token's location, to keep when it is deleted.
pub async fn token(
    Extension(signed): Extension<Signed>,
    Query(OfToken { id }): Query<OfToken>,
    request: Request,
) -> Response {
    let services = signed.services();
    let export = async { services.tokens.export(services.caller()?, &id).await };
    match export.await {
        Ok(text) => {
            let headers = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
                (
                    header::CONTENT_DISPOSITION,
                    "attachment; filename=\"licences.csv\"",
                ),
            ];
            (headers, text).into_response()
        }
        Err(fault) => problem::respond(request.headers(), &fault),
    }
}
