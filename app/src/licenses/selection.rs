//! What is to be taken back, as the address of `/licenses/revoke` says it: `license=ASSET:device:SERIAL` and
//! `serial=SERIAL` as often as needed, or `person=ID`, or `asset=ID`, or `location=ID`; `found=LOCATION`, with or without
//! `asset=ID`, is what Pomona did not give there. `unknown=goes`: licences that Pomona did not give are asked for too.

use super::meant;
use crate::ui::Address;
use contract::{
    AssetId, LocationId, PersonId, Serial,
    assignments::LicenseKind,
    licenses::{Holder, Revocation, UnknownOrigin},
};
use leptos_router::location::Url;

/// A licence as a ticked box sends it.
pub fn value(asset: AssetId, holder: &Holder) -> String {
    format!("{asset}:{}:{}", holder.kind().as_str(), holder.id())
}

/// The way back.
pub fn parse(text: &str) -> Option<(AssetId, Holder)> {
    let (asset, holder) = text.split_once(':')?;
    let (kind, id) = holder.split_once(':')?;
    let holder = match LicenseKind::parse(kind)? {
        LicenseKind::Device => Holder::Device(Serial::known(id)),
        LicenseKind::User => Holder::User(id.to_owned()),
    };
    Some((AssetId(asset.parse().ok()?), holder))
}

/// The page that takes one licence back.
pub fn revoke_one(asset: AssetId, holder: &Holder) -> String {
    format!("/licenses/revoke?license={}", Url::escape(&value(asset, holder)))
}

/// All licences of a token's location.
pub(super) fn revoke_location(location: &LocationId) -> String {
    format!("/licenses/revoke?location={location}")
}

/// All licences of a person, and of the person's devices.
pub fn revoke_person(person: &PersonId) -> String {
    format!("/licenses/revoke?person={person}")
}

/// All licences that Pomona did not give, at a location, of one app or of all.
pub fn revoke_found(location: &LocationId, asset: Option<AssetId>) -> String {
    let asset = asset.map(|id| format!("&asset={id}")).unwrap_or_default();
    format!("/licenses/revoke?found={location}{asset}")
}

pub(super) fn read_unknown(address: &Address) -> UnknownOrigin {
    address.choice("unknown").unwrap_or_default()
}

/// The licences that are named.
pub fn read_licenses(address: &Address) -> Vec<(AssetId, Holder)> {
    address
        .all("license")
        .iter()
        .filter_map(|text| parse(text))
        .collect()
}

pub(super) fn read(address: &Address) -> Revocation {
    let asset = address.get("asset").parse().ok().map(AssetId);
    let location = |name| {
        Some(address.get(name))
            .filter(|id| !id.is_empty())
            .map(LocationId)
    };
    if let Some(location) = location("found") {
        return Revocation::Found { location, asset };
    }
    if let Some(asset) = asset {
        return Revocation::Asset { asset };
    }
    if let Some(location) = location("location") {
        return Revocation::Location { location };
    }
    if let Some(person) = meant::person(address) {
        return Revocation::Person { person };
    }
    let serials: Vec<Serial> = address.all("serial").into_iter().map(Serial::known).collect();
    if !serials.is_empty() {
        return Revocation::Devices { serials };
    }
    Revocation::Licenses {
        licenses: read_licenses(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_is_read_as_it_was_written() {
        for holder in [
            Holder::Device(Serial::known("C02Y402HLCM6")),
            Holder::User("a:b".to_owned()),
        ] {
            assert_eq!(parse(&value(AssetId(7), &holder)), Some((AssetId(7), holder)));
        }
    }

    #[test]
    fn what_is_no_licence_is_left_out() {
        for text in [
            "",
            "7",
            "7:device",
            "x:device:C02Y402HLCM6",
            "7:thing:C02Y402HLCM6",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
