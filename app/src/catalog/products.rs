//! The catalogue with a row per app over all locations, and its sums (C2).

use super::{
    cells::{NameCell, assigned, figure, pending, retired},
    level::{LevelTag, meter_level},
    list_path, path,
};
use crate::{
    i18n, t,
    ui::{Address, CollectAny, Column, Meter, Moment, Table, Tag, Tone, pager},
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
        <Column label=t!(asset_locations) number=true below=t!(asset_assigned)/>
        <Column label=t!(asset_used) sort=("used", address)/>
        <Column label=t!(asset_available) sort=("available", address) number=true/>
        <Column label=t!(asset_waiting) number=true/>
        <Column label=t!(asset_state)/>
        <Column label=t!(asset_counted)/>
    };
    let rows = page.rows.into_iter().map(row).collect_any();
    view! {
        <Table caption=title head>{rows}</Table>
        {pager}
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
            <NameCell
                icon=row.icon
                name=row.name
                href
                publisher=row.publisher
                version=row.version
                custom=row.custom
            />
            {apps.then(|| view! { <td data-label=t!(asset_platform)>{row.platforms.join(" · ")}</td> }.into_any())}
            <td data-label=t!(asset_locations) class="number">
                <div class="stack">{i18n::number(locations)} {assigned(row.groups)}</div>
            </td>
            <td data-label=t!(asset_used)>
                <Meter used=counts.used total=(!unlimited).then_some(counts.total) level/>
            </td>
            <td data-label=t!(asset_available) class="number">
                <div class="stack">{available} {retired(counts.retired)}</div>
            </td>
            <td data-label=t!(asset_waiting) class="number">
                <div class="stack">{figure(counts.waiting)} {pending(counts.pending)}</div>
            </td>
            <td data-label=t!(asset_state)>
                {missing.then(|| view! { <Tag tone=Tone::Warn label=t!(asset_missing)/> })}
                <LevelTag counts unlimited/></td>
            <td data-label=t!(asset_counted)><Moment at=row.counted_at/></td>
        </tr>
    }
}
