//! A page that is asked for again in the same moment is not made again: many windows that load anew at once, or somebody
//! impatient, cost one page. Only the same request of the same session is answered so. What is made, for people who may
//! see it alone, is made a few pages at a time: if all were at once, all would be late.

use super::problem::{self, Reader};
use crate::{
    moment::{Moment, Moments},
    secrets::digest,
};
use app::routes::{Access, permission_for};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{ACCEPT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, SET_COOKIE},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use contract::Code;
use http_body::{Frame, SizeHint};
use leptos::nonce::Nonce;
use std::{
    collections::VecDeque,
    convert::Infallible,
    mem,
    num::NonZero,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    sync::{Mutex, Semaphore},
    time::timeout,
};

/// Pages of a moment; those beyond are made for each request.
const MOST: usize = 16;
/// How long a page waits for its turn, or for the same page that is being made, before it is made all the same: it may be
/// that the others wait for Apple.
const PATIENCE: Duration = Duration::from_millis(100);

#[derive(Clone)]
pub struct Kept {
    moments: Moments,
    turns: Arc<Semaphore>,
}

/// What a request asks for: its digest.
#[derive(Clone)]
struct Asked(Vec<u8>);

/// A page's place among those of its moment.
#[derive(Default)]
struct Slot {
    /// None is what must be made for each request.
    page: OnceLock<Option<Arc<Page>>>,
    /// Locked by whoever makes it.
    making: Mutex<()>,
}

/// A page without the nonces of whom it was made for.
struct Page {
    headers: HeaderMap,
    /// Between two of them is a nonce.
    parts: Vec<Bytes>,
}

impl Kept {
    pub fn new(moments: Moments) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            moments,
            turns: Arc::new(Semaphore::new((2 * cores).max(4))),
        }
    }
}

/// Gives a page that is kept, and tells those who make one which moment it is.
pub async fn give(State(kept): State<Kept>, mut request: Request, next: Next) -> Response {
    let nonce = request.extensions().get::<Nonce>();
    let (Some(asked), Some(nonce)) = (asked(&request), nonce) else {
        return next.run(request).await;
    };
    if let Some(moment) = kept.moments.now().await {
        let slot = moment.find::<Slot>(&asked.0);
        if let Some(Some(page)) = slot.as_ref().and_then(|slot| slot.page.get()) {
            return page.answer(nonce);
        }
        request.extensions_mut().insert(moment);
    }
    request.extensions_mut().insert(asked);
    next.run(request).await
}

/// Makes a page that is not kept, for somebody who may see it.
pub async fn make(State(kept): State<Kept>, mut request: Request, next: Next) -> Response {
    let extensions = request.extensions_mut();
    let (Some(Asked(asked)), Some(nonce)) = (extensions.remove(), extensions.get::<Nonce>().cloned()) else {
        return next.run(request).await;
    };
    let moment = extensions.get::<Arc<Moment>>();
    let slot = moment.and_then(|moment| moment.place::<Slot>(&asked, MOST));
    let making = match &slot {
        Some(slot) if slot.page.get().is_none() => timeout(PATIENCE, slot.making.lock()).await.ok(),
        _ => None,
    };
    // Somebody else may have made it meanwhile.
    if let Some(Some(page)) = slot.as_ref().and_then(|slot| slot.page.get()) {
        return page.answer(&nonce);
    }
    let reader = Reader::from(request.headers());
    let turn = timeout(PATIENCE, kept.turns.acquire()).await;
    let made = Page::of(next.run(request).await, reader, &nonce).await;
    drop(turn);
    let (page, response) = match made {
        Ok(page) => {
            let page = Arc::new(page);
            (Some(page.clone()), page.answer(&nonce))
        }
        Err(response) => (None, response),
    };
    if let Some(slot) = &slot {
        // Two may have made it, one of them impatient: they are the same.
        _ = slot.page.set(page);
    }
    drop(making);
    response
}

