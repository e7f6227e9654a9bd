//! Lists as files (C6, L2).

use super::{problem, sessions::Signed};
use crate::portal::csv_text;
use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{Query, Request},
    http::header,
    response::{IntoResponse, Response},
};
use contract::{
    AssetId, Caller, Fault, LocationId, OperationId, PageQuery, TokenId,
    catalog::{AssetQuery, Level, ProductType},
    licenses::{Act, LedgerQuery, Licenses},
};
use futures::{Stream, StreamExt, stream};
use serde::Deserialize;
use std::sync::Arc;

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
            page: PageQuery {
                rows: Some(PageQuery::MOST),
                ..PageQuery::default()
            },
        }
    }
}

/// The filtered ledger, sent as it is read: it can have millions of lines.
pub async fn ledger(
    Extension(signed): Extension<Signed>,
    Query(query): Query<LinesQuery>,
    request: Request,
) -> Response {
    let services = signed.services();
    let begin = async {
        let caller = services.caller()?.clone();
        let mut lines = Box::pin(ledger_lines(
            services.licenses.clone(),
            caller,
            LedgerQuery::from(query),
        ));
        // The first page says whether there is an answer at all.
        let first = lines.next().await.transpose()?;
        Ok::<_, Fault>(stream::iter(first.map(Ok)).chain(lines))
    };
    match begin.await {
        Ok(lines) => file("ledger.csv", Body::from_stream(lines)),
        Err(fault) => problem::respond(request.headers(), &fault),
    }
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

/// One chunk of lines a page.
fn ledger_lines(
    licenses: Arc<dyn Licenses>,
    caller: Caller,
    query: LedgerQuery,
) -> impl Stream<Item = Result<Bytes, Fault>> {
    let begin = Some((query, true));
    stream::try_unfold(begin, move |next| {
        let (licenses, caller) = (licenses.clone(), caller.clone());
        async move {
            let Some((mut query, first)) = next else {
                return Ok(None);
            };
            let page = licenses.ledger(&caller, query.clone()).await?;
            let head = first.then(|| LEDGER_HEAD.map(str::to_owned).to_vec());
            let lines = page.rows.into_iter().map(|row| {
                let (number, message) = row
                    .error
                    .map(|error| (error.number.to_string(), error.message))
                    .unwrap_or_default();
                let kind = match row.holder {
                    contract::licenses::Holder::Device(_) => "device",
                    contract::licenses::Holder::User(_) => "user",
                };
                vec![
                    app::i18n::iso(row.at),
                    row.act.as_str().to_owned(),
                    row.asset_name,
                    row.location_name,
                    kind.to_owned(),
                    row.holder.id().to_owned(),
                    row.actor,
                    row.reason,
                    row.operation.map(|id| id.0).unwrap_or_default(),
                    row.event.unwrap_or_default(),
                    number,
                    message,
                ]
            });
            let text = csv_text(head.into_iter().chain(lines))?;
            let rest = page.next.map(|cursor| {
                query.page.cursor = Some(cursor);
                (query, false)
            });
            Ok(Some((Bytes::from(text), rest)))
        }
    })
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
