//! Pages and server functions: who may open what, and what they are given.

use super::{problem, sessions::Signed};
use app::{
    routes::{Access, permission_for},
    tokens::calls::WITH_FILES,
    ui::lasting,
};
use axum::{
    body::Body,
    extract::{FromRequest, Multipart, Request},
    http::{HeaderMap, Method, StatusCode, Uri},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use contract::{Code, Services};
use leptos::{prelude::provide_context, server_fn::axum::server_fn_paths};
use std::{collections::HashSet, sync::LazyLock};

/// Answers a server function. Each checks the caller's permission for itself, in `portal`.
pub async fn server_function(request: Request<Body>) -> Response {
    if !FUNCTIONS.contains(request.uri().path()) {
        return problem::respond(request.headers(), &Code::NotFound.into());
    }
    let services = request.extensions().get::<Services>().cloned();
    let context = move || {
        if let Some(services) = services.clone() {
            provide_context(services);
        }
    };
    leptos_axum::handle_server_fns_with_context(context, request)
        .await
        .into_response()
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

/// The addresses of all server functions.
static FUNCTIONS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| server_fn_paths().map(|(path, _)| path).collect());

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
    path.split('/')
        .map(|part| part.replace("%2e", ".").replace("%2E", "."))
        .any(|part| part == "." || part == "..")
}

fn sign_in_first(uri: &Uri) -> Response {
    let to = uri.path_and_query().map_or("/", |path| path.as_str());
    match to {
        "/" => Redirect::to("/sign-in").into_response(),
        "/events" => StatusCode::UNAUTHORIZED.into_response(),
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
