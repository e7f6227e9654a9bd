//! Live changes as server-sent events.

use super::{Web, sessions::Signed};
use crate::portal::session::RequestSession;
use axum::{
    Extension,
    extract::{Query, State},
    http::StatusCode,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use contract::{
    checkin::{CheckIn, CheckInView},
    live::LiveEvent,
};
use futures::{Stream, StreamExt, stream};
use std::{convert::Infallible, time::Duration};
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};

/// What a listener knows already.
#[derive(Debug, serde::Deserialize)]
pub struct Since {
    /// Where its page was made: [`Live::position`](crate::engine::live::Live::position).
    #[serde(default)]
    since: String,
}

/// Streams until the client goes, is no longer signed in, or the server stops. Every role may see all of it.
pub async fn stream(
    State(web): State<Web>,
    Extension(signed): Extension<Signed>,
    Query(known): Query<Since>,
) -> Response {
    if signed.caller.is_none() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let (missed, changes) = listen(&web, &known);
    let changes = stream::iter(missed).chain(changes);
    sent(&web, changes.take_until(signed_out(signed)))
}

/// Between two looks at whether a listener is still signed in.
const LOOK: Duration = Duration::from_secs(15);

/// Ends when the session or its account has.
async fn signed_out(signed: Signed) {
    let mut look = tokio::time::interval(LOOK);
    look.tick().await;
    loop {
        look.tick().await;
        match signed.still().await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::warn!(%error, "whether a listener is signed in is unknown"),
        }
    }
}

/// How long several changes are gathered before a device's page is looked at.
const GATHERED: Duration = Duration::from_millis(300);

/// Tells a check-in page to read itself again when something of its own device has changed, and ends once it is no device's
/// any more. What has changed, or anything of another device, is not sent.
pub async fn of_device(
    State(web): State<Web>,
    Extension(signed): Extension<Signed>,
    Query(known): Query<Since>,
) -> Response {
    let session = signed.request_session();
    match session.device().await {
        Ok(Some(_)) => {}
        Ok(None) => return StatusCode::UNAUTHORIZED.into_response(),
        Err(fault) => {
            let status = StatusCode::from_u16(fault.code.status());
            return status
                .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
                .into_response();
        }
    }
    let (missed, changes) = listen(&web, &known);
    let seen = seen(&session).await;
    let changes = changes.filter(|change| {
        let concerns = matches!(
            change,
            LiveEvent::Operation { .. }
                | LiveEvent::Counts { .. }
                | LiveEvent::Requests
                | LiveEvent::Users
                | LiveEvent::Devices
                | LiveEvent::Missed
        );
        std::future::ready(concerns)
    });
    let again = stream::unfold(Some((Box::pin(changes), session, seen)), |listening| async move {
        let (mut changes, session, seen) = listening?;
        loop {
            changes.next().await?;
            gather(&mut changes).await;
            let now = self::seen(&session).await;
            if now != seen {
                let goes_on = !matches!(now, Some(CheckInView::Choose(_) | CheckInView::Stranger));
                let listening = goes_on.then_some((changes, session, now));
                return Some((LiveEvent::Missed, listening));
            }
        }
    });
    sent(&web, stream::iter(missed).chain(again))
}

/// Takes what comes within [`GATHERED`].
async fn gather(changes: &mut (impl Stream + Unpin)) {
    let end = tokio::time::sleep(GATHERED);
    tokio::pin!(end);
    loop {
        tokio::select! {
            () = &mut end => return,
            change = changes.next() => if change.is_none() { return },
        }
    }
}

/// What the device's page shows; none if it cannot be read just now, which is a change as well.
async fn seen(session: &RequestSession) -> Option<CheckInView> {
    session.view().await.ok()
}

/// All from now on; and whether anything happened between the page's making and now, which it has not heard.
fn listen(
    web: &Web,
    known: &Since,
) -> (
    Option<LiveEvent>,
    impl Stream<Item = LiveEvent> + Send + 'static + use<>,
) {
    let live = &web.portal.live;
    let changes = BroadcastStream::new(live.listen()).map(|change| match change {
        Ok(change) => change,
        Err(BroadcastStreamRecvError::Lagged(_)) => LiveEvent::Missed,
    });
    let missed = (live.position() != known.since).then_some(LiveEvent::Missed);
    (missed, changes)
}

fn sent(web: &Web, events: impl Stream<Item = LiveEvent> + Send + 'static) -> Response {
    let events =
        events.filter_map(async |change| Event::default().json_data(&change).ok().map(Ok::<_, Infallible>));
    let stop = web.stop.clone();
    Sse::new(events.take_until(async move { stop.cancelled().await }))
        .keep_alive(KeepAlive::default())
        .into_response()
}
