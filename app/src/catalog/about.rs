//! What Apple says of an app or book (C1).

use crate::{
    t,
    ui::{Card, Fact, Facts, Moment, or_dash},
};
use contract::catalog::{AssetDetail, ProductType};
use leptos::prelude::*;

fn kind(custom: bool) -> &'static str {
    if custom { t!(type_custom) } else { t!(type_store) }
}

/// Which kinds of licences Apple gives of it.
pub(super) fn license_kinds(asset: &AssetDetail) -> &'static str {
    if asset.device_assignable {
        t!(kinds_device_and_user)
    } else {
        t!(kinds_user)
    }
}

fn yes_no(yes: bool) -> &'static str {
    if yes { t!(answer_yes) } else { t!(answer_no) }
}

#[component]
pub(super) fn AboutCard(asset: AssetDetail) -> impl IntoView {
    let row = asset.row.clone();
    let apps = row.product == ProductType::App;
    let kinds = license_kinds(&asset);
    let store = asset.store_url.map(|url| {
        view! { <Fact name=t!(asset_store)><a href=url rel="external noopener" target="_blank">{t!(asset_store_open)}</a></Fact> }
    });
    let described = match asset.described_at {
        Some(at) => view! { <Moment at/> }.into_any(),
        None => t!(asset_not_described).into_any(),
    };
    view! {
        <Card title=t!(asset_properties)>
            <Facts>
                <Fact name=t!(asset_adam_id)>{asset.adam_id}</Fact>
                {apps.then(|| view! {
                    <Fact name=t!(asset_bundle_id)>{or_dash(asset.bundle_id)}</Fact>
                    <Fact name=t!(asset_type)>{kind(row.custom)}</Fact>
                    <Fact name=t!(asset_platform)>{or_dash(row.platforms.join(" · "))}</Fact>
                    <Fact name=t!(asset_minimum_os)>{or_dash(asset.minimum_os)}</Fact>
                })}
                <Fact name=t!(asset_version)>{or_dash(row.version)}</Fact>
                <Fact name=t!(asset_genre)>{or_dash(asset.genre)}</Fact>
                <Fact name=t!(asset_price)>{or_dash(asset.price)}</Fact>
                <Fact name=t!(asset_pricing)>{asset.pricing_param}</Fact>
                <Fact name=t!(asset_kinds)>{kinds}</Fact>
                <Fact name=t!(asset_revocable)>{yes_no(asset.revocable)}</Fact>
                {store}
                <Fact name=t!(asset_described)>{described}</Fact>
            </Facts>
        </Card>
    }
}
