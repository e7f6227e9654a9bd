//! `/devices/import`: devices as CSV (D3).

use super::words;
use crate::{
    import::{self, ColumnWords, Upload, What},
    t,
};
use contract::devices::{DeviceOwnership, Enrolment};
use leptos::prelude::*;

pub fn import_page() -> AnyView {
    import::page(Upload {
        what: What::Devices,
        intro: t!(import_intro),
        columns,
        cell,
        twice: t!(import_twice),
        list: ("/devices?sort=added&dir=down", t!(import_to_devices)),
    })
}

fn columns() -> Vec<ColumnWords> {
    vec![
        ("serial", t!(device_serial), t!(import_column_serial)),
        ("name", t!(device_name), t!(import_column_name)),
        ("platform", t!(device_platform), t!(import_column_platform)),
        ("model", t!(device_model), t!(import_column_text)),
        ("os_version", t!(device_os), t!(import_column_text)),
        ("ownership", t!(device_ownership), t!(import_column_ownership)),
        ("supervised", t!(device_supervised), t!(import_column_yes_no)),
        ("enrolment", t!(device_enrolment), t!(import_column_enrolment)),
        ("kiosk", t!(device_kiosk), t!(import_column_yes_no)),
        (
            "store_blocked",
            t!(device_store_blocked),
            t!(import_column_yes_no),
        ),
        ("user_name", t!(device_user), t!(import_column_user)),
        ("last_check_in", t!(device_seen), t!(import_column_last_check_in)),
    ]
}

fn cell(column: &str, cell: String) -> String {
    let words = match column {
        "ownership" => DeviceOwnership::parse(&cell).map(words::ownership),
        "enrolment" => Enrolment::parse(&cell).map(words::enrolment),
        "supervised" | "kiosk" | "store_blocked" => Some(words::yes_no(cell == "yes")),
        _ => None,
    };
    words.map_or(cell, str::to_owned)
}
