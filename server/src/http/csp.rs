//! Headers that tell the browser what it may do.

use super::Web;
use app::live::Position;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts},
    middleware::Next,
    response::Response,
};
use contract::Services;
use leptos::{
    nonce::Nonce,
    prelude::{provide_context, use_context},
};

/// For a page: its services, the nonce that its policy allows, and from where on it has to listen.
pub fn provide() {
    let Some(parts) = use_context::<Parts>() else {
        return;
    };
    if let Some(services) = parts.extensions.get::<Services>() {
        provide_context(services.clone());
    }
    if let Some(nonce) = parts.extensions.get::<Nonce>() {
        provide_context(nonce.clone());
    }
    if let Some(position) = parts.extensions.get::<Position>() {
        provide_context(position.clone());
    }
}

/// What every answer carries; a page also the policy with the request's own nonce.
pub async fn headers(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let nonce = Nonce::new();
    request.extensions_mut().insert(nonce.clone());
    // Before anything is read.
    let position = Position(web.portal.live.position());
    request.extensions_mut().insert(position);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let plain: [(HeaderName, &'static str); 5] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=()",
        ),
    ];
    for (name, value) in plain {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if web.public.secure {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let policy = policy(headers, &nonce, &web.icon_hosts);
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

fn policy(headers: &HeaderMap, nonce: &Nonce, icon_hosts: &str) -> HeaderValue {
    let page = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' {icon_hosts}; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    let nothing = HeaderValue::from_static(NOTHING);
    if page {
        HeaderValue::from_str(&policy).unwrap_or(nothing)
    } else {
        nothing
    }
}
