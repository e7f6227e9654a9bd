//! Where requests, and with them the token, may go: to the API's own origin, and for metadata to Apple.
//! Addresses come from the service config, so each is checked before use.

use std::net::IpAddr;

use reqwest::Url;

use crate::fault::Fault;
use crate::settings::SettingsFault;

/// Where Apple's own service config has the API.
const APPLE: &str = "https://vpp.itunes.apple.com/mdm/v2/";

/// The API's address.
#[derive(Debug, Clone)]
pub(crate) struct Base {
    url: Url,
}

impl Base {
    /// Takes https, or http on a loopback address, without user, query or fragment.
    pub(crate) fn parse(text: &str) -> Result<Self, SettingsFault> {
        let mut url = Url::parse(text).map_err(|_| SettingsFault::BaseUrl(text.to_owned()))?;
        let plain = url.username().is_empty() && url.password().is_none();
        if !plain || url.host_str().is_none() || url.query().is_some() || url.fragment().is_some() {
            return Err(SettingsFault::BaseUrl(text.to_owned()));
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            _ => return Err(SettingsFault::Insecure(text.to_owned())),
        }
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(Self { url })
    }

    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    pub(crate) fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The one address that is known beforehand.
    pub(crate) fn service_config(&self) -> Result<Destination, Fault> {
        let url = self.below("service/config")?;
        Ok(Destination { url })
    }

    /// An address of the API itself: it must have the base's scheme, host and port. A stand-in on this machine may go by
    /// another name of the machine, and may name Apple's own addresses, which are then looked for below the base.
    pub(crate) fn api(&self, text: &str) -> Result<Destination, Fault> {
        let url = parse(text)?;
        if url.origin() == self.url.origin() || self.is_same_service(&url) {
            return Ok(Destination { url });
        }
        match url.as_str().strip_prefix(APPLE).filter(|_| self.is_loopback()) {
            Some(path) => self.api(self.below(path)?.as_str()),
            None => Err(foreign(&url)),
        }
    }

    fn below(&self, path: &str) -> Result<Url, Fault> {
        self.url
            .join(path)
            .map_err(|_| Fault::protocol("the base address cannot be extended"))
    }

    fn is_same_service(&self, url: &Url) -> bool {
        self.is_loopback()
            && is_loopback(url)
            && url.scheme() == self.url.scheme()
            && url.port_or_known_default() == self.url.port_or_known_default()
    }

    /// An address that may also be elsewhere at Apple over https, or elsewhere on this machine when the API is.
    pub(crate) fn apple(&self, text: &str) -> Result<Destination, Fault> {
        let url = parse(text)?;
        let same_machine =
            self.is_loopback() && is_loopback(&url) && matches!(url.scheme(), "http" | "https");
        if url.origin() == self.url.origin() || same_machine || is_apple(&url) {
            Ok(Destination { url })
        } else {
            Err(foreign(&url))
        }
    }
}

/// A checked address.
#[derive(Debug, Clone)]
pub(crate) struct Destination {
    url: Url,
}

impl Destination {
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// The same address with `pairs` added to its query.
    pub(crate) fn with_query(mut self, pairs: &[(&'static str, String)]) -> Self {
        if !pairs.is_empty() {
            self.url.query_pairs_mut().extend_pairs(pairs);
        }
        self
    }
}

/// Whether an address of the service config may be given to people: at Apple, or on this machine.
pub(crate) fn is_fit_for_people(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| is_apple(&url) || is_loopback(&url))
}

fn parse(text: &str) -> Result<Url, Fault> {
    let url = Url::parse(text)
        .map_err(|_| Fault::protocol("the service config names an address that is not a URL"))?;
    if url.username().is_empty() && url.password().is_none() {
        Ok(url)
    } else {
        Err(foreign(&url))
    }
}

fn foreign(url: &Url) -> Fault {
    let host = url.host_str().unwrap_or("(none)");
    Fault::protocol(format!(
        "the service config names an address at a host that is refused: {host}"
    ))
}

fn is_apple(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    url.scheme() == "https" && url.port().is_none() && (host == "apple.com" || host.ends_with(".apple.com"))
}

/// Whether an address that an answer names may be shown: https, or http on this machine.
pub(crate) fn is_secure(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| match url.scheme() {
        "https" => true,
        "http" => is_loopback(&url),
        _ => false,
    })
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> Base {
        Base::parse(text).expect("an acceptable base")
    }

