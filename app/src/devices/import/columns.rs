//! What a CSV file may hold, and an example to begin with.

use crate::{
    t,
    ui::{Column, Icon, Table},
};
use leptos::prelude::*;

#[component]
pub fn Columns() -> impl IntoView {
    let rows = [
        ("serial", t!(import_column_serial)),
        ("name", t!(import_column_name)),
        ("platform", t!(import_column_platform)),
        ("model", t!(import_column_text)),
        ("os_version", t!(import_column_text)),
        ("ownership", t!(import_column_ownership)),
        ("supervised", t!(import_column_supervised)),
        ("user_name", t!(import_column_user)),
    ]
    .map(|(column, meaning)| {
        view! {
            <tr>
                <th scope="row"><code>{column}</code></th>
                <td data-label=t!(import_meaning)>{meaning}</td>
            </tr>
        }
    });
    let head = view! {
        <Column label=t!(import_column)/>
        <Column label=t!(import_meaning)/>
    };
    view! {
        <h2 class="section">{t!(import_columns)}</h2>
        <Table caption=t!(import_columns) head>{rows.collect_view()}</Table>
        <p class="import-example">
            <a class="button" href="/devices-example.csv" download="devices-example.csv" rel="external">
                {Icon::Download.view()}
                {t!(import_example)}
            </a>
        </p>
    }
}
