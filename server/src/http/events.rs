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
use std::{convert::Infallible, pin::Pin, time::Duration};
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

/// Devices' pages that are looked at at the same time: a thousand open ones leave the rest of the server its turn, and hear
/// later the more they are.
pub const LOOKS: usize = 2;

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
    let seen = seen(&web, &session).await;
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
    let listening = Listening {
        web: web.clone(),
        changes: Box::pin(changes),
        session,
        seen,
    };
    let again = stream::unfold(Some(listening), async |listening| listening?.next().await);
    sent(&web, stream::iter(missed).chain(again))
}

/// A device's open page.
struct Listening<S> {
    web: Web,
    changes: Pin<Box<S>>,
    session: RequestSession,
    /// What it shows.
    seen: Option<CheckInView>,
}

impl<S: Stream> Listening<S> {
    /// That it shows something else by now, and itself while it is a device's.
    async fn next(mut self) -> Option<(LiveEvent, Option<Self>)> {
        loop {
            self.changes.next().await?;
            gather(&mut self.changes).await;
            let now = seen(&self.web, &self.session).await;
            if now != self.seen {
                let goes_on = !matches!(now, Some(CheckInView::Choose(_) | CheckInView::Stranger));
                self.seen = now;
                return Some((LiveEvent::Missed, goes_on.then_some(self)));
            }
        }
    }
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
async fn seen(web: &Web, session: &RequestSession) -> Option<CheckInView> {
    let _turn = web.looks.acquire().await.ok()?;
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
