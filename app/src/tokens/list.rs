//! `/tokens`: all tokens with their state and sync.

use super::{
    calls::{self, SyncAll},
    state::{ReadOnlyTag, StateTag, account_type, label, on_off},
    sync::{LiveSyncs, SyncTag},
};
use crate::{
    form::{ActionForm, FormAction},
    i18n,
    reading::{reading, when_read},
    session, t,
    ui::{
        Address, ButtonLink, CollectAny, Column, Day, Empty, ExportLink, FilterForm, Filters, Icon, Kind,
        Meter, Moment, PageHead, Pill, Submit, Table, address, either, nothing_found, pager,
    },
};
use contract::{
    Caller, Page, Permission,
    tokens::{TokenQuery, TokenRow, TokenState},
};
use leptos::prelude::*;

/// What the address asks for; that of the export too.
pub fn query(address: &Address) -> TokenQuery {
    TokenQuery {
        search: address.get("search"),
        state: address.get("state"),
        sort: address.choice("sort").unwrap_or_default(),
        page: address.page(),
    }
}

pub fn list_page() -> AnyView {
    let address = address();
    let tokens = reading(move || address.with(query), calls::list);
    let syncs = LiveSyncs::follow(move || tokens.refetch());
    when_read(move || async move {
        let caller = session::caller().await;
        either(tokens.await, move |page| {
            view! { <List address page syncs caller/> }
        })
    })
}

#[component]
fn List(
    address: Memo<Address>,
    page: Page<TokenRow>,
    syncs: LiveSyncs,
    caller: Option<Caller>,
) -> impl IntoView {
    let may = move |permission| caller.as_ref().is_some_and(|caller| caller.may(permission));
    let pager = pager(address, &page);
    let filtered = address.with_untracked(|address| query(address) != TokenQuery::default());
    let sub = page
        .total
        .map(|total| t!(tokens_count, count = total))
        .unwrap_or_default();
    let manage = may(Permission::ManageTokens);
    let create = move || view! { <ButtonLink href="/tokens/new" label=t!(tokens_create) kind=Kind::Main icon=Icon::Plus/> };
    let none = page.rows.is_empty();
    let rows = page
        .rows
        .into_iter()
        .map(|row| view! { <Row row syncs/> })
        .collect_any();
    let list = match (none, filtered) {
        (true, false) => view! {
            <Empty title=t!(tokens_empty_title) text=t!(tokens_empty_text)>
                {manage.then(create)}
            </Empty>
        }
        .into_any(),
        (true, true) => nothing_found("/tokens"),
        _ => view! {
            <Table caption=t!(tokens_title) head=head(address)>
                {rows}
            </Table>
        }
        .into_any(),
    };
    view! {
        <PageHead title=t!(tokens_title) sub>
            {manage.then(create)}
            {may(Permission::SyncTokens).then(|| view! { <SyncAllButton/> })}
            {(!none).then(|| view! { <ExportLink address file="tokens.csv"/> })}
        </PageHead>
        <div class="bar" hidden=none && !filtered>
            <FilterForm address label=t!(tokens_search) keep=&["state", "sort", "dir"]/>
            <Filters label=t!(tokens_by_state)>{states(address)}</Filters>
        </div>
        {list}
        {pager}
    }
}

fn states(address: Memo<Address>) -> impl IntoView {
    let external = TokenState::AssignedToExternalMdm { mdm: String::new() };
    [
        TokenState::Valid,
        TokenState::Expired,
        TokenState::Unknown,
        TokenState::Revoked,
        external,
        TokenState::Duplicate,
    ]
    .map(|state| view! { <Pill address name="state" value=state.as_str() label=label(&state)/> })
    .collect_any()
}

fn head(address: Memo<Address>) -> impl IntoView {
    view! {
        <Column label=t!(token_name) sort=("name", address) first=true below=t!(token_apple_account)/>
        <Column label=t!(token_state)/>
        <Column label=t!(token_licenses) sort=("used", address)/>
        <Column label=t!(token_apps) number=true/>
        <Column label=t!(token_expires) sort=("expires", address)/>
        <Column label=t!(token_last_sync) sort=("last_sync", address) below=t!(token_sync_state)/>
        <Column label=t!(token_location) sort=("location", address) below=t!(token_organisation)/>
        <Column label=t!(token_account_type) below=t!(token_country)/>
        <Column label=t!(token_automatic_updates)/>
    }
}

#[component]
fn Row(row: TokenRow, syncs: LiveSyncs) -> impl IntoView {
    let stopped = row.sync_stop().is_some();
    let sync = syncs.state(&row.location, row.sync);
    let read_only = row.read_only.then(|| view! { <ReadOnlyTag/> });
    let synced = match row.synced_at {
        Some(at) => view! { <Moment at/> }.into_any(),
        None => t!(sync_never).into_any(),
    };
    view! {
        <tr>
            <th scope="row">
                <div class="stack"><a href=format!("/tokens/{}", row.id)>{row.name}</a> <small>{row.apple_account}</small></div>
            </th>
            <td data-label=t!(token_state)><div class="stack"><StateTag state=row.state/> {read_only}</div></td>
            <td data-label=t!(token_licenses)><Meter used=row.used total=Some(row.total)/></td>
            <td data-label=t!(token_apps) class="number">{i18n::number(row.apps)}</td>
            <td data-label=t!(token_expires)><Day at=row.expires_at/></td>
            <td data-label=t!(token_last_sync)><div class="stack"><span>{synced}</span> <SyncTag state=sync stopped/></div></td>
            <td data-label=t!(token_location)>
                <div class="stack"><span>{row.location_name}</span> <small>{row.organisation}</small></div>
            </td>
            <td data-label=t!(token_account_type)>
                <div class="stack"><span>{account_type(row.account_type)}</span> <small>{i18n::country(&row.country)}</small></div>
            </td>
            <td data-label=t!(token_automatic_updates)>{on_off(row.automatic_updates)}</td>
        </tr>
    }
}

#[component]
fn SyncAllButton() -> impl IntoView {
    let action = FormAction::<SyncAll>::new();
    Effect::new(move |_| {
        if let Some(count) = action.done().get() {
            crate::ui::toast(t!(tokens_syncing, count = count));
        }
    });
    let refused = action.refusal().note();
    view! {
        <ActionForm action=action>
            <Submit label=t!(tokens_sync_all) icon=Icon::Sync pending=action.pending()/>
        </ActionForm>
        {refused}
    }
}
