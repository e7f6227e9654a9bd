//! The overview's lists. Each says so when there is nothing to do.

use crate::{
    activity::{self, OperationTag},
    i18n, t,
    tokens::StateTag,
    ui::{Card, Column, Day, Meter, MeterLevel, Moment, Table, Tag, Tone},
};
use contract::{
    activity::OperationRow,
    catalog::{AssetRow, Level, ProductType},
    tokens::{SyncState, TokenRow},
};
use leptos::prelude::*;

#[component]
pub fn TokensNeedingAction(tokens: Vec<TokenRow>) -> impl IntoView {
    if tokens.is_empty() {
        return view! { <Card title=t!(overview_action)><p class="muted">{t!(overview_action_none)}</p></Card> }.into_any();
    }
    let rows = tokens
        .into_iter()
        .map(|row| {
            let failed = match &row.sync {
                SyncState::Failed { fault, .. } => {
                    Some(view! { <p class="small muted">{i18n::cause(fault)}</p> })
                }
                _ => None,
            };
            view! {
                <tr>
                    <th scope="row"><a href=format!("/tokens/{}", row.id)>{row.name}</a></th>
                    <td data-label=t!(token_state)><StateTag state=row.state/>{failed}</td>
                    <td data-label=t!(token_expires)><Day at=row.expires_at/></td>
                    <td data-label=t!(token_location)>{row.location_name}</td>
                </tr>
            }
        })
        .collect_view();
    let head = view! {
        <Column label=t!(token_name)/>
        <Column label=t!(token_state)/>
        <Column label=t!(token_expires)/>
        <Column label=t!(token_location)/>
    };
    view! {
        <h2 class="section">{t!(overview_action)}</h2>
        <Table caption=t!(overview_action) head>{rows}</Table>
    }
    .into_any()
}

#[component]
pub fn RunningOut(assets: Vec<AssetRow>) -> impl IntoView {
    let none = assets
        .is_empty()
        .then(|| view! { <p class="muted">{t!(overview_running_out_none)}</p> });
    let lines = assets.into_iter().map(asset).collect_view();
    view! {
        <Card title=t!(overview_running_out)>
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
        </li>
    }
}

#[component]
pub fn Operations(operations: Vec<OperationRow>) -> impl IntoView {
    let none = operations
        .is_empty()
        .then(|| view! { <p class="muted">{t!(overview_operations_none)}</p> });
    let lines = operations.into_iter().map(operation).collect_view();
    view! {
        <Card title=t!(overview_operations)>
            {none}
            <ul class="lines" role="list">{lines}</ul>
        </Card>
    }
}

fn operation(row: OperationRow) -> impl IntoView {
    let name = activity::name(&row);
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
            <OperationTag state=Signal::stored(row.state) failed=Signal::stored(row.failed)/>
        </li>
    }
}
