//! The look-up's answer on the wire, in both versions Apple has shown.

use std::collections::HashMap;

use compact_str::CompactString;
use serde::Deserialize;

use super::{Artwork, Metadata, Picture, Price, Version};
use crate::lenient;
use crate::reply::{Head, Missing, Reply};
use crate::{destination, ids::AdamId};

/// The answer: products by number. `isAuthenticated` is always false and means nothing.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct WireMetadata {
    results: Option<HashMap<String, WireProduct>>,
    #[serde(flatten)]
    head: Head,
}

/// The products found.
pub(crate) struct Found(HashMap<String, WireProduct>);

impl Reply for WireMetadata {
    type Body = Found;

    fn open(self) -> (Head, Result<Found, Missing>) {
        (self.head, self.results.map(Found).ok_or(Missing("results")))
    }
}

impl Found {
    /// The product of that number; one without a name says nothing.
    pub(crate) fn take(&mut self, adam_id: &AdamId) -> Option<Metadata> {
        self.0.remove(adam_id.as_str())?.into_metadata(adam_id)
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireProduct {
    #[serde(deserialize_with = "lenient::string")]
    name: Option<String>,
    #[serde(deserialize_with = "lenient::string")]
    artist_name: Option<String>,
    #[serde(deserialize_with = "lenient::string")]
    bundle_id: Option<String>,
    #[serde(deserialize_with = "lenient::string")]
    kind: Option<String>,
    #[serde(deserialize_with = "lenient::strings")]
    device_families: Vec<String>,
    artwork: Option<WireArtwork>,
    #[serde(rename = "isB2BCustomApp", deserialize_with = "lenient::flag")]
    is_b2b_custom_app: Option<bool>,
    #[serde(deserialize_with = "lenient::flag")]
    is_vpp_device_based_licensing_enabled: Option<bool>,
    #[serde(deserialize_with = "lenient::strings")]
    genre_names: Vec<String>,
    #[serde(rename = "minimumOSVersion", deserialize_with = "lenient::string")]
    minimum_os_version: Option<String>,
    #[serde(deserialize_with = "lenient::string")]
    whats_new: Option<String>,
    #[serde(deserialize_with = "lenient::list")]
    offers: Vec<WireOffer>,
    #[serde(deserialize_with = "lenient::string")]
    url: Option<String>,
}

/// A list in version 1, an object in version 2, and anything else is no artwork. The list comes first:
/// serde would take one for the fields of the object.
#[derive(Deserialize)]
#[serde(untagged)]
enum WireArtwork {
    Sizes(Vec<WirePicture>),
    Template(WirePicture),
    Unknown(serde::de::IgnoredAny),
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WirePicture {
    #[serde(deserialize_with = "lenient::string")]
    url: Option<String>,
    #[serde(deserialize_with = "lenient::count")]
    width: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireOffer {
    #[serde(deserialize_with = "lenient::decimal")]
    price: Option<f64>,
    #[serde(deserialize_with = "lenient::string")]
    price_formatted: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    version: Option<WireVersion>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireVersion {
    #[serde(deserialize_with = "lenient::text")]
    display: Option<CompactString>,
    #[serde(deserialize_with = "lenient::long")]
    external_id: Option<u64>,
}

impl WireProduct {
    fn into_metadata(self, adam_id: &AdamId) -> Option<Metadata> {
        let price = self
            .offers
            .iter()
            .find(|offer| offer.price.is_some() || offer.price_formatted.is_some());
        let price = price.map(|offer| Price {
            thousandths: offer.price.and_then(thousandths),
            formatted: offer.price_formatted.clone(),
        });
        Some(Metadata {
            adam_id: adam_id.clone(),
            name: self.name?,
            artist: self.artist_name,
            bundle_id: self.bundle_id,
            kind: self.kind,
            device_families: self.device_families,
            artwork: self.artwork.map_or(Artwork::None, Artwork::from),
            version: newest(&self.offers),
            price,
            genres: self.genre_names,
            // It becomes a link.
            url: self.url.filter(|url| destination::is_secure(url)),
            is_custom_app: self.is_b2b_custom_app.unwrap_or(false),
            device_licensing: self.is_vpp_device_based_licensing_enabled,
            minimum_os: self.minimum_os_version,
            release_notes: self.whats_new,
        })
    }
}

/// The newest version of all offers, by the number that grows.
fn newest(offers: &[WireOffer]) -> Option<Version> {
    let versions = offers.iter().filter_map(|offer| offer.version.as_ref());
    let newest = versions.max_by_key(|version| (version.external_id, version.display.is_some()))?;
    let display = newest
        .display
        .as_deref()
        .map(str::trim)
        .filter(|display| !display.is_empty());
    Some(Version {
        display: display.map(ToOwned::to_owned),
        external_id: newest.external_id,
    })
}

fn thousandths(price: f64) -> Option<u64> {
    (0.0..=1.0e12)
        .contains(&price)
        .then(|| (price * 1000.0).round() as u64)
}

impl From<WireArtwork> for Artwork {
    fn from(wire: WireArtwork) -> Self {
        match wire {
            WireArtwork::Template(picture) => picture.url.map_or(Artwork::None, Artwork::Template),
            WireArtwork::Sizes(pictures) => Artwork::Sizes(
                pictures
                    .into_iter()
                    .filter_map(|picture| {
                        Some(Picture {
                            width: picture.width?,
                            url: picture.url?,
                        })
                    })
                    .collect(),
            ),
            WireArtwork::Unknown(_) => Artwork::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Metadata> {
        let (_, found) = serde_json::from_str::<WireMetadata>(json)
            .expect("a reply")
            .open();
        found
            .expect("results")
            .take(&AdamId::new("361309726").expect("digits"))
    }

    const VERSION_2: &str = r#"{"results":{"361309726":{
        "id":"361309726","name":"Pages","nameRaw":"Pages","artistName":"Apple","artistId":"284417353",
        "bundleId":"com.apple.Pages","kind":"iosSoftware","deviceFamilies":["iphone","ipad","mac"],
        "artwork":{"url":"https://a.example/{w}x{h}bb.{f}","width":1024,"height":1024,"bgColor":"ffffff"},
        "isB2BCustomApp":false,"isVppDeviceBasedLicensingEnabled":true,"genreNames":["Productivity"],
        "minimumOSVersion":"11.0","whatsNew":"Better.","url":"https://apps.apple.com/us/app/x",
        "offers":[{"type":"get","price":0,"priceFormatted":"$0.00","version":{"display":" 5.0","externalId":83}},
                  {"type":"buy","price":1.99,"version":{"display":"5.0.1 ","externalId":"84"}}]}},
        "version":2,"isAuthenticated":false,"meta":{"storefront":{"id":"143441","cc":"US"}}}"#;

    #[test]
    fn an_answer_of_version_2_is_read_whole() {
        let found = read(VERSION_2).expect("a product");
        assert_eq!(found.name, "Pages");
        assert_eq!(found.artist.as_deref(), Some("Apple"));
        assert_eq!(found.bundle_id.as_deref(), Some("com.apple.Pages"));
        assert_eq!(found.icon(64).as_deref(), Some("https://a.example/64x64bb.png"));
        let newest = Version {
            display: Some("5.0.1".into()),
            external_id: Some(84),
        };
        assert_eq!(found.version, Some(newest));
        assert_eq!(
            found.price,
            Some(Price {
                thousandths: Some(0),
                formatted: Some("$0.00".into())
            })
        );
        assert_eq!(found.genres, ["Productivity"]);
        assert_eq!(found.minimum_os.as_deref(), Some("11.0"));
        assert_eq!(found.release_notes.as_deref(), Some("Better."));
        assert_eq!(found.device_licensing, Some(true));
        assert!(!found.is_custom_app && found.is_universal());
    }

    #[test]
    fn an_answer_of_version_1_is_read_too() {
        let found = read(
            r#"{"version":1,"results":{"361309726":{"id":361309726,"artistId":284417353,"name":"Pages",
                "artwork":[{"width":100,"height":100,"url":"https://a.example/100"},
                           {"width":512,"height":512,"url":"https://a.example/512"}],
                "isB2BCustomApp":true,"offers":[{"price":"1.99"}]}}}"#,
        )
        .expect("a product");
        assert_eq!(found.icon(128).as_deref(), Some("https://a.example/512"));
        assert_eq!(
            found.price,
            Some(Price {
                thousandths: Some(1990),
                formatted: None
            })
        );
        assert!(found.is_custom_app);
        assert_eq!(found.version, None);
    }

    #[test]
    fn nothing_found_is_none_and_unknown_shapes_are_tolerated() {
        assert_eq!(
            read(r#"{"results":{},"version":2,"isAuthenticated":false}"#),
            None
        );
        assert_eq!(read(r#"{"results":{"1":{"name":"Other"}}}"#), None);
        assert_eq!(read(r#"{"results":{"361309726":{}}}"#), None);
        let odd =
            read(r#"{"results":{"361309726":{"name":"A","artwork":7,"offers":null,"genreNames":null}}}"#);
        assert_eq!(odd.map(|found| found.artwork), Some(Artwork::None));
    }
}
