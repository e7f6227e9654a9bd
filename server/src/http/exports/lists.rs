//! The lists of licences, devices, people, tokens and operations: what is asked for is what their pages ask for by the same
//! parameters.

use super::{
    kind, of_apple,
    pages::{sent, whole},
};
use crate::{http::sessions::Signed, portal::csv_rows};
use app::{i18n::iso, ui::Address};
use axum::{
    Extension,
    extract::{Query, Request},
    response::Response,
};
use contract::{
    UnixMillis,
    activity::OperationRow,
    licenses::{LicenseRow, Origin},
    tokens::{AccountType, SyncState, TokenRow},
};

/// The parameters of the page's address.
type Asked = Vec<(String, String)>;

/// L1.
pub async fn licenses(
    Extension(signed): Extension<Signed>,
    Query(asked): Query<Asked>,
    request: Request,
) -> Response {
    let export = async {
        let services = signed.services();
        let (licenses, caller) = (services.licenses.clone(), services.caller()?.clone());
        let read = move |query| {
            let (licenses, caller) = (licenses.clone(), caller.clone());
            async move { licenses.list(&caller, query).await }
        };
        let query = app::licenses::list_query(&Address::of(asked));
        whole(LICENSE_HEAD, query, read, license).await
    }
    .await;
    sent(&request, "licenses.csv", export)
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

/// With the columns that an upload of devices knows (D3).
pub async fn devices(
    Extension(signed): Extension<Signed>,
    Query(asked): Query<Asked>,
    request: Request,
) -> Response {
    let export = async {
        let services = signed.services();
        let (devices, caller) = (services.devices.clone(), services.caller()?.clone());
        let read = move |query| {
            let (devices, caller) = (devices.clone(), caller.clone());
            async move { devices.list(&caller, query).await }
        };
        let query = app::devices::list_query(&Address::of(asked));
        whole(csv_rows::device_head(), query, read, csv_rows::device).await
    }
    .await;
    sent(&request, "devices.csv", export)
}

/// With the columns that an upload of people knows (D3).
pub async fn people(
    Extension(signed): Extension<Signed>,
    Query(asked): Query<Asked>,
    request: Request,
) -> Response {
    let export = async {
        let services = signed.services();
        let (people, caller) = (services.people.clone(), services.caller()?.clone());
        let read = move |query| {
            let (people, caller) = (people.clone(), caller.clone());
            async move { people.list(&caller, query).await }
        };
        let query = app::people::list_query(&Address::of(asked));
        whole(csv_rows::person_head(), query, read, csv_rows::person).await
    }
    .await;
    sent(&request, "people.csv", export)
}

/// What tokens are called and how they stand; no secret is in it.
pub async fn tokens(
    Extension(signed): Extension<Signed>,
    Query(asked): Query<Asked>,
    request: Request,
) -> Response {
    let export = async {
        let services = signed.services();
        let (tokens, caller) = (services.tokens.clone(), services.caller()?.clone());
        let read = move |query| {
            let (tokens, caller) = (tokens.clone(), caller.clone());
            async move { tokens.list(&caller, query).await }
        };
        let query = app::tokens::list_query(&Address::of(asked));
        whole(TOKEN_HEAD, query, read, token).await
    }
    .await;
    sent(&request, "tokens.csv", export)
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

/// Operations, newest first.
pub async fn activity(
    Extension(signed): Extension<Signed>,
    Query(asked): Query<Asked>,
    request: Request,
) -> Response {
    let export = async {
        let services = signed.services();
        let (activity, caller) = (services.activity.clone(), services.caller()?.clone());
        let read = move |query| {
            let (activity, caller) = (activity.clone(), caller.clone());
            async move { activity.list(&caller, query).await }
        };
        let query = app::activity::list_query(&Address::of(asked));
        whole(OPERATION_HEAD, query, read, operation).await
    }
    .await;
    sent(&request, "activity.csv", export)
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

fn moment(at: Option<UnixMillis>) -> String {
    at.map(iso).unwrap_or_default()
}