/// The digest of all that the page of somebody signed in depends on, besides the moment.
fn asked(request: &Request) -> Option<Asked> {
    let (uri, headers) = (request.uri(), request.headers());
    let signed_in = matches!(
        permission_for(uri.path()),
        Some(Access::SignedIn | Access::Needs(_))
    );
    if request.method() != Method::GET || !signed_in || !headers.contains_key(COOKIE) {
        return None;
    }
    let mut all = uri.path_and_query()?.as_str().as_bytes().to_vec();
    for name in [COOKIE, ACCEPT_LANGUAGE] {
        for value in headers.get_all(name) {
            all.push(b'\n');
            all.extend(value.as_bytes());
        }
        // No header has either sign in it.
        all.push(b'\r');
    }
    Some(Asked(digest(&all)))
}

impl Page {
    /// The response itself if it must not be kept.
    async fn of(response: Response, reader: Reader, nonce: &Nonce) -> Result<Self, Response> {
        let headers = response.headers();
        let html = |value: &HeaderValue| value.as_bytes().starts_with(b"text/html");
        let is_page = headers.get(CONTENT_TYPE).is_some_and(html);
        if response.status() != StatusCode::OK || !is_page || headers.contains_key(SET_COOKIE) {
            return Err(response);
        }
        let (mut head, body) = response.into_parts();
        let body = match to_bytes(body, usize::MAX).await {
            Ok(body) => body,
            Err(error) => {
                tracing::error!(%error, "a page could not be made");
                return Err(problem::respond(reader, &Code::Internal.into()));
            }
        };
        let Ok(text) = std::str::from_utf8(&body) else {
            return Err(Response::from_parts(head, Body::from(body)));
        };
        head.headers.remove(CONTENT_LENGTH);
        Ok(Self {
            headers: head.headers,
            parts: text
                .split(&**nonce.as_inner())
                .map(|part| body.slice_ref(part.as_bytes()))
                .collect(),
        })
    }

    fn answer(&self, nonce: &Nonce) -> Response {
        let nonce = nonce.as_inner().as_bytes();
        let mut pieces = VecDeque::new();
        let mut short = Vec::new();
        for (number, part) in self.parts.iter().enumerate() {
            if number > 0 {
                short.extend_from_slice(nonce);
            }
            if part.len() < SHORT {
                short.extend_from_slice(part);
            } else {
                pieces.push_back(mem::take(&mut short).into());
                pieces.push_back(part.clone());
            }
        }
        pieces.push_back(short.into());
        pieces.retain(|piece| !piece.is_empty());
        (self.headers.clone(), Body::new(Pieces(pieces))).into_response()
    }
}

/// Parts of fewer bytes are sent with their neighbours; longer ones are not copied.
const SHORT: usize = 4_096;

