//! Under which address the client reaches the sandbox; the URLs it hands out begin with it.

use axum::http::header::HOST;
use axum::http::request::Parts;

/// `http://host:port` from the request, or `https` where a proxy says so. A request without Host (HTTP/1.0) gets relative URLs.
pub(crate) fn origin(parts: &Parts) -> String {
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| parts.uri.authority().map(|authority| authority.as_str()));
    let proxied = parts.headers.get("x-forwarded-proto");
    let scheme = match proxied.is_some_and(|scheme| scheme == "https") {
        true => "https",
        false => "http",
    };
    host.map(|host| format!("{scheme}://{host}")).unwrap_or_default()
}
