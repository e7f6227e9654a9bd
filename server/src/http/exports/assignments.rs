//! Who waits for a licence (A8).

use super::pages::export;
use app::{i18n::iso, ui::Address};
use contract::assignments::WaitingRow;

export! {
    /// In the order in which they get one.
    waiting: "waiting.csv", group_assignments.waiting(of app::assignments::asset, Address::page), HEAD, line
}

const HEAD: [&str; 8] = [
    "place",
    "kind",
    "holder",
    "holder_name",
    "user_name",
    "since",
    "priority",
    "group",
];

fn line(row: WaitingRow) -> Vec<String> {
    vec![
        row.place.to_string(),
        row.holder.kind().as_str().to_owned(),
        row.holder.id().to_owned(),
        row.holder_name.unwrap_or_default(),
        row.user_name.unwrap_or_default(),
        iso(row.since),
        row.priority.as_str().to_owned(),
        row.group_name.unwrap_or_default(),
    ]
}
