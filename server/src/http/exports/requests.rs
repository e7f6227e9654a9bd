//! What people ask for (P4).

use super::pages::{export, key};
use app::i18n::iso;
use contract::checkin::RequestRow;

export! {
    /// P4: the open ones oldest first, the others newest first.
    requests: "requests.csv", requests.list(app::requests::list_query), REQUEST_HEAD, wish
}

const REQUEST_HEAD: [&str; 13] = [
    "app",
    "location",
    "device",
    "serial",
    "user_name",
    "reason",
    "made",
    "free",
    "state",
    "answered",
    "answered_by",
    "answer",
    "operation",
];

fn wish(row: RequestRow) -> Vec<String> {
    let (answered_by, answered) = match row.answered {
        Some((by, at)) => (by, iso(at)),
        None => Default::default(),
    };
    vec![
        row.asset_name,
        row.location_name,
        row.device_name,
        key(row.serial.as_str()),
        row.user_name,
        row.reason,
        iso(row.made_at),
        row.free.map(|free| free.to_string()).unwrap_or_default(),
        row.state.as_str().to_owned(),
        answered,
        answered_by,
        row.answer,
        row.operation.map(|id| id.0).unwrap_or_default(),
    ]
}
