//! How large a body may be, whether its length is said beforehand or not.

use app::import::calls::WRITE;
use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// The largest body that is taken: a CSV file of 100,000 devices.
const LARGEST: usize = 16 * 1024 * 1024;

/// The same file once more, when its good lines are imported: as a form sends it, each sign of it may be three.
pub(super) const LARGEST_FORM: usize = 3 * LARGEST;

/// Reads no more than that of a body, whoever reads it; [`super::problem::readable`] says so.
pub async fn bodies(request: Request, next: Next) -> Response {
    let most = if request.uri().path() == WRITE {
        LARGEST_FORM
    } else {
        LARGEST
    };
    let length = request.headers().get(header::CONTENT_LENGTH);
    let said = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if said.is_some_and(|said| said > most) {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let over = Arc::new(AtomicBool::new(false));
    let (parts, body) = request.into_parts();
    let body = up_to(most, body, over.clone());
    let response = next.run(Request::from_parts(parts, body)).await;
    // Whoever was reading may have taken it for something else.
    if over.load(Ordering::Relaxed) {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    response
}

/// The body, which fails where it goes on for too long, and notes that it did.
fn up_to(most: usize, body: Body, over: Arc<AtomicBool>) -> Body {
    let mut read = 0;
    Body::from_stream(body.into_data_stream().map(move |piece| {
        read += piece.as_ref().map_or(0, Bytes::len);
        if read > most {
            over.store(true, Ordering::Relaxed);
            return Err(axum::Error::new("the body is too large"));
        }
        piece
    }))
}
