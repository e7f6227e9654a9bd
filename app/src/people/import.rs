//! `/people/import`: people as CSV (D3).

use crate::{
    import::{self, ColumnWords, Upload, What},
    t,
};
use leptos::prelude::*;

pub fn import_page() -> AnyView {
    import::page(Upload {
        what: What::People,
        intro: t!(people_import_intro),
        columns,
        cell,
        twice: t!(people_import_twice),
        list: ("/people", t!(people_import_to_list)),
    })
}

fn columns() -> Vec<ColumnWords> {
    vec![
        ("user_name", t!(person_user_name), t!(people_column_user_name)),
        ("name", t!(person_name), t!(people_column_name)),
        ("email", t!(person_email), t!(people_column_email)),
        (
            "managed_apple_account",
            t!(person_apple_account),
            t!(people_column_apple_account),
        ),
        ("department", t!(person_department), t!(import_column_text)),
        ("active", t!(person_active), t!(people_column_active)),
    ]
}

fn cell(column: &str, cell: String) -> String {
    match column {
        "active" if cell == "yes" => t!(answer_yes).to_owned(),
        "active" => t!(answer_no).to_owned(),
        _ => cell,
    }
}
