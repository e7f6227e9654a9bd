//! What a CSV file may hold, and an example to begin with.

use super::Upload;
use crate::{
    t,
    ui::{CollectAny, Column, Icon, Table},
};
use leptos::prelude::*;

#[component]
pub fn Columns(upload: Upload) -> impl IntoView {
    let rows = (upload.columns)().into_iter().map(|(column, _, meaning)| {
        view! {
            <tr>
                <th scope="row"><code>{column}</code></th>
                <td data-label=t!(import_meaning) class="prose">{meaning}</td>
            </tr>
        }
    });
    let head = view! {
        <Column label=t!(import_column)/>
        <Column label=t!(import_meaning)/>
    };
    let example = format!("{}-example.csv", upload.what.as_str());
    view! {
        <h2 class="section">{t!(import_columns)}</h2>
        <Table caption=t!(import_columns) head>{rows.collect_any()}</Table>
        <p class="import-example">
            <a class="button" href=format!("/{example}") download=example rel="external">
                {Icon::Download.view()}
                {t!(import_example)}
            </a>
        </p>
    }
}
