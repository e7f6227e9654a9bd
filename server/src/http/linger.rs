//! What is answered before the whole body is there, such as that it is too large, reaches whoever is still sending: a
//! connection that is closed with something unread is reset, and the answer with it.

use super::limit::LARGEST_FORM;
use axum::{
    body::{Body, BodyDataStream, Bytes, HttpBody},
    extract::Request,
    middleware::Next,
    response::Response,
};
use futures::{Stream, StreamExt, future};
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::sync::oneshot;

/// What is read of a body that nobody wants: twice the largest that is taken.
const MOST: usize = 2 * LARGEST_FORM;
/// For so long.
const LONGEST: Duration = Duration::from_secs(5);

pub async fn drain(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let (back, mut left) = oneshot::channel();
    let lent = Lent {
        body: Some(body.into_data_stream()),
        back: Some(back),
    };
    let response = next
        .run(Request::from_parts(parts, Body::from_stream(lent)))
        .await;
    if let Ok(rest) = left.try_recv() {
        let mut read = 0;
        let over = rest.take_while(|piece| {
            read += piece.as_ref().map_or(MOST, Bytes::len);
            future::ready(read < MOST)
        });
        // Whoever is slower than that may lose the answer.
        drop(tokio::time::timeout(LONGEST, over.for_each(|_| future::ready(()))).await);
    }
    response
}

/// A body that comes back if it is dropped before its end.
struct Lent {
    body: Option<BodyDataStream>,
    back: Option<oneshot::Sender<BodyDataStream>>,
}

impl Stream for Lent {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(body) = self.body.as_mut() else {
            return Poll::Ready(None);
        };
        let piece = ready!(body.poll_next_unpin(context));
        if !matches!(piece, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(piece)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(body), Some(back)) = (self.body.take(), self.back.take()) {
            // Nobody waits for it once the answer is on its way.
            drop(back.send(body));
        }
    }
}
