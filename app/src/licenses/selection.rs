//! What is to be taken back, as the address of `/licenses/revoke` says it: `license=ASSET:device:SERIAL` and
//! `serial=SERIAL` as often as needed, or `asset=ID`.

use crate::ui::Address;
use contract::{
    AssetId, Serial,
    licenses::{Holder, Revocation},
};
use leptos_router::location::Url;

/// A licence as a ticked box sends it.
pub(super) fn value(asset: AssetId, holder: &Holder) -> String {
    let kind = match holder {
        Holder::Device(_) => "device",
        Holder::User(_) => "user",
    };
    format!("{asset}:{kind}:{}", holder.id())
}

fn parse(text: &str) -> Option<(AssetId, Holder)> {
    let (asset, holder) = text.split_once(':')?;
    let holder = match holder.split_once(':')? {
        ("device", serial) => Holder::Device(Serial::known(serial)),
        ("user", id) => Holder::User(id.to_owned()),
        _ => return None,
    };
    Some((AssetId(asset.parse().ok()?), holder))
}

/// The page that takes one licence back.
pub fn revoke_one(asset: AssetId, holder: &Holder) -> String {
    format!("/licenses/revoke?license={}", Url::escape(&value(asset, holder)))
}

pub(super) fn read(address: &Address) -> Revocation {
    if let Ok(id) = address.get("asset").parse() {
        return Revocation::Asset { asset: AssetId(id) };
    }
    let serials: Vec<Serial> = address.all("serial").into_iter().map(Serial::known).collect();
    if !serials.is_empty() {
        return Revocation::Devices { serials };
    }
    Revocation::Licenses {
        licenses: address
            .all("license")
            .iter()
            .filter_map(|text| parse(text))
            .collect(),
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
