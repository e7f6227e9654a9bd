//! What somebody has to look after, each with its remedy: tokens (T10, N1) and waiting lists.

use crate::{
    i18n, t,
    tokens::StateTag,
    ui::{Card, CollectAny, Column, Day, Moment, Note, Table, Tag, Tone},
};
use contract::{
    UnixMillis,
    catalog::AssetRow,
    overview::{StorageTrouble, TokenAlert},
    tokens::{TokenRow, TokenState},
};
use leptos::prelude::*;

/// What waits until storage can be written again.
#[component]
pub fn StorageNote(trouble: StorageTrouble) -> impl IntoView {
    view! {
        <Note tone=Tone::Bad title=t!(overview_storage)>
            <p>{i18n::cause(&trouble.fault)} " " {i18n::remedy(&trouble.fault)}</p>
            <p>{t!(overview_storage_text)} " " <Moment at=trouble.since/></p>
        </Note>
    }
}

/// `renew`: the reader may put tokens right.
#[component]
pub fn TokensNeedingAction(tokens: Vec<TokenRow>, now: UnixMillis, renew: bool) -> impl IntoView {
    if tokens.is_empty() {
        return view! { <Card title=t!(overview_action)><p class="muted">{t!(overview_action_none)}</p></Card> }.into_any();
    }
    let rows = tokens.into_iter().map(|row| token(row, now, renew)).collect_any();
    let head = view! {
        <Column label=t!(token_name)/>
        <Column label=t!(overview_alert)/>
        <Column label=t!(overview_remedy)/>
        <Column label=t!(token_expires)/>
        <Column label=t!(token_location)/>
    };
    view! {
        <h2 class="section">{t!(overview_action)}</h2>
        <Table caption=t!(overview_action) head>{rows}</Table>
    }
    .into_any()
}

fn token(row: TokenRow, now: UnixMillis, renew: bool) -> impl IntoView {
    let alerts = TokenAlert::of(&row, now);
    let remedy = alerts
        .first()
        .and_then(|alert| remedy(alert, renew))
        .map(|(words, page)| {
            let label = format!("{words} {}", row.name);
            view! { <a href=format!("/tokens/{}{page}", row.id) aria-label=label>{words}</a> }.into_any()
        });
    let alerts = alerts.into_iter().map(alert).collect_any();
    view! {
        <tr>
            <th scope="row"><a href=format!("/tokens/{}", row.id)>{row.name}</a></th>
            <td data-label=t!(overview_alert)><div class="stack">{alerts}</div></td>
            <td data-label=t!(overview_remedy)>{remedy}</td>
            <td data-label=t!(token_expires)><Day at=row.expires_at/></td>
            <td data-label=t!(token_location)>{row.location_name}</td>
        </tr>
    }
}

fn alert(alert: TokenAlert) -> AnyView {
    match alert {
        TokenAlert::State(state) => view! { <StateTag state/> }.into_any(),
        TokenAlert::SyncFails(fault) => view! {
            <Tag tone=Tone::Bad label=t!(overview_alert_sync)/>
            <p class="small muted">{i18n::cause(&fault)}</p>
        }
        .into_any(),
        TokenAlert::ReadOnly => view! { <Tag tone=Tone::Bad label=t!(token_read_only)/> }.into_any(),
        TokenAlert::Expires(days) => {
            let tone = if days <= 7 { Tone::Bad } else { Tone::Warn };
            view! { <Tag tone label=t!(overview_alert_expires, count = days)/> }.into_any()
        }
    }
}

/// Words of the link, and the token's page that it leads to; none where the reader's role could do nothing there.
fn remedy(alert: &TokenAlert, renew: bool) -> Option<(&'static str, &'static str)> {
    match alert {
        TokenAlert::SyncFails(_) => Some((t!(overview_remedy_sync), "")),
        _ if !renew => None,
        TokenAlert::State(TokenState::AssignedToExternalMdm { .. } | TokenState::Duplicate) => {
            Some((t!(overview_remedy_mend), ""))
        }
        TokenAlert::State(_) | TokenAlert::ReadOnly | TokenAlert::Expires(_) => {
            Some((t!(overview_remedy_renew), "/renew"))
        }
    }
}

/// `assign`: the reader may give licences.
#[component]
pub fn WaitingLists(assets: Vec<AssetRow>, assign: bool) -> impl IntoView {
    let none = assets
        .is_empty()
        .then(|| view! { <p class="muted">{t!(overview_waiting_lists_none)}</p> });
    let lines = assets.into_iter().map(|row| waiting(row, assign)).collect_any();
    view! {
        <Card title=t!(overview_waiting_lists)>
            {none}
            <ul class="lines" role="list">{lines}</ul>
        </Card>
    }
}

fn waiting(row: AssetRow, assign: bool) -> impl IntoView {
    let id = row.id;
    let free = row.unlimited || row.counts.available > 0;
    let (href, words) = if free && assign {
        (format!("/assign?asset={id}"), t!(overview_remedy_give))
    } else {
        (
            format!("/licenses?asset={id}&state=waiting"),
            t!(overview_remedy_waits),
        )
    };
    let label = format!("{words} {}", row.name);
    view! {
        <li>
            <div>
                <a href=crate::catalog::path(row.product, id)>{row.name}</a>
                <p class="small muted">{row.location_name}</p>
            </div>
            <Tag tone=Tone::Wait label=t!(overview_asset_waiting, count = row.counts.waiting)/>
            <a href=href aria-label=label>{words}</a>
        </li>
    }
}
