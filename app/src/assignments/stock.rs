//! The apps of an assignment and what is left of each.

use crate::{
    catalog::{AssetIcon, meter_level, path},
    t,
    ui::{Address, Card, CollectAny, Meter, Tag, Tone},
};
use contract::catalog::{AssetRow, ProductType};
use leptos::prelude::*;

#[component]
pub fn ChosenApps(address: Memo<Address>, assets: Vec<AssetRow>) -> impl IntoView {
    let many = assets.len() > 1;
    let lines = assets
        .into_iter()
        .map(|asset| {
            let without = many
                .then(|| address.with_untracked(|address| address.without("asset", &asset.id.to_string())));
            line(asset, without)
        })
        .collect_any();
    view! {
        <Card title=t!(menu_apps)>
            <ul class="lines" role="list">{lines}</ul>
        </Card>
    }
}

/// `without` leads to the same choice without this app.
fn line(asset: AssetRow, without: Option<String>) -> impl IntoView {
    let AssetRow {
        id,
        product,
        unlimited,
        counts,
        ..
    } = asset;
    let level = meter_level(counts.total, counts.available, unlimited);
    let left = (!unlimited).then(|| t!(assign_left, count = counts.available));
    let book = (product == ProductType::Book)
        .then(|| view! { <Tag tone=Tone::Bad label=t!(reason_not_assignable)/> });
    let remove = without.map(|href| {
        let label = t!(assign_leave_out_app, name = &asset.name);
        view! { <a href=href aria-label=label>{t!(assign_leave_out)}</a> }.into_any()
    });
    view! {
        <li>
            <div class="item">
                <AssetIcon url=asset.icon name=asset.name.clone()/>
                <div>
                    <a href=path(product, id)>{asset.name}</a>
                    <small>{asset.location_name}{left.map(|left| format!(" · {left}"))}</small>
                </div>
            </div>
            {book}
            <Meter used=counts.used total=(!unlimited).then_some(counts.total) level/>
            {remove}
        </li>
    }
}
