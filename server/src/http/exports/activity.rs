//! Operations, their items, and what Apple is told of people.

use super::pages::{export, moment, of_apple};
use app::{i18n::iso, ui::Address};
use contract::{
    OperationId,
    activity::{OperationItem, OperationRow},
    users::Told,
};

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

export! {
    /// The items of an operation, each pair of an app and a holder.
    items: "items.csv", activity.items(of &operation_of, app::activity::items_query), ITEM_HEAD, item
}

fn operation_of(address: &Address) -> OperationId {
    OperationId(address.get("operation"))
}

const ITEM_HEAD: [&str; 7] = [
    "app",
    "kind",
    "holder",
    "holder_name",
    "state",
    "apple_error",
    "apple_message",
];

fn item(row: OperationItem) -> Vec<String> {
    let (number, message) = of_apple(row.error);
    vec![
        row.asset_name,
        row.holder.kind().as_str().to_owned(),
        row.holder.id().to_owned(),
        row.holder_name.unwrap_or_default(),
        row.state.as_str().to_owned(),
        number,
        message,
    ]
}

export! {
    /// What Apple was told of people, the latest change first.
    told: "activity-people.csv", users.told(app::activity::people_query).page, TOLD_HEAD, telling
}

const TOLD_HEAD: [&str; 10] = [
    "name",
    "user_name",
    "managed_apple_account",
    "client_user_id",
    "location",
    "what",
    "state",
    "changed",
    "apple_error",
    "apple_message",
];

fn telling(row: Told) -> Vec<String> {
    let (number, message) = of_apple(row.error);
    vec![
        row.name,
        row.user_name,
        row.managed,
        row.client_user_id,
        row.location_name,
        row.what.as_str().to_owned(),
        row.state.as_str().to_owned(),
        iso(row.changed_at),
        number,
        message,
    ]
}
