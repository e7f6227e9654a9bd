//! One app or book in the list.

use super::{
    cells::{NameCell, assigned, figure, pending, retired},
    level::{LevelTag, meter_level},
    live::LiveCounts,
    path,
};
use crate::{
    i18n, t,
    ui::{Address, Column, Meter, Moment, Pick, Tag, Tone, changing},
};
use contract::catalog::{AssetRow, ProductType};
use leptos::prelude::*;

pub(super) fn head(product: ProductType, address: Memo<Address>) -> impl IntoView {
    let apps = product == ProductType::App;
    view! {
        <Column label=t!(asset_name) sort=("name", address) first=true/>
        {apps.then(|| view! { <Column label=t!(asset_platform)/> })}
        <Column label=t!(asset_location) below=t!(asset_assigned)/>
        <Column label=t!(asset_used) sort=("used", address)/>
        <Column label=t!(asset_available) sort=("available", address) number=true/>
        <Column label=t!(asset_waiting) number=true/>
        <Column label=t!(asset_state)/>
        <Column label=t!(asset_counted)/>
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
    let missing = row.missing_since.map(|_| match row.removed {
        true => t!(asset_removed),
        false => t!(asset_not_sold),
    });
    let counts = live.of(id, row.counts);
    let meter = changing(move || {
        let counts = counts.get();
        let level = meter_level(counts.total, counts.available, unlimited);
        view! { <Meter used=counts.used total=(!unlimited).then_some(counts.total) level/> }
    });
    let available = changing(move || {
        if unlimited {
            "–".to_owned()
        } else {
            i18n::number(counts.get().available)
        }
    });
    let here = address.with_untracked(|address| address.with("location", row.location.as_str()));
    let name = row.name.clone();
    view! {
        <tr>
            {pick.then(|| view! { <Pick name="asset" value=id.to_string() label=t!(list_pick, name = name)/> })}
            <NameCell
                icon=row.icon
                name=row.name
                href=path(product, id)
                publisher=row.publisher
                version=row.version
                custom=row.custom
            />
            {apps.then(|| view! { <td data-label=t!(asset_platform)>{row.platforms.join(" · ")}</td> }.into_any())}
            <td data-label=t!(asset_location)>
                <div class="stack"><a href=here>{row.location_name}</a> {assigned(row.groups)}</div>
            </td>
            <td data-label=t!(asset_used)>{meter}</td>
            <td data-label=t!(asset_available) class="number">
                <div class="stack">{available} {move || retired(counts.get().retired)}</div>
            </td>
            <td data-label=t!(asset_waiting) class="number">
                <div class="stack">{move || figure(counts.get().waiting)} {move || pending(counts.get().pending)}</div>
            </td>
            <td data-label=t!(asset_state)>
                {missing.map(|label| view! { <Tag tone=Tone::Warn label/> })}
                {move || view! { <LevelTag counts=counts.get() unlimited/> }}</td>
            <td data-label=t!(asset_counted)><Moment at=row.counted_at/></td>
        </tr>
    }
}
