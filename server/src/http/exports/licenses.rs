//! The lists of licences, the ledger, devices, people, tokens and operations: what is asked for is what their pages
//! ask for by the same parameters.

use super::{kind, of_apple, pages::export};
use crate::portal::csv_rows;
use app::i18n::iso;
use contract::{
    UnixMillis,
    activity::OperationRow,
    licenses::{LedgerRow, LicenseRow, Origin},
    tokens::{AccountType, SyncState, TokenRow},
};

/// The parameters of the page's address.
pub type Asked = Vec<(String, String)>;

export! {
    /// L1.
    licenses: "licenses.csv", licenses.list(app::licenses::list_query), LICENSE_HEAD, license
}

const LICENSE_HEAD: [&str; 11] = [
    "app",
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
        row.location_name,
        kind(&row.holder).to_owned(),
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
        kind(&row.holder).to_owned(),
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
    /// With the columns that an upload of devices knows (D3).
    devices: "devices.csv", devices.list(app::devices::list_query), csv_rows::device_head(), csv_rows::device
}

export! {
    /// With the columns that an upload of people knows (D3).
    people: "people.csv", people.list(app::people::list_query), csv_rows::person_head(), csv_rows::person
}

export! {
    /// What tokens are called and how they stand; no secret is in it.
    tokens: "tokens.csv", tokens.list(app::tokens::list_query), TOKEN_HEAD, token
}

const TOKEN_HEAD: [&str; 14] = [
    "name",
    "state",
    "apple_account",
    "location",
    "organisation",
    "account_type",
    "country",
    "automatic_updates",
    "expires",
    "last_sync",
    "sync_state",
    "apps",
    "used",
    "total",
];

fn token(row: TokenRow) -> Vec<String> {
    let account_type = match row.account_type {
        AccountType::Business => "business",
        AccountType::Education => "education",
    };
    let sync = match row.sync {
        SyncState::Never => "never",
        SyncState::Queued => "queued",
        SyncState::InProgress { .. } => "in_progress",
        SyncState::Completed { .. } => "completed",
        SyncState::Failed { .. } => "failed",
    };
    vec![
        row.name,
        row.state.as_str().to_owned(),
        row.apple_account,
        row.location_name,
        row.organisation,
        account_type.to_owned(),
        row.country,
        row.automatic_updates.to_string(),
        iso(row.expires_at),
        moment(row.synced_at),
        sync.to_owned(),
        row.apps.to_string(),
        row.used.to_string(),
        row.total.to_string(),
    ]
}

export! {
    /// Operations, newest first.
    activity: "activity.csv", activity.list(app::activity::list_query), OPERATION_HEAD, operation
}

const OPERATION_HEAD: [&str; 15] = [
    "operation",
    "kind",
    "app",
    "apps",
    "state",
    "total",
    "done",
    "failed",
    "waiting",
    "location",
    "by",
    "reason",
    "started",
    "ended",
    "fault",
];

fn operation(row: OperationRow) -> Vec<String> {
    vec![
        row.id.0,
        row.kind.as_str().to_owned(),
        row.asset_name,
        row.assets.to_string(),
        row.state.as_str().to_owned(),
        row.total.to_string(),
        row.done.to_string(),
        row.failed.to_string(),
        row.waiting.to_string(),
        row.location_name,
        row.by,
        row.reason,
        iso(row.created_at),
        moment(row.finished_at),
        row.fault
            .map(|fault| fault.code.as_str().to_owned())
            .unwrap_or_default(),
    ]
}

pub fn moment(at: Option<UnixMillis>) -> String {
    at.map(iso).unwrap_or_default()
}
