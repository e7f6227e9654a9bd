//! Live changes as server-sent events.

use super::{Web, sessions::Signed};
use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use contract::live::LiveEvent;
use futures::{StreamExt, stream};
use std::convert::Infallible;
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};

/// Streams until the client goes or the server stops. Every role may see all of it.
pub async fn stream(State(web): State<Web>, Extension(signed): Extension<Signed>) -> Response {
    if signed.caller.is_none() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let changes = BroadcastStream::new(web.portal.live.listen()).map(|change| match change {
        Ok(change) => change,
        Err(BroadcastStreamRecvError::Lagged(_)) => LiveEvent::Missed,
    });
    // What happened between the page's making and now, it has not heard.
    let hello = stream::iter([LiveEvent::Missed]);
    let events = hello
        .chain(changes)
        .filter_map(async |change| Event::default().json_data(&change).ok().map(Ok::<_, Infallible>));
    let stop = web.stop.clone();
    Sse::new(events.take_until(async move { stop.cancelled().await }))
        .keep_alive(KeepAlive::default())
        .into_response()
}
