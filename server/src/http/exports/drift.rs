//! Licences that are not as they were given: where Apple and Pomona differ (S5).

use super::pages::{export, moment, of_license};
use app::i18n::iso;
use contract::drift::{DriftHolder, DriftRow};

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
    let more = [
        iso(row.at),
        by,
        operation,
        row.releasing.to_string(),
        row.revocable.to_string(),
    ];
    let license = of_license(row.asset_name, row.location_name, &row.holder, row.holder_name);
    license.into_iter().chain(more).collect()
}
