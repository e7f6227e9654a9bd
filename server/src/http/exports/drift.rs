//! Licences that are not as they were given: where Apple and Pomona differ (S5), and apps on Macs that go on for 30 days
//! after their licence (R2).

use super::{kind, lists::moment, pages::export};
use app::i18n::iso;
use contract::{
    drift::{DriftHolder, DriftRow},
    licenses::MacGrace,
};

export! {
    /// By app, then location.
    drift: "drift.csv", drift.list(app::drift::list_query), DRIFT_HEAD, asset
}

const DRIFT_HEAD: [&str; 8] = [
    "app",
    "location",
    "apple",
    "apple_at",
    "pomona",
    "pomona_at",
    "only_apple",
    "only_pomona",
];

fn asset(row: DriftRow) -> Vec<String> {
    vec![
        row.asset_name,
        row.location_name,
        row.apple.to_string(),
        iso(row.apple_at),
        row.pomona.to_string(),
        moment(row.pomona_at),
        row.found.to_string(),
        row.lost.to_string(),
    ]
}

export! {
    /// The licences that only one side knows of, by app, then holder.
    drift_licenses: "drift-licenses.csv", drift.holders(app::drift::holders_query), HOLDER_HEAD, holder
}

const HOLDER_HEAD: [&str; 10] = [
    "app",
    "location",
    "kind",
    "holder",
    "holder_name",
    "since",
    "given_by",
    "operation",
    "releasing",
    "revocable",
];

fn holder(row: DriftHolder) -> Vec<String> {
    let (operation, by) = row.given.map(|(id, by)| (id.0, by)).unwrap_or_default();
    vec![
        row.asset_name,
        row.location_name,
        kind(&row.holder).to_owned(),
        row.holder.id().to_owned(),
        row.holder_name.unwrap_or_default(),
        iso(row.at),
        by,
        operation,
        row.releasing.to_string(),
        row.revocable.to_string(),
    ]
}

export! {
    /// Those that end first come first.
    macs: "macs.csv", licenses.macs(app::licenses::macs_query), MAC_HEAD, mac
}

const MAC_HEAD: [&str; 7] = ["app", "location", "device", "serial", "revoked", "ends", "free"];

fn mac(row: MacGrace) -> Vec<String> {
    vec![
        row.asset_name,
        row.location_name,
        row.device_name,
        row.serial.to_string(),
        iso(row.revoked_at),
        iso(row.ends_at),
        row.free.to_string(),
    ]
}
