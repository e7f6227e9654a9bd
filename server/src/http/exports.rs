//! Lists as files (C6, L2).

mod drift;
mod lists;
mod organisation;
mod pages;

pub use drift::{drift, drift_licenses, macs};
pub use lists::{activity, devices, licenses, people, tokens};
pub use organisation::{accounts, groups, requests, told};

use super::{problem, sessions::Signed};
use axum::{
    Extension,
    body::Body,
    extract::{Query, Request},
    http::header,
    response::{IntoResponse, Response},
};
use contract::{
    AppleError, AssetId, LocationId, OperationId, TokenId,
    catalog::{AssetQuery, Level, ProductType},
    licenses::{Act, Holder, LedgerQuery, LedgerRow},
};
use pages::{sent, whole};
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
    missing: String,
    /// "apps": a row for each app, summed up over all locations (C2).
    view: String,
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
            missing: query.missing == "true",
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
    let summed = query.view == "apps";
    let query = AssetQuery::from(query);
    let services = signed.services();
    let export = async {
        match summed {
            true => services.catalog.export_products(services.caller()?, query).await,
            false => services.catalog.export(services.caller()?, query).await,
        }
    };
    match export.await {
        Ok(text) => file("apps.csv", text),
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
        Ok(text) => file("licences.csv", text),
        Err(fault) => problem::respond(request.headers(), &fault),
    }
}

/// As [`AppsQuery`].
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct LinesQuery {
    holder: String,
    asset: String,
    location: String,
    act: String,
    operation: String,
}

impl From<LinesQuery> for LedgerQuery {
    fn from(query: LinesQuery) -> Self {
        Self {
            holder: query.holder,
            asset: query.asset.parse().ok().map(AssetId),
            location: Some(query.location).filter(|id| !id.is_empty()).map(LocationId),
            act: Act::parse(&query.act),
            operation: Some(query.operation).filter(|id| !id.is_empty()).map(OperationId),
            ..Self::default()
        }
    }
}

/// The filtered ledger: it can have millions of lines.
pub async fn ledger(
    Extension(signed): Extension<Signed>,
    Query(query): Query<LinesQuery>,
    request: Request,
) -> Response {
    let export = async {
        let (licenses, caller) = (
            signed.services().licenses.clone(),
            signed.services().caller()?.clone(),
        );
        let read = move |query| {
            let (licenses, caller) = (licenses.clone(), caller.clone());
            async move { licenses.ledger(&caller, query).await }
        };
        whole(LEDGER_HEAD, LedgerQuery::from(query), read, ledger_line).await
    }
    .await;
    sent(&request, "ledger.csv", export)
}

const LEDGER_HEAD: [&str; 12] = [
    "time",
    "act",
    "app",
    "location",
    "kind",
    "holder",
    "actor",
    "reason",
    "operation",
    "apple_event",
    "apple_error",
    "apple_message",
];

fn ledger_line(row: LedgerRow) -> Vec<String> {
    let (number, message) = of_apple(row.error);
    vec![
        app::i18n::iso(row.at),
        row.act.as_str().to_owned(),
        row.asset_name,
        row.location_name,
        kind(&row.holder).to_owned(),
        row.holder.id().to_owned(),
        row.actor,
        row.reason,
        row.operation.map(|id| id.0).unwrap_or_default(),
        row.event.unwrap_or_default(),
        number,
        message,
    ]
}

fn kind(holder: &Holder) -> &'static str {
    match holder {
        Holder::Device(_) => "device",
        Holder::User(_) => "user",
    }
}

/// Its number and its words.
fn of_apple(error: Option<AppleError>) -> (String, String) {
    error
        .map(|error| (error.number.to_string(), error.message))
        .unwrap_or_default()
}

fn file(name: &str, body: impl Into<Body>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    (headers, body.into()).into_response()
}
