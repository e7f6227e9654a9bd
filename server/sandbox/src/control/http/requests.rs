//! The log of requests.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;

use super::order::Order;
use crate::control::Control;
use crate::log::Record;

#[derive(Deserialize)]
pub(super) struct Part {
    from: Option<u64>,
    limit: Option<usize>,
}

/// `GET /control/requests?from=&limit=`: from a number on; 1,000 without a limit.
pub(super) async fn list(
    State(control): State<Control>,
    Order(Query(part)): Order<Query<Part>>,
) -> Json<Vec<Record>> {
    Json(control.requests_from(part.from.unwrap_or(0), part.limit.unwrap_or(1000)))
}

/// `DELETE /control/requests`: forgets them and counts from 0.
pub(super) async fn reset(State(control): State<Control>) -> StatusCode {
    control.reset_requests();
    StatusCode::NO_CONTENT
}
