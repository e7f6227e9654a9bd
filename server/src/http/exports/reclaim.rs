//! What reclaim rules would take back, what they leave alone (R3), and licences that lead to nobody (L3).

use super::pages::{export, moment, of_license};
use app::{i18n::iso, ui::Address};
use contract::reclaim::{KeptRow, OrphanRow, ReclaimRow};

export! {
    /// The review queue, by app, then holder.
    reclaim: "reclaim.csv", reclaim.queue(app::reclaim::list_query), RECLAIM_HEAD, reclaimed
}

const RECLAIM_HEAD: [&str; 8] = [
    "app",
    "location",
    "kind",
    "holder",
    "holder_name",
    "why",
    "since",
    "proposed",
];

fn reclaimed(row: ReclaimRow) -> Vec<String> {
    let why = [
        row.why.as_str().to_owned(),
        moment(row.fact_at),
        iso(row.queued_at),
    ];
    let license = of_license(row.asset_name, row.location_name, &row.holder, row.holder_name);
    license.into_iter().chain(why).collect()
}

export! {
    /// By holder. Without an app it is all of the holder's.
    kept: "reclaim-kept.csv", reclaim.kept(Address::page), KEPT_HEAD, left_alone
}

const KEPT_HEAD: [&str; 7] = ["kind", "holder", "holder_name", "app", "reason", "by", "at"];

fn left_alone(row: KeptRow) -> Vec<String> {
    vec![
        row.holder.kind().as_str().to_owned(),
        row.holder.id().to_owned(),
        row.holder_name.unwrap_or_default(),
        row.asset.map(|(_, name)| name).unwrap_or_default(),
        row.reason,
        row.by,
        iso(row.at),
    ]
}

export! {
    /// By app, then holder.
    orphans: "orphans.csv", reclaim.orphans(app::reclaim::orphans_query), ORPHAN_HEAD, orphan
}

const ORPHAN_HEAD: [&str; 9] = [
    "app",
    "location",
    "kind",
    "holder",
    "holder_name",
    "why",
    "since",
    "known",
    "revocable",
];

fn orphan(row: OrphanRow) -> Vec<String> {
    let why = [
        row.why.as_str().to_owned(),
        iso(row.since),
        row.known.to_string(),
        row.revocable.to_string(),
    ];
    let license = of_license(row.asset_name, row.location_name, &row.holder, row.holder_name);
    license.into_iter().chain(why).collect()
}
