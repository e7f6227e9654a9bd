//! Licences, their ledger, and apps on Macs that go on for 30 days after their licence (R2).

use super::pages::{export, of_apple};
use app::i18n::iso;
use contract::licenses::{LedgerRow, LicenseRow, MacGrace, Origin};

export! {
    /// L1; of a location alone it is what is kept when its token is deleted (T8).
    licenses: "licenses.csv", licenses.list(app::licenses::list_query), LICENSE_HEAD, license
}

const LICENSE_HEAD: [&str; 12] = [
    "app",
    "adam_id",
    "location",
    "kind",
    "holder",
    "holder_name",
    "state",
    "since",
    "given_by",
    "revocable",
    "apple_error",
    "apple_message",
];

fn license(row: LicenseRow) -> Vec<String> {
    let (number, message) = of_apple(row.error);
    let given_by = match row.origin {
        Origin::Unknown => String::new(),
        Origin::Operation { by, .. } => by,
        Origin::Assignment { group_name } => group_name,
    };
    vec![
        row.asset_name,
        row.adam_id,
        row.location_name,
        row.holder.kind().as_str().to_owned(),
        row.holder.id().to_owned(),
        row.holder_name.unwrap_or_default(),
        row.state.as_str().to_owned(),
        iso(row.since),
        given_by,
        row.revocable.to_string(),
        number,
        message,
    ]
}

export! {
    /// L2: it can have millions of lines.
    ledger: "ledger.csv", licenses.ledger(app::licenses::ledger_query), LEDGER_HEAD, ledger_line
}

const LEDGER_HEAD: [&str; 12] = [
    "time",
    "act",
    "app",
    "location",
    "kind",
    "holder",
    "actor",
    "reason",
    "operation",
    "apple_event",
    "apple_error",
    "apple_message",
];

fn ledger_line(row: LedgerRow) -> Vec<String> {
    let (number, message) = of_apple(row.error);
    vec![
        iso(row.at),
        row.act.as_str().to_owned(),
        row.asset_name,
        row.location_name,
        row.holder.kind().as_str().to_owned(),
        row.holder.id().to_owned(),
        row.actor,
        row.reason,
        row.operation.map(|id| id.0).unwrap_or_default(),
        row.event.unwrap_or_default(),
        number,
        message,
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
