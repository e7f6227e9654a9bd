//! The control API over HTTP: the routes, each a few lines around a method of `Control`.

mod faults;
mod licenses;
mod locations;
mod order;
mod requests;
mod state;
mod store;
mod table;
mod tokens;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, FromRef, Request};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

use super::{Control, ControlError};
use crate::world::World;

pub(crate) use table::{Route, table};

/// All routes below `/control`.
pub(crate) fn routes() -> Router<Arc<World>> {
    table()
        .into_iter()
        .fold(Router::new(), |router, route| {
            router.route(route.path, route.handler)
        })
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

/// The answer to an order: 204, or why not.
type Done = Result<StatusCode, ControlError>;

fn done(result: Result<(), ControlError>) -> Done {
    result.map(|()| StatusCode::NO_CONTENT)
}
