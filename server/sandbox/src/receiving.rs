//! Bodies of requests: they are waited for, but not for ever.

use std::sync::Arc;

use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use crate::world::World;

/// What another extractor reads from a body, unless the body stops half-way.
pub(crate) struct InTime<E>(pub(crate) E);

/// Why nothing was read.
pub(crate) enum Unread<R> {
    /// The body was not whole in time.
    Late,
    /// The other extractor refuses it.
    Refused(R),
}

/// The status of a request whose body was not whole in time.
pub(crate) const LATE: StatusCode = StatusCode::REQUEST_TIMEOUT;

impl<E: FromRequest<Arc<World>>> FromRequest<Arc<World>> for InTime<E> {
    type Rejection = Unread<E::Rejection>;

    async fn from_request(request: Request, world: &Arc<World>) -> Result<Self, Self::Rejection> {
        match timeout(world.body_patience, E::from_request(request, world)).await {
            Ok(read) => read.map(Self).map_err(Unread::Refused),
            Err(_) => Err(Unread::Late),
        }
    }
}

impl Unread<BytesRejection> {
    /// The HTTP status that says so.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Late => LATE,
            Self::Refused(misfit) => misfit.status(),
        }
    }
}

impl<R: IntoResponse> IntoResponse for Unread<R> {
    fn into_response(self) -> Response {
        match self {
            Self::Late => LATE.into_response(),
            Self::Refused(misfit) => misfit.into_response(),
        }
    }
}
