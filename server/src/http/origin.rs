//! Where a request comes from: other sites may change nothing here, and the client's address is known.

use super::{Web, problem};
use crate::portal::client::{self, ClientAddress};
use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::Response,
};
use contract::Code;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Refuses every changing request that another site has a browser send. `SameSite=Strict` is the first guard, this one
/// does not depend on the cookie.
pub async fn same_origin(State(web): State<Web>, request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || is_ours(request.headers(), &web.public.origin) {
        next.run(request).await
    } else {
        problem::respond(request.headers(), &Code::ForeignOrigin.into())
    }
}

fn is_ours(headers: &HeaderMap, public: &str) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site")
        && !matches!(site, "same-origin" | "none")
    {
        return false;
    }
    let Some(origin) = text(header::ORIGIN.as_str()) else {
        // No browser leaves it out of a POST; other programs have no cookie to abuse.
        return true;
    };
    let host = text(header::HOST.as_str()).unwrap_or_default();
    origin == public
        || origin
            .split_once("://")
            .is_some_and(|(_, from)| !host.is_empty() && from == host)
}

/// Runs the request with the client's address.
pub async fn client_address(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let socket = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip());
    let address = if web.public.proxied {
        forwarded(request.headers()).unwrap_or(socket)
    } else {
        socket
    };
    request.extensions_mut().insert(ClientAddress(address));
    client::from(address, next.run(request)).await
}

/// The last hop of `X-Forwarded-For`: the one that our own proxy wrote.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let text = headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()?
        .to_str()
        .ok()?;
    text.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn only_our_own_pages_may_change_anything() {
        let public = "https://apps.example.org";
        for good in [
            &[][..],
            &[("origin", "https://apps.example.org")],
            &[("origin", "http://127.0.0.1:3000"), ("host", "127.0.0.1:3000")],
            &[
                ("origin", "https://apps.example.org"),
                ("sec-fetch-site", "same-origin"),
            ],
        ] {
            assert!(is_ours(&headers(good), public), "{good:?}");
        }
        for bad in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "null")],
            &[("origin", "https://evil.example"), ("host", "apps.example.org")],
            &[("sec-fetch-site", "cross-site")],
            &[
                ("origin", "https://apps.example.org"),
                ("sec-fetch-site", "same-site"),
            ],
        ] {
            assert!(!is_ours(&headers(bad), public), "{bad:?}");
        }
    }

    #[test]
    fn the_proxy_has_the_last_word_on_the_address() {
        let spoofed = headers(&[("x-forwarded-for", "10.0.0.1, 192.0.2.7")]);
        assert_eq!(forwarded(&spoofed), Some("192.0.2.7".parse().unwrap()));
        assert_eq!(forwarded(&headers(&[("x-forwarded-for", "nonsense")])), None);
    }
}
