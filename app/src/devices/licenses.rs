//! The licences of one device, to read.

use crate::{
    assignments::explain_path,
    licenses::StateTag,
    t,
    ui::{Column, Moment, Table},
};
use contract::licenses::LicenseRow;
use leptos::prelude::*;

#[component]
pub fn Licenses(licenses: Vec<LicenseRow>, serial: String) -> impl IntoView {
    let table = if licenses.is_empty() {
        view! { <p class="muted">{t!(device_licenses_none)}</p> }.into_any()
    } else {
        let head = view! {
            <Column label=t!(license_app)/>
            <Column label=t!(license_state)/>
            <Column label=t!(license_since)/>
            <Column label=t!(activity_location)/>
        };
        let rows = licenses.into_iter().map(line).collect_view();
        view! { <Table caption=t!(device_licenses) head>{rows}</Table> }.into_any()
    };
    view! {
        <h2 class="section">{t!(device_licenses)}</h2>
        {table}
        <p class="section"><a href=format!("/licenses?holder={serial}")>{t!(device_licenses_all)}</a></p>
    }
}

fn line(row: LicenseRow) -> impl IntoView {
    let error = row.error.map(|error| {
        let number = error.number.to_string();
        view! { <p class="small muted">{t!(fault_apple, number = number, message = error.message)}</p> }
    });
    let why = explain_path(row.asset, row.holder.id());
    let label = t!(explain_why_of, app = &row.asset_name, holder = row.holder.id());
    view! {
        <tr>
            <th scope="row"><a href=format!("/apps/{}", row.asset)>{row.asset_name}</a></th>
            <td data-label=t!(license_state)>
                <div class="stack">
                    <StateTag state=row.state/>
                    {error}
                    <a class="small" href=why aria-label=label>{t!(explain_why)}</a>
                </div>
            </td>
            <td data-label=t!(license_since)><Moment at=row.since/></td>
            <td data-label=t!(activity_location)>{row.location_name}</td>
        </tr>
    }
}
