//! A list from its first page to its last, sent as it is read: never all of it at once.

use crate::{http::problem, portal::csv::csv_text};
use app::i18n::iso;
use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::header,
    response::{IntoResponse, Response},
};
use contract::{
    AppleError, Fault, Page, PageQuery, Serial, UnixMillis,
    activity::{ItemQuery, OperationQuery},
    catalog::AssetQuery,
    checkin::RequestQuery,
    devices::DeviceQuery,
    drift::{DriftHolderQuery, DriftQuery},
    groups::GroupQuery,
    licenses::{Holder, LedgerQuery, LicenseQuery, MacGraceQuery},
    people::PersonQuery,
    reclaim::{OrphanQuery, ReclaimQuery},
    tokens::TokenQuery,
    users::ToldQuery,
};
use futures::{Stream, StreamExt, stream};

/// The parameters of the page's address.
pub type Asked = Vec<(String, String)>;

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
    ToldQuery,
    ItemQuery,
    ReclaimQuery,
    OrphanQuery
);

impl Paged for PageQuery {
    fn page(&mut self) -> &mut PageQuery {
        self
    }
}

/// Of what is named beside it.
impl<Id, Q: Paged> Paged for (Id, Q) {
    fn page(&mut self) -> &mut PageQuery {
        self.1.page()
    }
}

/// A list of a slice as a file, which the page's own parameters choose from and sort: `name: "file.csv", slice.method(query),
/// head, line`. Where the page is a field of what is answered, `.field` follows the call; where the list is of something
/// that the address names, `of` and what reads it stand before the query, with `&` as the method takes it, and between them
/// what chooses from it, if the method takes that apart.
macro_rules! export {
    (
        $(#[$meta:meta])* $name:ident: $file:literal,
        $slice:ident.$list:ident($query:path) $(.$field:ident)?, $head:expr, $line:path
    ) => {
        export! { @
            $(#[$meta])* $name: $file, $slice, $query, $head, $line,
            (slice, caller, query) => slice.$list(&caller, query).await $(.map(|found| found.$field))?
        }
    };
    (
        $(#[$meta:meta])* $name:ident: $file:literal,
        $slice:ident.$list:ident(of &$id:path, $query:path), $head:expr, $line:path
    ) => {
        export! { @
            $(#[$meta])* $name: $file, $slice, |address| ($id(address), $query(address)), $head, $line,
            (slice, caller, (id, query)) => slice.$list(&caller, &id, query).await
        }
    };
    (
        $(#[$meta:meta])* $name:ident: $file:literal,
        $slice:ident.$list:ident(of &$id:path, $filter:path, $query:path), $head:expr, $line:path
    ) => {
        export! { @
            $(#[$meta])* $name: $file, $slice, |address| ($id(address), ($filter(address), $query(address))),
            $head, $line,
            (slice, caller, (id, (filter, query))) => slice.$list(&caller, &id, filter, query).await
        }
    };
    (
        $(#[$meta:meta])* $name:ident: $file:literal,
        $slice:ident.$list:ident(of $id:path, $query:path), $head:expr, $line:path
    ) => {
        export! { @
            $(#[$meta])* $name: $file, $slice, |address| ($id(address), $query(address)), $head, $line,
            (slice, caller, (id, query)) => slice.$list(&caller, id, query).await
        }
    };
    (
        @ $(#[$meta:meta])* $name:ident: $file:literal, $services:ident, $query:expr, $head:expr, $line:path,
        ($slice:ident, $caller:ident, $asked:pat) => $read:expr
    ) => {
        $(#[$meta])*
        pub async fn $name(
            axum::Extension(signed): axum::Extension<$crate::http::sessions::Signed>,
            axum::extract::Query(asked): axum::extract::Query<$crate::http::exports::pages::Asked>,
            request: axum::extract::Request,
        ) -> axum::response::Response {
            let export = async {
                let services = signed.services_to_the_end();
                let ($slice, $caller) = (services.$services.clone(), services.caller()?.clone());
                let read = move |$asked| {
                    let ($slice, $caller) = ($slice.clone(), $caller.clone());
                    async move { $read }
                };
                let asked_by = |address: &app::ui::Address| ($query)(address);
                let query = asked_by(&app::ui::Address::of(asked));
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
    (page.cursor, page.rows, page.uncounted) = (None, Some(PageQuery::MOST), true);
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

pub fn sent(request: &Request, name: &str, list: Result<impl Into<Body>, Fault>) -> Response {
    match list {
        Ok(list) => file(name, list),
        Err(fault) => problem::respond(request.headers(), &fault),
    }
}

/// By this (U+FEFF) Excel takes a file for UTF-8; an import passes over it.
const MARK: &[u8] = "\u{feff}".as_bytes();

fn file(name: &str, body: impl Into<Body>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    let mark = stream::once(async { Ok(Bytes::from_static(MARK)) });
    let body = Body::from_stream(mark.chain(body.into().into_data_stream()));
    (headers, body).into_response()
}

pub fn moment(at: Option<UnixMillis>) -> String {
    at.map(iso).unwrap_or_default()
}

/// A serial number or a user name; nothing of a device that has none (D1).
pub fn key(text: &str) -> String {
    match Serial::known(text).is_absent() {
        true => String::new(),
        false => text.to_owned(),
    }
}

/// Its number and its words.
pub fn of_apple(error: Option<AppleError>) -> (String, String) {
    error
        .map(|error| (error.number.to_string(), error.message))
        .unwrap_or_default()
}

/// A licence's first cells: app, location, and the holder in three.
pub fn of_license(
    app: String,
    location: String,
    holder: &Holder,
    holder_name: Option<String>,
) -> [String; 5] {
    [
        app,
        location,
        holder.kind().as_str().to_owned(),
        holder.id().to_owned(),
        holder_name.unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::TryStreamExt;
    use std::sync::{Arc, Mutex};

    #[test]
    fn d1_where_a_device_has_no_serial_number_nothing_stands() {
        assert_eq!(key(Serial::absent("anna", "Phone").as_str()), "");
        assert_eq!(key("C02Y402HLCM6"), "C02Y402HLCM6");
    }

    #[tokio::test]
    async fn a_list_is_read_in_large_pages_from_the_first_to_the_last_and_never_counted() {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let pages = asked.clone();
        let read = move |query: PageQuery| {
            let mut asked = pages.lock().unwrap();
            asked.push(query);
            let last = asked.len() == 3;
            let rows = vec![asked.len()];
            async move {
                Ok(Page {
                    rows,
                    next: (!last).then(|| "more".to_owned()),
                    previous: None,
                    total: None,
                })
            }
        };
        let query = PageQuery {
            cursor: Some("in the middle".to_owned()),
            rows: Some(7),
            ..PageQuery::default()
        };
        let body = whole(["page"], query, read, |page| vec![page.to_string()])
            .await
            .unwrap();
        let text: Vec<Bytes> = body.into_data_stream().try_collect().await.unwrap();
        assert_eq!(text.concat(), b"page\n1\n2\n3\n");
        let asked = asked.lock().unwrap();
        let cursors: Vec<_> = asked.iter().map(|query| query.cursor.as_deref()).collect();
        assert_eq!(cursors, [None, Some("more"), Some("more")]);
        assert!(
            asked
                .iter()
                .all(|query| query.uncounted && query.rows == Some(PageQuery::MOST))
        );
    }
}
