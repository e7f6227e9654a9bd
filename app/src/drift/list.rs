//! `/drift`: per app and location what Apple says and what Pomona says, where they differ (S5).

use super::{calls, scope::settle_all};
use crate::{
    catalog::{self, AssetIcon},
    i18n,
    licenses::revoke_found,
    live,
    reading::{reading, when_read},
    session, t,
    ui::{
        Address, ButtonLink, CollectAny, Column, Empty, ExportLink, FilterForm, Icon, Kind, Moment, Narrow,
        PageHead, Table, address, either, nothing_found, pager,
    },
};
use contract::{
    Caller, LocationId, Page, Permission,
    drift::{DriftQuery, DriftRow, Settling},
    live::LiveEvent,
};
use leptos::prelude::*;

pub(super) fn location(address: &Address) -> Option<LocationId> {
    Some(address.get("location"))
        .filter(|id| !id.is_empty())
        .map(LocationId)
}

/// What the address asks for; that of the export too.
pub fn query(address: &Address) -> DriftQuery {
    DriftQuery {
        search: address.get("search"),
        location: location(address),
        page: address.page(),
    }
}

pub fn list_page() -> AnyView {
    let address = address();
    let drift = reading(move || address.with(query), calls::list);
    let locations = reading(move || address.with(location), catalog::calls::locations);
    live::on_change(
        |event| matches!(event, LiveEvent::Counts { .. } | LiveEvent::Missed),
        move || drift.refetch(),
    );
    when_read(move || async move {
        let caller = session::caller().await;
        let locations = locations.await.unwrap_or_default();
        either(
            drift.await,
            move |page| view! { <List address page locations caller/> },
        )
    })
}

/// What can be done with all that only one side knows of, at a location.
#[component]
fn All(location: LocationId, caller: Option<Caller>) -> impl IntoView {
    let may = |permission| caller.as_ref().is_some_and(|caller| caller.may(permission));
    let settle = |how| settle_all(how, &location, None);
    let give = may(Permission::AssignLicenses).then(|| {
        view! {
            <ButtonLink href=settle(Settling::Adopt) label=t!(drift_adopt_all) kind=Kind::Main/>
            <ButtonLink href=settle(Settling::LetGo) label=t!(drift_let_go_all)/>
            <ButtonLink href=settle(Settling::GiveAgain) label=t!(drift_give_again_all)/>
        }
    });
    let take = may(Permission::RevokeLicenses).then(|| {
        let href = revoke_found(&location, None);
        view! { <ButtonLink href label=t!(drift_return_all) kind=Kind::Danger/> }
    });
    (give, take)
}

#[component]
fn List(
    address: Memo<Address>,
    page: Page<DriftRow>,
    locations: Vec<(LocationId, String)>,
    caller: Option<Caller>,
) -> impl IntoView {
    let asked = address.with_untracked(query);
    let filtered = asked != DriftQuery::default();
    let none = page.rows.is_empty();
    let pager = pager(address, &page);
    // What is found by a search is not all of the location.
    let whole = asked.search.is_empty();
    let only = match locations.as_slice() {
        [(id, _)] => Some(id.clone()),
        _ => asked.location,
    };
    let commands = only
        .filter(|_| whole && !none)
        .map(|location| view! { <All location caller/> });
    let list = match (none, filtered) {
        (true, false) => view! { <Empty title=t!(drift_empty_title) text=t!(drift_empty_text)/> }.into_any(),
        (true, true) => nothing_found("/drift"),
        _ => {
            let rows = page.rows.into_iter().map(row).collect_any();
            view! { <Table caption=t!(drift_title) head=head()>{rows}</Table> }.into_any()
        }
    };
    let locations = locations.into_iter().map(|(id, name)| (id.0, name)).collect();
    view! {
        <PageHead title=t!(drift_title) sub=t!(drift_sub).to_owned()>
            {commands}
            {(!none).then(|| view! { <ExportLink address file="drift.csv"/> })}
            <ButtonLink href="/licenses" label=t!(menu_licenses) icon=Icon::License/>
        </PageHead>
        {(!none || filtered).then(|| view! {
            <div class="bar">
                <FilterForm address label=t!(drift_search)>
                    <Narrow address name="location" label=t!(catalog_all_locations) options=locations/>
                </FilterForm>
            </div>
        }.into_any())}
        {list}
        {pager}
    }
}

fn head() -> impl IntoView {
    view! {
        <Column label=t!(license_app)/>
        <Column label=t!(asset_location)/>
        <Column label=t!(drift_apple) number=true/>
        <Column label=t!(drift_pomona) number=true/>
        <Column label=t!(drift_found) number=true/>
        <Column label=t!(drift_lost) number=true/>
    }
}

/// A number, and how old it is.
fn figure(number: i64, at: Option<contract::UnixMillis>) -> impl IntoView {
    view! {
        <div class="stack">
            <span>{i18n::number(number)}</span>
            {at.map(|at| view! { <small><Moment at/></small> })}
        </div>
    }
}

fn row(row: DriftRow) -> impl IntoView {
    let licenses = |side: &str, count: i64, label: String| match count {
        0 => "–".into_any(),
        _ => {
            let href = format!(
                "/drift/licenses?side={side}&asset={}&location={}",
                row.asset, row.location
            );
            view! { <a href=href aria-label=label>{i18n::number(count)}</a> }.into_any()
        }
    };
    let found = licenses(
        "apple",
        row.found,
        t!(drift_found_of, count = row.found, app = &row.asset_name),
    );
    let lost = licenses(
        "pomona",
        row.lost,
        t!(drift_lost_of, count = row.lost, app = &row.asset_name),
    );
    view! {
        <tr>
            <th scope="row">
                <div class="item">
                    <AssetIcon url=row.icon name=row.asset_name.clone()/>
                    <div><a href=format!("/apps/{}", row.asset)>{row.asset_name}</a></div>
                </div>
            </th>
            <td data-label=t!(asset_location)>{row.location_name}</td>
            <td data-label=t!(drift_apple) class="number">{figure(row.apple, Some(row.apple_at))}</td>
            <td data-label=t!(drift_pomona) class="number">{figure(row.pomona, row.pomona_at)}</td>
            <td data-label=t!(drift_found) class="number">{found}</td>
            <td data-label=t!(drift_lost) class="number">{lost}</td>
        </tr>
    }
}
