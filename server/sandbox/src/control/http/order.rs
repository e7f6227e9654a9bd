//! What an order sends and how it is refused: always in JSON, whoever finds the fault.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{BytesRejection, JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::control::ControlError;
use crate::receiving::{InTime, LATE, Unread};
use crate::world::World;

/// What another extractor reads.
pub(super) struct Order<E>(pub(super) E);

impl<E: FromRequest<Arc<World>>> FromRequest<Arc<World>> for Order<E>
where
    Refused: From<E::Rejection>,
{
    type Rejection = Refused;

    async fn from_request(request: Request, world: &Arc<World>) -> Result<Self, Refused> {
        match InTime::from_request(request, world).await {
            Ok(InTime(read)) => Ok(Self(read)),
            Err(Unread::Refused(misfit)) => Err(misfit.into()),
            Err(Unread::Late) => Err(Refused {
                status: LATE,
                reason: "the body was not whole in time".to_owned(),
            }),
        }
    }
}

impl<S: Send + Sync, E: FromRequestParts<S>> FromRequestParts<S> for Order<E>
where
    Refused: From<E::Rejection>,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        Ok(Self(E::from_request_parts(parts, state).await?))
    }
}

/// The answer to an order that is not carried out.
pub(super) struct Refused {
    status: StatusCode,
    reason: String,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.reason }))).into_response()
    }
}

impl From<ControlError> for Refused {
    fn from(error: ControlError) -> Self {
        Self {
            status: error.status(),
            reason: error.to_string(),
        }
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        Refused::from(self).into_response()
    }
}

impl From<JsonRejection> for Refused {
    fn from(misfit: JsonRejection) -> Self {
        let status = match misfit {
            // JSON of another shape is no less a bad request than what is no JSON.
            JsonRejection::JsonDataError(_) => StatusCode::BAD_REQUEST,
            _ => misfit.status(),
        };
        let reason = misfit.body_text();
        Self { status, reason }
    }
}

impl From<BytesRejection> for Refused {
    fn from(unread: BytesRejection) -> Self {
        Self {
            status: unread.status(),
            reason: unread.body_text(),
        }
    }
}

impl From<QueryRejection> for Refused {
    fn from(misfit: QueryRejection) -> Self {
        Self {
            status: misfit.status(),
            reason: misfit.body_text(),
        }
    }
}
