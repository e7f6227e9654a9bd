//! The overview's lists. Each says so when there is nothing to do.

use crate::{
    activity::{self, OperationTag},
    t,
    ui::{Card, CollectAny, Meter, MeterLevel, Moment, Tag, Tone},
};
use contract::{
    activity::OperationRow,
    catalog::{AssetRow, Level, ProductType},
};
use leptos::prelude::*;

#[component]
pub fn RunningOut(assets: Vec<AssetRow>, missing: i64) -> impl IntoView {
    let missing = (missing > 0)
        .then(|| view! { <p><a href="/apps?flag=missing">{t!(overview_missing, count = missing)}</a></p> });
    let none = assets
        .is_empty()
        .then(|| view! { <p class="muted">{t!(overview_running_out_none)}</p> });
    let lines = assets.into_iter().map(asset).collect_any();
    view! {
        <Card title=t!(overview_running_out)>
            {missing}
            {none}
            <ul class="lines" role="list">{lines}</ul>
        </Card>
    }
}

fn asset(row: AssetRow) -> impl IntoView {
    let kind = match row.product {
        ProductType::App => "apps",
        ProductType::Book => "books",
    };
    let level = match row.level {
        Level::Out => MeterLevel::Out,
        Level::Low => MeterLevel::Low,
        Level::Unused | Level::Enough | Level::Unlimited => MeterLevel::Enough,
    };
    let who = format!("{} {}", t!(overview_remedy_who), row.name);
    let waiting = (row.counts.waiting > 0).then(
        || view! { <Tag tone=Tone::Wait label=t!(overview_asset_waiting, count = row.counts.waiting)/> },
    );
    view! {
        <li>
            <div>
                <a href=format!("/{kind}/{}", row.id)>{row.name}</a>
                <p class="small muted">{row.location_name}</p>
            </div>
            {waiting}
            <Meter used=row.counts.used total=(!row.unlimited).then_some(row.counts.total) level/>
            <a href=format!("/licenses?asset={}", row.id) aria-label=who>{t!(overview_remedy_who)}</a>
        </li>
    }
}

#[component]
pub fn Operations(operations: Vec<OperationRow>) -> impl IntoView {
    let none = operations
        .is_empty()
        .then(|| view! { <p class="muted">{t!(overview_operations_none)}</p> });
    let lines = operations.into_iter().map(operation).collect_any();
    view! {
        <Card title=t!(overview_operations)>
            {none}
            <ul class="lines" role="list">{lines}</ul>
        </Card>
    }
}

fn operation(row: OperationRow) -> impl IntoView {
    let name = activity::name(&row);
    let held = row.is_held_back();
    let settled = row.done + row.failed + row.waiting;
    view! {
        <li>
            <div>
                <a href=format!("/activity/{}", row.id)>{name}</a>
                <p class="small muted">
                    {row.location_name} " · " {t!(running_of, done = settled, total = row.total)} " · "
                    <Moment at=row.created_at/>
                </p>
            </div>
            <OperationTag state=Signal::stored(row.state) failed=Signal::stored(row.failed) held/>
        </li>
    }
}
