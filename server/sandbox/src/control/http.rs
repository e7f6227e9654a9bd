//! The control API over HTTP: the routes, each a few lines around a method of `Control`.

mod faults;
mod licenses;
mod locations;
mod requests;
mod state;
mod store;
mod tokens;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRef, Request};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde_json::json;

use super::{Control, ControlError};
use crate::world::World;

/// All routes below `/control`.
pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/health", get(async || Json(json!({ "status": "ok" }))))
        .route(
            "/organisations",
            get(locations::organisations).post(locations::add_organisation),
        )
        .route("/devices", post(locations::devices))
        .route("/locations", get(locations::list).post(locations::add))
        .route("/locations/{uid}", get(locations::one).patch(locations::change))
        .route(
            "/locations/{uid}/claim",
            put(locations::claim).delete(locations::unclaim),
        )
        .route("/locations/{uid}/state", get(state::stream))
        .route("/locations/{uid}/tokens", post(tokens::issue))
        .route("/tokens/revoke", post(tokens::revoke))
        .route("/tokens/expire", post(tokens::expire))
        .route("/invitations/{code}", get(tokens::invited))
        .route("/invitations/{code}/accept", post(tokens::accept))
        .route("/locations/{uid}/buy", post(licenses::buy))
        .route("/locations/{uid}/refund", post(licenses::refund))
        .route("/locations/{uid}/transfer", post(licenses::transfer))
        .route("/locations/{uid}/assign", post(licenses::assign))
        .route("/locations/{uid}/release", post(licenses::release))
        .route(
            "/locations/{uid}/faults",
            get(faults::own).put(faults::set_own).delete(faults::reset_own),
        )
        .route(
            "/faults",
            get(faults::common)
                .put(faults::set_common)
                .delete(faults::reset_common),
        )
        .route("/products", put(store::put))
        .route("/products/{adam_id}", get(store::one).patch(store::change))
        .route("/requests", get(requests::list).delete(requests::reset))
        .layer(middleware::from_fn(loopback_only))
}

/// Without a password, hence only for this machine.
async fn loopback_only(ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request, next: Next) -> Response {
    if peer.ip().to_canonical().is_loopback() {
        next.run(request).await
    } else {
        StatusCode::FORBIDDEN.into_response()
    }
}

impl FromRef<Arc<World>> for Control {
    fn from_ref(world: &Arc<World>) -> Self {
        Self::new(Arc::clone(world))
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NotEnough | Self::Apple(_) | Self::TakenLocation => StatusCode::CONFLICT,
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            _ => StatusCode::NOT_FOUND,
        };
        (status, Json(json!({ "error": self.to_string() }))).into_response()
    }
}

/// The answer to an order: 204, or why not.
type Done = Result<StatusCode, ControlError>;

fn done(result: Result<(), ControlError>) -> Done {
    result.map(|()| StatusCode::NO_CONTENT)
}