    #[test]
    fn the_base_is_https_or_loopback() {
        for good in [
            "https://vpp.itunes.apple.com/mdm/v2",
            "http://127.0.0.1:1/x/",
            "http://[::1]:1/",
            "http://localhost:1",
        ] {
            assert!(Base::parse(good).is_ok(), "{good}");
        }
        for insecure in [
            "http://vpp.itunes.apple.com/mdm/v2",
            "http://127.0.0.1.example.com/",
            "ftp://localhost/",
        ] {
            assert_eq!(
                Base::parse(insecure).err(),
                Some(SettingsFault::Insecure(insecure.to_owned()))
            );
        }
        for wrong in [
            "",
            "vpp.itunes.apple.com",
            "https://user:pw@vpp.itunes.apple.com/",
            "https://a.example/?x=1",
        ] {
            assert_eq!(
                Base::parse(wrong).err(),
                Some(SettingsFault::BaseUrl(wrong.to_owned()))
            );
        }
    }

    #[test]
    fn a_missing_slash_does_not_cut_the_path() {
        for text in [
            "https://vpp.itunes.apple.com/mdm/v2",
            "https://vpp.itunes.apple.com/mdm/v2/",
        ] {
            let to = base(text).service_config().expect("an address");
            assert_eq!(
                to.url().as_str(),
                "https://vpp.itunes.apple.com/mdm/v2/service/config"
            );
        }
    }

    #[test]
    fn the_token_goes_to_the_same_origin_only() {
        let apple = base("https://vpp.itunes.apple.com/mdm/v2/");
        assert!(
            apple
                .api("https://vpp.itunes.apple.com:443/mdm/v3/assets")
                .is_ok()
        );
        for refused in [
            "http://vpp.itunes.apple.com/mdm/v2/assets",
            "https://vpp.itunes.apple.com:8443/mdm/v2/assets",
            "https://evil.example/mdm/v2/assets",
            "https://vpp.itunes.apple.com.evil.example/assets",
            "https://vpp.itunes.apple.com@evil.example/assets",
            "https://x@vpp.itunes.apple.com/assets",
            "file:///etc/passwd",
            "//evil.example/assets",
            "http://127.0.0.1/mdm/v2/assets",
            "assets",
        ] {
            assert!(apple.api(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_stand_in_on_this_machine_may_name_it_otherwise_and_name_apples_addresses() {
        let here = base("http://127.0.0.1:4000/api/mdm/v2/");
        for (named, meant) in [
            ("http://localhost:4000/x/assets", "http://localhost:4000/x/assets"),
            ("http://[::1]:4000/assets", "http://[::1]:4000/assets"),
            (
                "https://vpp.itunes.apple.com/mdm/v2/assets/associate",
                "http://127.0.0.1:4000/api/mdm/v2/assets/associate",
            ),
        ] {
            assert_eq!(
                here.api(named).expect("an address").url().as_str(),
                meant,
                "{named}"
            );
        }
        for refused in [
            "https://localhost:4000/assets",
            "http://localhost:4001/assets",
            "http://192.168.1.1:4000/assets",
            "https://vpp.itunes.apple.com/mdm/v3/assets",
            "https://vpp.itunes.apple.com/mdm/v2/https://evil.example/assets",
        ] {
            assert!(here.api(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn metadata_may_come_from_elsewhere_at_apple_or_on_this_machine() {
        let apple = base("https://vpp.itunes.apple.com/mdm/v2/");
        assert!(
            apple
                .apple("https://uclient-api.itunes.apple.com/wa/lookup")
                .is_ok()
        );
        for refused in [
            "http://uclient-api.itunes.apple.com/wa/lookup",
            "https://notapple.com/",
            "https://apple.com.evil.example/",
            "https://apple.com:444/",
            "http://127.0.0.1/lookup",
        ] {
            assert!(apple.apple(refused).is_err(), "{refused}");
        }
        let here = base("http://127.0.0.1:4000/mdm/v2/");
        assert!(here.apple("http://127.0.0.1:4001/lookup").is_ok());
        assert!(here.apple("http://192.168.1.1/lookup").is_err());
        assert!(here.api("http://127.0.0.1:4001/assets").is_err());
    }

    #[test]
    fn a_query_is_added_to_the_one_that_is_there() {
        let to = base("https://a.example/")
            .api("https://a.example/b?version=2")
            .expect("an address");
        let pairs = [("id", "1 &2".to_owned())];
        assert_eq!(
            to.clone().with_query(&pairs).url().as_str(),
            "https://a.example/b?version=2&id=1+%262"
        );
        assert_eq!(to.with_query(&[]).url().as_str(), "https://a.example/b?version=2");
    }
}
