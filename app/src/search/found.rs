//! Several devices, people or apps that fit: each leads to its card or page.

use crate::{
    catalog::{AssetIcon, meter_level, path},
    t,
    ui::{Card, CollectAny, Meter, Tag, Tone},
};
use contract::{catalog::AssetRow, devices::DeviceRow, people::PersonRow};
use leptos::prelude::*;
use leptos_router::location::Url;

#[component]
pub(super) fn Groups(
    text: String,
    devices: Vec<DeviceRow>,
    people: Vec<PersonRow>,
    assets: Vec<AssetRow>,
    more_devices: bool,
    more_people: bool,
    more_assets: bool,
) -> impl IntoView {
    let all = |list: &str| format!("{list}?search={}", Url::escape(&text));
    let devices = (!devices.is_empty()).then(|| {
        let more =
            more_devices.then(|| view! { <p><a href=all("/devices")>{t!(search_devices_more)}</a></p> });
        view! {
            <Card title=t!(search_devices)>
                <ul class="lines" role="list">{devices.into_iter().map(device).collect_any()}</ul>
                {more}
            </Card>
        }
    });
    let people = (!people.is_empty()).then(|| {
        let more = more_people.then(|| view! { <p><a href=all("/people")>{t!(search_people_more)}</a></p> });
        view! {
            <Card title=t!(search_people)>
                <ul class="lines" role="list">{people.into_iter().map(person).collect_any()}</ul>
                {more}
            </Card>
        }
    });
    let assets = (!assets.is_empty()).then(|| {
        let more = more_assets.then(|| view! { <p><a href=all("/apps")>{t!(search_apps_more)}</a></p> });
        view! {
            <Card title=t!(search_apps)>
                <ul class="lines" role="list">{assets.into_iter().map(asset).collect_any()}</ul>
                {more}
            </Card>
        }
    });
    view! { <div class="columns">{devices} {people} {assets}</div> }
}

fn device(row: DeviceRow) -> impl IntoView {
    let about = [
        row.serial.shown(),
        row.platform.label(),
        &row.model,
        &row.user_name,
    ]
    .into_iter()
    .filter(|part| !part.is_empty())
    .collect::<Vec<_>>()
    .join(" · ");
    let href = match row.serial.is_absent() {
        true => format!("/devices/{}", row.id),
        false => format!("/search?q={}", Url::escape(row.serial.as_str())),
    };
    view! {
        <li>
            <div>
                <a href=href>{row.name}</a>
                <p class="small muted">{about}</p>
            </div>
        </li>
    }
}

fn person(row: PersonRow) -> impl IntoView {
    let about = [&row.user_name, &row.email, &row.department]
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" · ");
    view! {
        <li>
            <div>
                <a href=format!("/people/{}", row.id)>{row.name}</a>
                <p class="small muted">{about}</p>
            </div>
        </li>
    }
}

fn asset(row: AssetRow) -> impl IntoView {
    let AssetRow {
        id,
        product,
        counts,
        unlimited,
        ..
    } = row;
    let level = meter_level(counts.total, counts.available, unlimited);
    let waiting = (counts.waiting > 0).then(|| {
        view! { <Tag tone=Tone::Wait label=t!(overview_asset_waiting, count = counts.waiting)/> }
    });
    view! {
        <li>
            <div class="item">
                <AssetIcon url=row.icon name=row.name.clone()/>
                <div>
                    <a href=path(product, id)>{row.name}</a>
                    <p class="small muted">{row.location_name}</p>
                </div>
            </div>
            {waiting}
            <Meter used=counts.used total=(!unlimited).then_some(counts.total) level/>
        </li>
    }
}
