//! The catalogue with a row per app over all locations, and its sums (C2).

use super::{
    icon::AssetIcon,
    level::{LevelTag, meter_level},
    list_path, path,
    row::kind,
};
use crate::{
    i18n, t,
    ui::{Address, Column, Meter, Moment, Table, Tag, Tone, pager},
};
use contract::{
    Page,
    catalog::{ProductRow, ProductType},
};
use leptos::prelude::*;

pub(super) fn products(
    title: &'static str,
    product: ProductType,
    address: Memo<Address>,
    page: Page<ProductRow>,
) -> impl IntoView {
    let pager = pager(address, &page);
    let apps = product == ProductType::App;
    let head = view! {
        <Column label=t!(asset_name) sort=("name", address) first=true/>
        {apps.then(|| view! { <Column label=t!(asset_platform)/> })}
        <Column label=t!(asset_locations) number=true/>
        {apps.then(|| view! { <Column label=t!(asset_type)/> })}
        <Column label=t!(asset_used) sort=("used", address)/>
        <Column label=t!(asset_available) sort=("available", address) number=true/>
        <Column label=t!(asset_waiting) number=true/>
        <Column label=t!(asset_pending) number=true/>
        <Column label=t!(asset_retired) number=true/>
        <Column label=t!(asset_version)/>
        <Column label=t!(asset_state)/>
        <Column label=t!(asset_counted)/>
    };
    let rows = page.rows.into_iter().map(row).collect_view();
    view! {
        <Table caption=title head>{rows}</Table>
        {pager}
    }
}

/// A dash says "none" better than a nought in a column that is mostly empty.
fn figure(number: i64) -> String {
    match number {
        0 => "–".to_owned(),
        number => i18n::number(number),
    }
}

fn row(row: ProductRow) -> impl IntoView {
    let ProductRow {
        product,
        counts,
        unlimited,
        locations,
        ..
    } = row;
    let apps = product == ProductType::App;
    let missing = row.missing > 0;
    // Of one location: its own page; of several: their rows.
    let href = match locations {
        1 => path(product, row.first),
        _ => format!("{}?view=tokens&search={}", list_path(product), row.adam_id),
    };
    let level = meter_level(counts.total, counts.available, unlimited);
    let available = match unlimited {
        true => "–".to_owned(),
        false => i18n::number(counts.available),
    };
    view! {
        <tr>
            <th scope="row">
                <div class="item">
                    <AssetIcon url=row.icon name=row.name.clone()/>
                    <div>
                        <a href=href>{row.name}</a>
                        <small>{row.publisher}</small>
                    </div>
                </div>
            </th>
            {apps.then(|| view! { <td data-label=t!(asset_platform)>{row.platforms.join(" · ")}</td> })}
            <td data-label=t!(asset_locations) class="number">{i18n::number(locations)}</td>
            {apps.then(|| view! { <td data-label=t!(asset_type)>{kind(row.custom)}</td> })}
            <td data-label=t!(asset_used)>
                <Meter used=counts.used total=(!unlimited).then_some(counts.total) level/>
            </td>
            <td data-label=t!(asset_available) class="number">{available}</td>
            <td data-label=t!(asset_waiting) class="number">{figure(counts.waiting)}</td>
            <td data-label=t!(asset_pending) class="number">{figure(counts.pending)}</td>
            <td data-label=t!(asset_retired) class="number">{figure(counts.retired)}</td>
            <td data-label=t!(asset_version)>{row.version}</td>
            <td data-label=t!(asset_state)>
                {missing.then(|| view! { <Tag tone=Tone::Warn label=t!(asset_missing)/> })}
                <LevelTag counts unlimited/></td>
            <td data-label=t!(asset_counted)><Moment at=row.counted_at/></td>
        </tr>
    }
}
