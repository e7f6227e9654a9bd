//! What the store says about an app or book: Apple's content metadata look-up.
//! <https://developer.apple.com/documentation/devicemanagement/getting-app-and-book-information-legacy>

mod query;
mod wire;

pub(crate) use query::MetadataQuery;
pub(crate) use wire::WireMetadata;

use crate::destination;
use crate::ids::AdamId;

/// Who asks the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Anybody: what the public store offers.
    Anybody,
    /// The holder of the location's token, who is told of custom apps and of what was removed from the store, too.
    Owner,
}

/// The store's description of an app or book in one country and language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// The product number.
    pub adam_id: AdamId,
    /// The name.
    pub name: String,
    /// Who publishes it.
    pub artist: Option<String>,
    /// An app's bundle identifier.
    pub bundle_id: Option<String>,
    /// Apple's word for the kind of product, such as `iosSoftware`, which universal apps are too.
    pub kind: Option<String>,
    /// Apple's words for the devices it is for: `iphone`, `ipad`, `ipod`, `mac`, `tvos`, …
    pub device_families: Vec<String>,
    /// The icon or cover.
    pub artwork: Artwork,
    /// The version on offer.
    pub version: Option<Version>,
    /// What the store asks for it.
    pub price: Option<Price>,
    /// Names of its genres, the main one first.
    pub genres: Vec<String>,
    /// Its page in the store.
    pub url: Option<String>,
    /// Made for this organisation, not for the public (`isB2BCustomApp`).
    pub is_custom_app: bool,
    /// Whether the store allows device licences; the asset's own `device_assignable` counts.
    pub device_licensing: Option<bool>,
    /// The oldest system it runs on, such as `11.0`.
    pub minimum_os: Option<String>,
    /// What is new in this version.
    pub release_notes: Option<String>,
}

impl Metadata {
    /// The address of a square icon of about `size` pixels; https, or on this machine. `None` when there is none.
    pub fn icon(&self, size: u32) -> Option<String> {
        self.artwork.at(size)
    }

    /// Whether one purchase also covers the Mac.
    pub fn is_universal(&self) -> bool {
        self.kind.as_deref() == Some("iosSoftware")
            && self.device_families.iter().any(|family| family == "mac")
    }
}

/// The version of an app on offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// As people know it, such as `5.0.1`.
    pub display: Option<String>,
    /// A number that grows with each version: compare this one.
    pub external_id: Option<u64>,
}

/// A price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// In thousandths of the store's currency; 0 when free.
    pub thousandths: Option<u64>,
    /// As the store shows it, with the currency.
    pub formatted: Option<String>,
}

/// Where the icon is, in the two forms Apple has answered in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Artwork {
    /// None given.
    None,
    /// An address with places for width, height and format (answers of version 2).
    Template(String),
    /// Pictures of given sizes (answers of version 1).
    Sizes(Vec<Picture>),
}

/// A picture of a given size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// In pixels.
    pub width: u32,
    /// Where it is.
    pub url: String,
}

impl Artwork {
    /// The template filled in, or the smallest picture that is large enough, else the largest.
    fn at(&self, size: u32) -> Option<String> {
        let url = match self {
            Artwork::None => None,
            Artwork::Template(template) => {
                let side = size.to_string();
                Some(
                    template
                        .replace("{w}", &side)
                        .replace("{h}", &side)
                        .replace("{c}", "bb")
                        .replace("{f}", "png"),
                )
            }
            Artwork::Sizes(pictures) => {
                let enough = pictures
                    .iter()
                    .filter(|picture| picture.width >= size)
                    .min_by_key(|p| p.width);
                let chosen = enough.or_else(|| pictures.iter().max_by_key(|picture| picture.width));
                chosen.map(|picture| picture.url.clone())
            }
        };
        url.filter(|url| destination::is_secure(url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_filled_in_for_the_size() {
        let artwork = Artwork::Template("https://a.example/x/{w}x{h}bb.{f}".into());
        assert_eq!(
            artwork.at(128).as_deref(),
            Some("https://a.example/x/128x128bb.png")
        );
        assert_eq!(Artwork::Template("http://a.example/{w}".into()).at(1), None);
        assert_eq!(Artwork::None.at(1), None);
    }

    #[test]
    fn the_smallest_picture_large_enough_is_chosen() {
        let picture = |width| Picture {
            width,
            url: format!("https://a.example/{width}"),
        };
        let artwork = Artwork::Sizes(vec![picture(512), picture(60), picture(100)]);
        assert_eq!(artwork.at(61).as_deref(), Some("https://a.example/100"));
        assert_eq!(artwork.at(60).as_deref(), Some("https://a.example/60"));
        assert_eq!(artwork.at(1024).as_deref(), Some("https://a.example/512"));
    }
}
