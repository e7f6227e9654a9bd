//! One app or book in the list.

use super::{
    icon::AssetIcon,
    level::{LevelTag, meter_level},
    live::LiveCounts,
    path,
};
use crate::{
    i18n, t,
    ui::{Address, Column, Meter, Moment, Pick, Tag, Tone},
};
use contract::catalog::{AssetRow, Counts, ProductType};
use leptos::prelude::*;

pub(super) fn head(product: ProductType, address: Memo<Address>) -> impl IntoView {
    let apps = product == ProductType::App;
    view! {
        <Column label=t!(asset_name) sort=("name", address) first=true/>
        {apps.then(|| view! { <Column label=t!(asset_platform)/> })}
        <Column label=t!(asset_location)/>
        {apps.then(|| view! { <Column label=t!(asset_type)/> })}
        <Column label=t!(asset_used) sort=("used", address)/>
        <Column label=t!(asset_available) sort=("available", address) number=true/>
        <Column label=t!(asset_waiting) number=true/>
        <Column label=t!(asset_pending) number=true/>
        <Column label=t!(asset_retired) number=true/>
        <Column label=t!(asset_version)/>
        <Column label=t!(asset_state)/>
        <Column label=t!(asset_counted)/>
    }
}

pub(super) fn kind(custom: bool) -> &'static str {
    if custom { t!(type_custom) } else { t!(type_store) }
}

/// A dash says "none" better than a nought in a column that is mostly empty.
fn figure(counts: Memo<Counts>, of: fn(Counts) -> i64) -> impl Fn() -> String + Copy + Send + 'static {
    move || match of(counts.get()) {
        0 => "–".to_owned(),
        number => i18n::number(number),
    }
}

#[component]
pub(super) fn Row(row: AssetRow, address: Memo<Address>, live: LiveCounts, pick: bool) -> impl IntoView {
    let AssetRow {
        id,
        product,
        unlimited,
        ..
    } = row;
    let apps = product == ProductType::App;
    let missing = row.missing_since.is_some();
    let counts = live.of(id, row.counts);
    let meter = move || {
        let counts = counts.get();
        let level = meter_level(counts.total, counts.available, unlimited);
        view! { <Meter used=counts.used total=(!unlimited).then_some(counts.total) level/> }
    };
    let available = move || {
        if unlimited {
            "–".to_owned()
        } else {
            i18n::number(counts.get().available)
        }
    };
    let here = address.with_untracked(|address| address.with("location", row.location.as_str()));
    let name = row.name.clone();
    view! {
        <tr>
            {pick.then(|| view! { <Pick name="asset" value=id.to_string() label=t!(list_pick, name = name)/> })}
            <th scope="row">
                <div class="item">
                    <AssetIcon url=row.icon name=row.name.clone()/>
                    <div>
                        <a href=path(product, id)>{row.name}</a>
                        <small>{row.publisher}</small>
                    </div>
                </div>
            </th>
            {apps.then(|| view! { <td data-label=t!(asset_platform)>{row.platforms.join(" · ")}</td> })}
            <td data-label=t!(asset_location)><a href=here>{row.location_name}</a></td>
            {apps.then(|| view! { <td data-label=t!(asset_type)>{kind(row.custom)}</td> })}
            <td data-label=t!(asset_used)>{meter}</td>
            <td data-label=t!(asset_available) class="number">{available}</td>
            <td data-label=t!(asset_waiting) class="number">{figure(counts, |counts| counts.waiting)}</td>
            <td data-label=t!(asset_pending) class="number">{figure(counts, |counts| counts.pending)}</td>
            <td data-label=t!(asset_retired) class="number">{figure(counts, |counts| counts.retired)}</td>
            <td data-label=t!(asset_version)>{row.version}</td>
            <td data-label=t!(asset_state)>
                {missing.then(|| view! { <Tag tone=Tone::Warn label=t!(asset_missing)/> })}
                {move || view! { <LevelTag counts=counts.get() unlimited/> }}</td>
            <td data-label=t!(asset_counted)><Moment at=row.counted_at/></td>
        </tr>
    }
}
