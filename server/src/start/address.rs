//! Addresses: where people reach Pomona, and what may be reached from it.

use super::StartError;
use crate::http::PublicAddress;
use axum::http::Uri;
use std::net::SocketAddr;

/// The address of the settings, or else that which is listened on.
pub fn public_address(
    base_url: Option<&str>,
    address: SocketAddr,
    proxied: bool,
) -> Result<PublicAddress, StartError> {
    let Some(base_url) = base_url else {
        return Ok(PublicAddress {
            origin: format!("http://{address}"),
            secure: false,
            proxied,
        });
    };
    let origin = origin(base_url)?;
    Ok(PublicAddress {
        secure: origin.starts_with("https:"),
        origin,
        proxied,
    })
}

/// Scheme, host and port of `--base-url`, which has nothing else.
pub fn origin(base_url: &str) -> Result<String, StartError> {
    let wrong = || StartError::BaseUrl(base_url.to_owned());
    let origin = base_url.trim_end_matches('/');
    let (scheme, host) = origin.split_once("://").ok_or_else(wrong)?;
    let fits =
        matches!(scheme, "http" | "https") && !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']);
    if !fits || host.ends_with("itunes.apple.com") {
        return Err(wrong());
    }
    Ok(origin.to_owned())
}

/// Apple's stores, and the stand-in's host if Apple is one; on this machine by any name and port, since its answers may name
/// another than was asked.
pub fn icon_hosts(apple_url: &str) -> String {
    if is_loopback(apple_url) {
        return "https://*.mzstatic.com http://localhost:* http://127.0.0.1:*".to_owned();
    }
    let host = apple_url.split_once("://").map(|(scheme, rest)| {
        let host = rest.split('/').next().unwrap_or_default();
        format!(" {scheme}://{host}")
    });
    let stand_in = host
        .filter(|_| apple_url != apple::APPLE_BASE_URL)
        .unwrap_or_default();
    format!("https://*.mzstatic.com{stand_in}")
}

/// Where Apple can send notifications (S4): to https alone, or to http on this machine if the stand-in is on it too.
pub fn receiver(origin: &str, apple_url: &str) -> Option<String> {
    let possible = origin.starts_with("https://") || is_loopback(origin) && is_loopback(apple_url);
    possible.then(|| origin.to_owned())
}

/// Whether the address is of plain http on this machine.
pub fn is_loopback(url: &str) -> bool {
    url.parse::<Uri>()
        .is_ok_and(|url| url.scheme_str() == Some("http") && url.host().is_some_and(is_this_machine))
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// Whether a password would go over the network as it is.
pub fn tells_password(smtp_url: &str) -> bool {
    let Ok(url) = smtp_url.parse::<Uri>() else {
        return false;
    };
    let named = url
        .authority()
        .is_some_and(|authority| authority.as_str().contains('@'));
    let clear =
        url.scheme_str() == Some("smtp") && !url.query().is_some_and(|query| query.contains("tls=required"));
    named && clear && !url.host().is_some_and(is_this_machine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_url_is_an_address_of_ours() {
        let address: SocketAddr = "127.0.0.1:3000".parse().unwrap();
        let read = |url| {
            public_address(url, address, false)
                .map(|public| (public.origin, public.secure))
                .ok()
        };
        assert_eq!(read(None), Some(("http://127.0.0.1:3000".into(), false)));
        assert_eq!(
            read(Some("https://apps.example.org/")),
            Some(("https://apps.example.org".into(), true))
        );
        for bad in [
            "apps.example.org",
            "ftp://a",
            "https://",
            "https://a/b",
            "https://vpp.itunes.apple.com",
        ] {
            assert_eq!(read(Some(bad)), None, "{bad}");
        }
    }

    #[test]
    fn apple_can_reach_https_and_the_stand_in_this_machine() {
        let (apple, stand_in) = (apple::APPLE_BASE_URL, "http://127.0.0.1:9/mdm/v2/");
        for (origin, apple_url, possible) in [
            ("https://apps.example.org", apple, true),
            ("http://127.0.0.1:3000", apple, false),
            ("http://127.0.0.1:3000", stand_in, true),
            ("http://[::1]:3000", stand_in, true),
            ("http://localhost", stand_in, true),
            ("http://apps.example.org", stand_in, false),
            ("http://127.0.0.1.example.org", stand_in, false),
            ("http://127.0.0.1:3000", "https://127.0.0.1:9/", false),
        ] {
            assert_eq!(
                receiver(origin, apple_url).is_some(),
                possible,
                "{origin} {apple_url}"
            );
        }
    }

    #[test]
    fn icons_come_from_apple_and_from_the_stand_in_only() {
        assert_eq!(icon_hosts(apple::APPLE_BASE_URL), "https://*.mzstatic.com");
        assert_eq!(
            icon_hosts("https://apple.example:9/mdm/v2/"),
            "https://*.mzstatic.com https://apple.example:9"
        );
        assert_eq!(
            icon_hosts("http://localhost:9/mdm/v2/"),
            "https://*.mzstatic.com http://localhost:* http://127.0.0.1:*"
        );
    }

    #[test]
    fn only_this_machine_is_reached_in_the_clear() {
        for here in ["http://localhost:3000/", "http://127.0.0.1/a", "http://[::1]:80"] {
            assert!(is_loopback(here), "{here}");
        }
        for there in [
            "http://localhost:80@evil.example/",
            "http://a.example",
            "https://localhost",
            "localhost",
        ] {
            assert!(!is_loopback(there), "{there}");
        }
        for told in [
            "smtp://u:p@mail.example",
            "smtp://u:p@mail.example:587?tls=opportunistic",
        ] {
            assert!(tells_password(told), "{told}");
        }
        for kept in [
            "smtps://u:p@mail.example",
            "smtp://u:p@mail.example?tls=required",
            "smtp://relay.example:25",
            "smtp://u:p@localhost:1025",
        ] {
            assert!(!tells_password(kept), "{kept}");
        }
    }
}
