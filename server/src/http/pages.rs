//! Pages and server functions: who may open what, and what they are given.

use super::{
    problem::{self, Reader},
    sessions::Signed,
};
use app::{
    call::Failure,
    routes::{Access, permission_for},
    tokens::calls::WITH_FILES,
    ui::lasting,
};
use axum::{
    body::Body,
    extract::{FromRequest, Multipart, Query, Request},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use contract::Code;
use leptos::server_fn::error::ServerFnUrlError;
use serde::Deserialize;

/// For a plain form that does not say which page it is on, as some browsers are set: no page of ours.
const UNSAID: &str = "http://unsaid.invalid/";

/// What Leptos adds to the address of the page that a refused form is on.
#[derive(Deserialize)]
struct Refusal {
    __err: String,
}

/// What no server function is called by.
pub async fn no_call(headers: HeaderMap) -> Response {
    problem::respond(&headers, &Code::NotFound.into())
}

/// Leptos leads whoever sent a plain form back to its page, with what it was refused for: whoever does not say which page
/// that is reads it here.
pub async fn refusal_without_page(mut request: Request, next: Next) -> Response {
    let page = request.headers().get(header::REFERER);
    let is_said = page.is_some_and(|page| page.as_bytes().starts_with(b"http"));
    if request.method() != Method::POST || is_said {
        return next.run(request).await;
    }
    let reader = Reader::from(request.headers());
    request
        .headers_mut()
        .insert(header::REFERER, HeaderValue::from_static(UNSAID));
    answered_here(reader, next.run(request).await)
}

fn answered_here(reader: Reader, mut response: Response) -> Response {
    let to = response.headers().get(header::LOCATION);
    let Some(to) = to
        .and_then(|to| to.to_str().ok())
        .filter(|to| to.starts_with(UNSAID))
    else {
        return response;
    };
    let refusal = to
        .parse()
        .ok()
        .and_then(|to| Query::<Refusal>::try_from_uri(&to).ok());
    if let Some(Query(Refusal { __err })) = refusal {
        let Failure(fault) = ServerFnUrlError::decode_err(&__err);
        return problem::respond(reader, &fault);
    }
    response
        .headers_mut()
        .insert(header::LOCATION, HeaderValue::from_static("/"));
    response
}

/// What a form was refused for stands in the address of its page. From anywhere else such an address is somebody's who
/// wants to put words into Pomona's mouth: it leads to the page alone.
pub async fn own_refusals(request: Request, next: Next) -> Response {
    let site = request.headers().get("sec-fetch-site");
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if reads
        && site.is_some_and(|site| site != "same-origin")
        && permission_for(request.uri().path()).is_some()
    {
        let to = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let page = lasting(to);
        if page != to {
            return Redirect::to(&page).into_response();
        }
    }
    next.run(request).await
}

/// Refuses what should be a form with a file in it and is not: Leptos makes a panic of that.
pub async fn with_parts(request: Request, next: Next) -> Response {
    if WITH_FILES.contains(&request.uri().path()) && !has_parts(request.headers()).await {
        return problem::respond(request.headers(), &Code::RequestInvalid.into());
    }
    next.run(request).await
}

/// Whether these are of `multipart/form-data` with a boundary.
async fn has_parts(headers: &HeaderMap) -> bool {
    let mut like = Request::new(Body::empty());
    *like.headers_mut() = headers.clone();
    Multipart::from_request(like, &()).await.is_ok()
}

/// Addresses that are no pages and are for people who are signed in.
const SIGNED_IN: &[&str] = &["/events", "/export/"];

/// Sends whoever asks for a page with a slash too many to the page: the browser's half compares paths as they are.
pub async fn tidy(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    match without_slashes(request.uri()).filter(|_| reads) {
        Some(to) => Redirect::permanent(&to).into_response(),
        None => next.run(request).await,
    }
}

/// The page's own address, if this is it with a slash too many. It begins with one slash and the name of a page, so that it
/// leads to no other site.
fn without_slashes(uri: &Uri) -> Option<String> {
    let path = uri.path();
    if climbs(path) {
        return None;
    }
    let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
    let own = format!("/{}", parts.join("/"));
    if own == path || permission_for(&own).is_none() {
        return None;
    }
    Some(match uri.query() {
        Some(query) => format!("{own}?{query}"),
        None => own,
    })
}

/// Sends whoever is not signed in to the sign-in page, and refuses pages that the role does not allow, also those that a
/// form is sent to.
pub async fn guard(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads && permission_for(path).is_none() {
        return next.run(request).await;
    }
    if climbs(path) {
        return problem::respond(request.headers(), &Code::NotFound.into());
    }
    let caller = request
        .extensions()
        .get::<Signed>()
        .and_then(|signed| signed.caller.clone());
    let access = match permission_for(path) {
        Some(access) => access,
        None if SIGNED_IN.iter().any(|start| path.starts_with(start)) => Access::SignedIn,
        None => Access::Public,
    };
    match (access, caller) {
        (Access::Public, _) | (Access::SignedIn, Some(_)) => next.run(request).await,
        (_, None) if reads => sign_in_first(request.uri()),
        (_, None) => problem::respond(request.headers(), &Code::SignInNeeded.into()),
        (Access::Needs(permission), Some(caller)) if caller.may(permission) => next.run(request).await,
        (Access::Needs(_), Some(_)) => problem::respond(request.headers(), &Code::NotAllowed.into()),
    }
}

/// Whether a part of the path leads to another: what stands for pages here might read it as another page's address.
fn climbs(path: &str) -> bool {
    path.contains('\\')
        || path
            .split('/')
            .map(|part| part.replace("%2e", ".").replace("%2E", "."))
            .any(|part| part == "." || part == "..")
}

fn sign_in_first(uri: &Uri) -> Response {
    let to = uri.path_and_query().map_or("/", |path| path.as_str());
    match to {
        "/" => Redirect::to("/sign-in").into_response(),
        // No page, and asked for again and again.
        _ if uri.path() == "/events" => StatusCode::UNAUTHORIZED.into_response(),
        // What a form was refused for is not so any more.
        _ => {
            let next = percent_encode(&lasting(to));
            Redirect::to(&format!("/sign-in?next={next}")).into_response()
        }
    }
}

/// Everything but letters, digits and a few harmless signs becomes `%XX`.
fn percent_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{climbs, without_slashes};

    #[test]
    fn a_page_with_a_slash_too_many_leads_to_the_page_and_to_nothing_else() {
        let own = |path: &str| without_slashes(&path.parse().unwrap());
        for (path, page) in [
            ("/apps/", "/apps"),
            ("//apps", "/apps"),
            (
                "/devices//?platform=mac&sort=name",
                "/devices?platform=mac&sort=name",
            ),
            ("/settings//accounts/", "/settings/accounts"),
            ("/sign-in/?next=//evil.example", "/sign-in?next=//evil.example"),
            ("//", "/"),
        ] {
            assert_eq!(own(path).as_deref(), Some(page), "{path}");
        }
        for path in [
            "/",
            "/apps",
            "/tokens?cursor=a//b/",
            "//evil.example",
            "//evil.example/",
            "///evil.example/apps/",
            "/\\evil.example/",
            "/export/apps.csv/",
            "/api//tokens/list",
            "/apps/../",
        ] {
            assert_eq!(own(path), None, "{path}");
        }
    }

    #[test]
    fn no_address_leads_to_another() {
        for bad in [
            "/tokens\\new",
            "/x/../tokens",
            "/x/%2e%2e/tokens",
            "/./tokens",
            "/a/.%2E",
            "/%2E%2e",
        ] {
            assert!(climbs(bad), "{bad}");
        }
        for good in ["/", "/tokens", "/a..b/.well-known", "/people/anna.berg", "/..."] {
            assert!(!climbs(good), "{good}");
        }
    }
}
