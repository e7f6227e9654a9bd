//! `/licenses`: every licence, who has it, and how it stands (L1). Its rows change as Apple confirms.

use super::{
    calls,
    meant::{did_you_mean, meant, person, person_pill},
    row::{Row, head, possible},
    selection::{revoke_location, value},
    state::label,
};
use crate::{
    catalog, live,
    reading::{reading, when_read},
    session, t,
    ui::{
        Address, ButtonLink, CollectAny, Empty, ExportLink, FilterForm, Filters, Icon, Kind, Narrow,
        PageHead, PickAll, Pill, Submit, Table, Ticked, address, either, elsewhere, keyed, nothing_found,
        pager,
    },
};
use contract::{
    AssetId, Caller, LocationId, Page, Permission, PersonId,
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
        person: person(address),
        asset: address.get("asset").parse().ok().map(AssetId),
        location: location(address),
        state: address.choice("state"),
        error: address.get("error").parse().ok(),
        sort: address.choice("sort").unwrap_or_default(),
        page: address.page(),
    }
}

fn concerns(event: &LiveEvent) -> bool {
    match event {
        LiveEvent::Counts { .. } | LiveEvent::Operation { .. } | LiveEvent::Missed => true,
        LiveEvent::Sync { state, .. } => matches!(state, SyncState::Completed { .. }),
        LiveEvent::Token { .. } | LiveEvent::Requests | LiveEvent::Users | LiveEvent::Devices => false,
    }
}

pub fn list_page() -> AnyView {
    let address = address();
    Ticked::provide("license");
    let licenses = reading(
        move || address.with(query),
        |query| async move {
            let (person, search) = (query.person.clone(), query.holder.clone());
            let page = calls::list(query).await?;
            let meant = meant(page.rows.is_empty(), person, search).await;
            Ok((page, meant))
        },
    );
    let locations = reading(move || address.with(location), catalog::calls::locations);
    live::on_change(concerns, move || licenses.refetch());
    when_read(move || async move {
        let caller = session::caller().await;
        let locations = locations.await.unwrap_or_default();
        either(
            licenses.await,
            move |(page, meant)| view! { <List address page locations meant caller/> },
        )
    })
}

#[component]
fn List(
    address: Memo<Address>,
    page: Page<LicenseRow>,
    locations: Vec<(LocationId, String)>,
    meant: Vec<(PersonId, String)>,
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
        (true, true) => nothing_found("/licenses"),
        _ => view! { <Rows address rows=page.rows revoke/> }.into_any(),
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
        {(!none || filtered).then(|| view! { <FilterBar address locations meant app/> })}
        {list}
        {pager}
    }
}

#[component]
fn Rows(address: Memo<Address>, rows: Vec<LicenseRow>, revoke: bool) -> impl IntoView {
    let key = |row: &LicenseRow| value(row.asset, &row.holder);
    let here = rows.iter().filter(|row| possible(row)).map(key).collect();
    let others = revoke.then(|| elsewhere("license", here));
    let rows = keyed(rows, key, |row| view! { <Row row revoke/> });
    let head = view! {
        {revoke.then(|| view! { <PickAll name="license" label=t!(list_pick_all)/> })}
        {head(address)}
    };
    view! {
        <form id="pick" method="get" action="/licenses/revoke">
            {others}
            <Table caption=t!(menu_licenses) head>{rows}</Table>
        </form>
    }
}

#[component]
fn FilterBar(
    address: Memo<Address>,
    locations: Vec<(LocationId, String)>,
    meant: Vec<(PersonId, String)>,
    app: Option<String>,
) -> impl IntoView {
    let asset = address.with_untracked(|address| address.get("asset"));
    let locations = locations.into_iter().map(|(id, name)| (id.0, name)).collect();
    let error = address.with_untracked(query).error.map(|number| {
        let label = t!(licenses_error, number = number.to_string());
        view! { <Pill address name="error" value=number.to_string() label/> }
    });
    let person = person_pill(address, &meant);
    let did_you_mean = did_you_mean(address, meant);
    view! {
        <div class="bar">
            <FilterForm address name="holder" label=t!(licenses_search_person) keep=&["asset", "person", "state", "error", "sort", "dir"]>
                <Narrow address name="location" label=t!(catalog_all_locations) options=locations/>
            </FilterForm>
            <Filters label=t!(licenses_by_state)>
                {(!asset.is_empty()).then(|| {
                    let label = app.unwrap_or_else(|| t!(license_app).to_owned());
                    view! { <Pill address name="asset" value=asset label/> }
                })}
                {person}
                {error}
                {LicenseState::ALL
                    .into_iter()
                    // The ledger has those that were given back.
                    .filter(|state| *state != LicenseState::Released)
                    .map(|state| view! { <Pill address name="state" value=state.as_str() label=label(state)/> })
                    .collect_any()}
            </Filters>
            {did_you_mean}
        </div>
    }
}
