//! `/licenses`: every licence, who has it, and how it stands (L1). Its rows change as Apple confirms.

use super::{
    calls,
    row::{Row, head},
    selection::revoke_location,
    state::label,
};
use crate::{
    catalog, live,
    reading::{reading, when_read},
    session, t,
    ui::{
        Address, ButtonLink, Empty, ExportLink, FilterForm, Filters, Icon, Kind, Narrow, PageHead, PickAll,
        Pill, Submit, Table, address, either, pager,
    },
};
use contract::{
    AssetId, Caller, LocationId, Page, Permission,
    licenses::{LicenseQuery, LicenseRow, LicenseState},
    live::LiveEvent,
    tokens::SyncState,
};
use leptos::prelude::*;

fn location(address: &Address) -> Option<LocationId> {
    Some(address.get("location"))
        .filter(|id| !id.is_empty())
        .map(LocationId)
}

/// What the address asks for; that of the export too.
pub fn query(address: &Address) -> LicenseQuery {
    LicenseQuery {
        holder: address.get("holder"),
        asset: address.get("asset").parse().ok().map(AssetId),
        location: location(address),
        state: address.choice("state"),
        sort: address.choice("sort").unwrap_or_default(),
        page: address.page(),
    }
}

fn concerns(event: &LiveEvent) -> bool {
    match event {
        LiveEvent::Counts { .. } | LiveEvent::Operation { .. } | LiveEvent::Missed => true,
        LiveEvent::Sync { state, .. } => matches!(state, SyncState::Completed { .. }),
        LiveEvent::Token { .. } | LiveEvent::Requests => false,
    }
}

pub fn list_page() -> AnyView {
    let address = address();
    let licenses = reading(move || address.with(query), calls::list);
    let locations = reading(move || address.with(location), catalog::calls::locations);
    // What was read since, for rows that change without losing what is ticked.
    let newer = RwSignal::new(None::<Vec<LicenseRow>>);
    live::on_change(concerns, move || {
        let Some(asked) = address.try_with_untracked(query) else {
            return;
        };
        leptos::task::spawn_local(async move {
            let read = calls::list(asked.clone()).await;
            let same = address.try_with_untracked(query) == Some(asked);
            if let (Ok(page), true) = (read, same) {
                newer.try_set(Some(page.rows));
            }
        });
    });
    when_read(move || async move {
        let caller = session::caller().await;
        let locations = locations.await.unwrap_or_default();
        let read = licenses.await;
        newer.set(None);
        either(
            read,
            move |page| view! { <List address page newer locations caller/> },
        )
    })
}

#[component]
fn List(
    address: Memo<Address>,
    page: Page<LicenseRow>,
    newer: RwSignal<Option<Vec<LicenseRow>>>,
    locations: Vec<(LocationId, String)>,
    caller: Option<Caller>,
) -> impl IntoView {
    let revoke = caller.is_some_and(|caller| caller.may(Permission::RevokeLicenses));
    let filtered = address.with_untracked(|address| query(address) != LicenseQuery::default());
    let asset = address.with_untracked(|address| address.get("asset"));
    let app = page
        .rows
        .first()
        .filter(|_| !asset.is_empty())
        .map(|row| row.asset_name.clone());
    let ledger = if asset.is_empty() {
        "/ledger".to_owned()
    } else {
        format!("/ledger?asset={asset}")
    };
    let sub = page
        .total
        .map(|total| t!(licenses_count, count = total))
        .unwrap_or_default();
    let none = page.rows.is_empty();
    // A10.
    let to_devices = (!asset.is_empty()).then(|| format!("/licenses/move?asset={asset}"));
    // R1: by token.
    let all = address
        .with_untracked(location)
        .filter(|_| revoke && !none)
        .map(|location| revoke_location(&location));
    let pager = pager(address, &page);
    let list = match (none, filtered) {
        (true, false) => view! {
            <Empty title=t!(licenses_empty_title) text=t!(licenses_empty_text)>
                <ButtonLink href="/apps" label=t!(menu_apps)/>
            </Empty>
        }
        .into_any(),
        (true, true) => view! {
            <Empty title=t!(list_nothing_title) text=t!(list_nothing_text)>
                <ButtonLink href="/licenses" label=t!(list_clear)/>
            </Empty>
        }
        .into_any(),
        _ => view! { <Rows address rows=page.rows newer revoke/> }.into_any(),
    };
    view! {
        <PageHead title=t!(menu_licenses) sub>
            {(revoke && !none).then(|| view! { <Submit kind=Kind::Danger label=t!(licenses_revoke) form="pick"/> })}
            {all.map(|href| view! { <ButtonLink href label=t!(licenses_revoke_location) kind=Kind::Danger/> })}
            <ButtonLink href=ledger label=t!(ledger_title) icon=Icon::Activity/>
            <ButtonLink href="/drift" label=t!(drift_title)/>
            <ButtonLink href="/licenses/macs" label=t!(macs_title)/>
            {to_devices.map(|href| view! { <ButtonLink href label=t!(move_title)/> })}
            {(!none).then(|| view! { <ExportLink address file="licenses.csv"/> })}
        </PageHead>
        {(!none || filtered).then(|| view! { <FilterBar address locations app/> })}
        {list}
        {pager}
    }
}

#[component]
fn Rows(
    address: Memo<Address>,
    rows: Vec<LicenseRow>,
    newer: RwSignal<Option<Vec<LicenseRow>>>,
    revoke: bool,
) -> impl IntoView {
    let each = move || newer.get().unwrap_or_else(|| rows.clone());
    let key = |row: &LicenseRow| (row.asset, row.holder.clone(), row.state, row.since);
    let head = view! {
        {revoke.then(|| view! { <PickAll name="license" label=t!(list_pick_all)/> })}
        {head(address, revoke)}
    };
    view! {
        <form id="pick" method="get" action="/licenses/revoke">
            <Table caption=t!(menu_licenses) head>
                <For each key let(row)>
                    <Row row revoke/>
                </For>
            </Table>
        </form>
    }
}

#[component]
fn FilterBar(
    address: Memo<Address>,
    locations: Vec<(LocationId, String)>,
    app: Option<String>,
) -> impl IntoView {
    let asset = address.with_untracked(|address| address.get("asset"));
    let locations = locations.into_iter().map(|(id, name)| (id.0, name)).collect();
    view! {
        <div class="bar">
            <FilterForm address name="holder" label=t!(licenses_search) keep=&["asset", "state", "sort", "dir"]>
                <Narrow address name="location" label=t!(catalog_all_locations) options=locations/>
            </FilterForm>
            <Filters label=t!(licenses_by_state)>
                {(!asset.is_empty()).then(|| {
                    let label = app.unwrap_or_else(|| t!(license_app).to_owned());
                    view! { <Pill address name="asset" value=asset label/> }
                })}
                {LicenseState::ALL
                    .map(|state| view! { <Pill address name="state" value=state.as_str() label=label(state)/> })
                    .collect_view()}
            </Filters>
        </div>
    }
}
