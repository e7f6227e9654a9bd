//! What goes back: an answer, Apple's error, or nothing at all.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use uuid::Uuid;

use crate::wire::{ErrorInfo, ErrorNumber, ErrorResponse};

/// A successful answer.
pub(crate) struct Answer {
    body: Vec<u8>,
    event: Option<Uuid>,
}

impl Answer {
    /// An answer with this body.
    pub(crate) fn json(body: &impl Serialize) -> Self {
        Self {
            body: to_json(body),
            event: None,
        }
    }

    /// An answer that an event was accepted.
    pub(super) fn accepted(event: Uuid, body: &impl Serialize) -> Self {
        Self {
            body: to_json(body),
            event: Some(event),
        }
    }
}

fn to_json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_else(|error| {
        tracing::error!(%error, "an answer could not be written");
        Vec::new()
    })
}

/// An error that answers the request.
pub(super) struct Refusal {
    error: ErrorNumber,
    info: Option<ErrorInfo>,
    status: Option<u16>,
}

impl From<ErrorNumber> for Refusal {
    fn from(error: ErrorNumber) -> Self {
        Self {
            error,
            info: None,
            status: None,
        }
    }
}

impl Refusal {
    /// Names whom it concerns.
    pub(super) fn about(error: ErrorNumber, info: ErrorInfo) -> Self {
        Self {
            error,
            info: Some(info),
            status: None,
        }
    }

    /// With another HTTP status than the table's.
    pub(super) fn with_status(self, status: u16) -> Self {
        Self {
            status: Some(status),
            ..self
        }
    }
}

/// Marks a response that must not be sent: the connection is closed instead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DropConnection;

/// What the client gets.
pub(crate) struct Reply {
    pub(super) status: u16,
    /// Whether what was asked for is done, or accepted as an event.
    pub(super) processed: bool,
    pub(super) error: Option<ErrorNumber>,
    pub(super) event: Option<Uuid>,
    pub(super) dropped: bool,
    retry_after: Option<u32>,
    body: Vec<u8>,
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        let Answer { body, event } = answer;
        Self {
            status: 200,
            processed: true,
            error: None,
            event,
            dropped: false,
            retry_after: None,
            body,
        }
    }
}

impl Reply {
    /// Apple's error; errors of the token have a status of their own.
    pub(super) fn refused(refusal: Refusal, token_error_status: u16) -> Self {
        let error = refusal.error;
        let usual = if error.is_token_error() {
            token_error_status
        } else {
            error.status()
        };
        let body = to_json(&ErrorResponse {
            error_info: refusal.info,
            ..error.into()
        });
        let status = refusal.status.unwrap_or(usual);
        Self {
            status,
            processed: false,
            error: Some(error),
            event: None,
            dropped: false,
            retry_after: None,
            body,
        }
    }

    /// The store's 500 because of an error that is ordered for one product.
    pub(crate) fn failed_in_store(error: ErrorNumber) -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR.as_u16();
        Self::refused(Refusal::from(error).with_status(status), status).bare()
    }

    /// The same from the store, which knows no numbers: the status says all.
    pub(crate) fn bare(self) -> Self {
        Self {
            body: Vec::new(),
            ..self
        }
    }

    /// No answer, and nothing was done.
    pub(super) fn unprocessed() -> Self {
        Self {
            status: 0,
            processed: false,
            error: None,
            event: None,
            dropped: true,
            retry_after: None,
            body: Vec::new(),
        }
    }

    /// The same, which does not arrive.
    pub(super) fn lost(self) -> Self {
        Self {
            dropped: true,
            ..self
        }
    }

    /// With `Retry-After`, in seconds, if it is an error of the server's: Apple documents the header for those alone.
    pub(super) fn later(self, retry_after: Option<u32>) -> Self {
        let retry_after = retry_after.filter(|_| self.status >= 500);
        Self { retry_after, ..self }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = Response::new(super::json_body(self.body));
        if self.dropped {
            response.extensions_mut().insert(DropConnection);
            return response;
        }
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            axum::http::HeaderValue::from_static("application/json;charset=utf-8"),
        );
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}