/// A body whose length is known.
struct Pieces(VecDeque<Bytes>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|piece| piece.len() as u64).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SetClock;
    use axum::{Extension, Router, middleware::from_fn_with_state, response::Html, routing::get};
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use store::Db;
    use tower::ServiceExt;

    /// Pages that say which of all they are, and carry their nonce twice.
    struct Server {
        router: Router,
        made: Arc<AtomicUsize>,
        clock: Arc<SetClock>,
        db: Db,
        folder: std::path::PathBuf,
    }

    impl Drop for Server {
        fn drop(&mut self) {
            drop(std::fs::remove_dir_all(&self.folder));
        }
    }

    impl Server {
        async fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("pomona-kept-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            let db = store::open(folder.join("pomona.db").to_str().unwrap())
                .await
                .unwrap();
            let made = Arc::new(AtomicUsize::new(0));
            let clock = Arc::new(SetClock::default());
            let count = made.clone();
            let page = async move |Extension(nonce): Extension<Nonce>| {
                let number = count.fetch_add(1, SeqCst) + 1;
                Html(format!("<i nonce={nonce}>{number}</i><i nonce={nonce}></i>"))
            };
            let secret = async |Extension(nonce): Extension<Nonce>| {
                ([(SET_COOKIE, "once=; Max-Age=0")], Html(nonce.to_string()))
            };
            let kept = Kept::new(Moments::new(db.clone(), clock.clone()));
            let router = Router::new()
                .route("/apps", get(page.clone()).post(page.clone()))
                .route("/sign-in", get(page))
                .route("/tokens", get(secret))
                .layer(from_fn_with_state(kept.clone(), make))
                .layer(from_fn_with_state(kept, give));
            Self {
                router,
                made,
                clock,
                db,
                folder,
            }
        }

        /// The page's text, after looking whether it carries this request's nonce.
        async fn ask(&self, method: Method, path: &str, cookie: &str, language: &str) -> String {
            let nonce = Nonce::new();
            let request = Request::builder()
                .method(method)
                .uri(path)
                .header(COOKIE, cookie)
                .header(ACCEPT_LANGUAGE, language)
                .extension(nonce.clone())
                .body(Body::empty())
                .unwrap();
            let answer = self.router.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
            let body = to_bytes(answer.into_body(), 1_000).await.unwrap();
            let text = String::from_utf8(body.to_vec()).unwrap();
            assert!(text.contains(&**nonce.as_inner()), "{text}");
            text.replace(&**nonce.as_inner(), "…")
        }

        async fn apps(&self) -> String {
            self.ask(Method::GET, "/apps", "pomona=a", "sv").await
        }
    }

    #[tokio::test]
    async fn the_same_request_is_answered_by_one_page_with_each_its_own_nonce() {
        let server = Server::new("same").await;
        let asking = (0..25).map(|_| server.apps());
        let pages = futures::future::join_all(asking).await;
        for page in pages {
            assert_eq!(page, "<i nonce=…>1</i><i nonce=…></i>");
        }
        assert_eq!(server.made.load(SeqCst), 1);
    }

    #[tokio::test]
    async fn what_was_written_and_a_second_that_passed_make_another() {
        let server = Server::new("written").await;
        assert!(server.apps().await.contains(">1<"));
        server.db.set_setting("word", "plum").await.unwrap();
        assert!(server.apps().await.contains(">2<"));
        server.clock.0.store(999, SeqCst);
        assert!(server.apps().await.contains(">2<"));
        server.clock.0.store(1_000, SeqCst);
        assert!(server.apps().await.contains(">3<"));
    }

    #[tokio::test]
    async fn another_request_is_another_page() {
        let server = Server::new("another").await;
        let mut number = 0;
        for (method, path, cookie, language) in [
            (Method::GET, "/apps", "pomona=a", "sv"),
            (Method::GET, "/apps?page=2", "pomona=a", "sv"),
            (Method::GET, "/apps", "pomona=b", "sv"),
            (Method::GET, "/apps", "pomona=a", "nl"),
            (Method::GET, "/apps", "", "pomona=asv"),
            // Made for each.
            (Method::POST, "/apps", "pomona=a", "sv"),
            (Method::POST, "/apps", "pomona=a", "sv"),
            (Method::GET, "/sign-in", "pomona=a", "sv"),
            (Method::GET, "/sign-in", "pomona=a", "sv"),
        ] {
            number += 1;
            let page = server.ask(method, path, cookie, language).await;
            assert!(page.contains(&format!(">{number}<")), "{path}: {page}");
        }
    }

    #[tokio::test]
    async fn an_answer_that_sets_a_cookie_is_never_given_again() {
        let server = Server::new("cookie").await;
        for _ in 0..3 {
            assert_eq!(server.ask(Method::GET, "/tokens", "pomona=a", "sv").await, "…");
        }
    }

    #[tokio::test]
    async fn beyond_so_many_pages_each_is_made_for_its_request() {
        let server = Server::new("many").await;
        let ask = async |page: usize| {
            let path = format!("/apps?page={page}");
            server.ask(Method::GET, &path, "pomona=a", "sv").await
        };
        for page in 0..=MOST {
            ask(page).await;
        }
        assert!(ask(0).await.contains(">1<"));
        assert!(ask(MOST).await.contains(&format!(">{}<", MOST + 2)));
    }
}
