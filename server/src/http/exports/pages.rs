//! A list from its first page to its last, sent as it is read: never all of it at once.

use super::file;
use crate::{http::problem, portal::csv_text};
use axum::{
    body::{Body, Bytes},
    extract::Request,
    response::Response,
};
use contract::{
    Fault, Page, PageQuery,
    activity::OperationQuery,
    catalog::AssetQuery,
    checkin::RequestQuery,
    devices::DeviceQuery,
    drift::{DriftHolderQuery, DriftQuery},
    groups::GroupQuery,
    licenses::{LedgerQuery, LicenseQuery, MacGraceQuery},
    people::PersonQuery,
    tokens::TokenQuery,
    users::ToldQuery,
};
use futures::{Stream, StreamExt, stream};

/// What is asked of a list, a page at a time.
pub trait Paged {
    fn page(&mut self) -> &mut PageQuery;
}

macro_rules! paged {
    ($($query:ty),*) => {
        $(impl Paged for $query {
            fn page(&mut self) -> &mut PageQuery {
                &mut self.page
            }
        })*
    };
}

paged!(
    LedgerQuery,
    LicenseQuery,
    DeviceQuery,
    PersonQuery,
    TokenQuery,
    AssetQuery,
    OperationQuery,
    GroupQuery,
    RequestQuery,
    DriftQuery,
    DriftHolderQuery,
    MacGraceQuery,
    ToldQuery
);

/// A list of a slice as a file, which the page's own parameters choose from and sort: `name: "file.csv", slice.method(query),
/// head, line`.
macro_rules! export {
    ($(#[$meta:meta])* $name:ident: $file:literal, $slice:ident.$list:ident($query:path), $head:expr, $line:path) => {
        $(#[$meta])*
        pub async fn $name(
            axum::Extension(signed): axum::Extension<$crate::http::sessions::Signed>,
            axum::extract::Query(asked): axum::extract::Query<$crate::http::exports::lists::Asked>,
            request: axum::extract::Request,
        ) -> axum::response::Response {
            let export = async {
                let services = signed.services();
                let (slice, caller) = (services.$slice.clone(), services.caller()?.clone());
                let read = move |query| {
                    let (slice, caller) = (slice.clone(), caller.clone());
                    async move { slice.$list(&caller, query).await }
                };
                let query = $query(&app::ui::Address::of(asked));
                $crate::http::exports::pages::whole($head, query, read, $line).await
            }
            .await;
            $crate::http::exports::pages::sent(&request, $file, export)
        }
    };
}
pub(super) use export;

/// The list as text, one chunk a page. A fault of the first page says whether there is an answer at all.
pub async fn whole<Q, R, F>(
    head: impl IntoIterator<Item = impl Into<String>>,
    mut query: Q,
    read: impl Fn(Q) -> F + Send + 'static,
    line: fn(R) -> Vec<String>,
) -> Result<Body, Fault>
where
    Q: Paged + Clone + Send + 'static,
    R: Send + 'static,
    F: Future<Output = Result<Page<R>, Fault>> + Send + 'static,
{
    let page = query.page();
    (page.cursor, page.rows) = (None, Some(PageQuery::MOST));
    let head = head.into_iter().map(Into::into).collect();
    let mut chunks = Box::pin(chunks(head, query, read, line));
    let first = chunks.next().await.transpose()?;
    Ok(Body::from_stream(stream::iter(first.map(Ok)).chain(chunks)))
}

fn chunks<Q, R, F>(
    head: Vec<String>,
    query: Q,
    read: impl Fn(Q) -> F,
    line: fn(R) -> Vec<String>,
) -> impl Stream<Item = Result<Bytes, Fault>>
where
    Q: Paged + Clone,
    F: Future<Output = Result<Page<R>, Fault>>,
{
    stream::try_unfold(Some((query, Some(head))), move |next| {
        let page = next.map(|(query, head)| (read(query.clone()), query, head));
        async move {
            let Some((page, mut query, head)) = page else {
                return Ok(None);
            };
            let page = page.await?;
            let text = csv_text(head.into_iter().chain(page.rows.into_iter().map(line)))?;
            let rest = page.next.map(|cursor| {
                query.page().cursor = Some(cursor);
                (query, None)
            });
            Ok(Some((Bytes::from(text), rest)))
        }
    })
}

pub fn sent(request: &Request, name: &str, list: Result<Body, Fault>) -> Response {
    match list {
        Ok(list) => file(name, list),
        Err(fault) => problem::respond(request.headers(), &fault),
    }
}
