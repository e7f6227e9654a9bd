//! Lists as files (C6, L2).

mod catalog;
mod drift;
mod lists;
mod organisation;
mod pages;

pub use catalog::apps;
pub use drift::{drift, drift_licenses, macs};
pub use lists::{activity, devices, ledger, licenses, people, tokens};
pub use organisation::{accounts, groups, requests, told};

use super::{problem, sessions::Signed};
use axum::{
    Extension,
    body::Body,
    extract::{Query, Request},
    http::header,
    response::{IntoResponse, Response},
};
use contract::{AppleError, TokenId, licenses::Holder};
use serde::Deserialize;

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
