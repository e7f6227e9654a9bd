//! The licences of one device, to read.

use crate::{
    assignments::explain_path,
    licenses::StateTag,
    t,
    ui::{CollectAny, Column, Moment, Table},
};
use contract::{
    assignments::LicenseKind,
    licenses::{DeviceErrand, Errand, LicenseRow},
};
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
        let rows = licenses.into_iter().map(|row| line(row, &serial)).collect_any();
        view! { <Table caption=t!(device_licenses) head>{rows}</Table> }.into_any()
    };
    view! {
        <h2 class="section">{t!(device_licenses)}</h2>
        {table}
        <p class="section"><a href=format!("/licenses?holder={serial}")>{t!(device_licenses_all)}</a></p>
    }
}

/// What the device is to do with apps: written down, and done once an MDM is attached.
#[component]
pub fn Errands(errands: Vec<DeviceErrand>) -> impl IntoView {
    (!errands.is_empty()).then(|| {
        let lines = errands.into_iter().map(errand).collect_any();
        view! {
            <h3>{t!(explain_wanted)}</h3>
            <ul class="lines" role="list">{lines}</ul>
        }
    })
}

fn errand(row: DeviceErrand) -> impl IntoView {
    let what = match row.errand {
        Errand::Install => t!(explain_wanted_install),
        Errand::Uninstall => t!(explain_wanted_uninstall),
    };
    view! {
        <li>
            <div>
                <a href=format!("/apps/{}", row.asset)>{row.asset_name}</a>
                <p class="small muted">{what}</p>
            </div>
        </li>
    }
}

/// That a licence is not the device's own, but one of the person's whose it is (A2).
pub fn by_user(row: &LicenseRow) -> Option<String> {
    let user = row.holder.kind() == LicenseKind::User;
    let name = || row.holder_name.as_deref().unwrap_or_else(|| row.holder.id());
    user.then(|| t!(device_license_by_user, name = name()))
}

fn line(row: LicenseRow, serial: &str) -> impl IntoView + use<> {
    let by = by_user(&row).map(|by| view! { <small class="muted">{by}</small> });
    let error = row.error.map(|error| {
        let number = error.number.to_string();
        view! { <p class="small muted">{t!(fault_apple, number = number, message = error.message)}</p> }
    });
    let why = explain_path(row.asset, serial);
    let label = t!(explain_why_of, app = &row.asset_name, holder = serial);
    view! {
        <tr>
            <th scope="row">
                <div class="stack"><a href=format!("/apps/{}", row.asset)>{row.asset_name}</a> {by}</div>
            </th>
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
