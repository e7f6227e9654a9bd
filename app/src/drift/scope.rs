//! What is to be settled, as the address of `/drift/settle` says it: `how=adopt`, `let_go` or `give_again`, and
//! `license=ASSET:device:SERIAL` as often as needed, or `asset=ID`, or `location=ID`.

use crate::{licenses::read_licenses, ui::Address};
use contract::{
    AssetId, LocationId,
    drift::{DriftScope, Settlement, Settling},
};

fn word(how: Settling) -> &'static str {
    match how {
        Settling::Adopt => "adopt",
        Settling::LetGo => "let_go",
        Settling::GiveAgain => "give_again",
    }
}

/// The page that settles all of an app, or all of a location.
pub(super) fn settle_all(how: Settling, location: &LocationId, asset: Option<AssetId>) -> String {
    let how = word(how);
    match asset {
        Some(asset) => format!("/drift/settle?how={how}&asset={asset}"),
        None => format!("/drift/settle?how={how}&location={location}"),
    }
}

pub(super) fn read(address: &Address) -> Option<Settlement> {
    let how = address.choice("how")?;
    let licenses = read_licenses(address);
    let scope = if !licenses.is_empty() {
        DriftScope::Licenses { licenses }
    } else if let Ok(id) = address.get("asset").parse() {
        DriftScope::Asset { asset: AssetId(id) }
    } else {
        let location = Some(address.get("location")).filter(|id| !id.is_empty())?;
        DriftScope::Location {
            location: LocationId(location),
        }
    };
    Some(Settlement { how, scope })
}
