//! `/orphans`: licences that lead to nobody, to be returned (L3).

use super::{calls, scope::location, words};
use crate::{
    catalog::{self, AssetIcon},
    licenses::{revoke_one, value},
    reading::{reading, when_read},
    session, t,
    ui::{
        Address, ButtonLink, CollectAny, Column, Empty, ExportLink, FilterForm, Filters, Kind, Moment,
        Narrow, PageHead, Pick, PickAll, Pill, Table, Ticked, address, either, elsewhere, keyed,
        nothing_found, pager,
    },
};
use contract::{
    Caller, LocationId, Page, Permission,
    reclaim::{OrphanKind, OrphanQuery, OrphanRow},
};
use leptos::prelude::*;

/// What the address asks for; that of the export too.
pub fn query(address: &Address) -> OrphanQuery {
    OrphanQuery {
        holder: address.get("holder"),
        why: OrphanKind::parse(&address.get("why")),
        location: location(address),
        page: address.page(),
    }
}

pub fn orphans_page() -> AnyView {
    let address = address();
    Ticked::provide("license");
    let orphans = reading(move || address.with(query), calls::orphans);
    let locations = reading(move || address.with(location), catalog::calls::locations);
    when_read(move || async move {
        let caller = session::caller().await;
        let locations = locations.await.unwrap_or_default();
        either(
            orphans.await,
            move |page| view! { <List address page locations caller/> },
        )
    })
}

#[component]
fn List(
    address: Memo<Address>,
    page: Page<OrphanRow>,
    locations: Vec<(LocationId, String)>,
    caller: Option<Caller>,
) -> impl IntoView {
    let revoke = caller.is_some_and(|caller| caller.may(Permission::RevokeLicenses));
    let asked = OrphanQuery {
        page: contract::PageQuery::default(),
        ..address.with_untracked(query)
    };
    let filtered = asked != OrphanQuery::default();
    let none = page.rows.is_empty();
    let pager = pager(address, &page);
    let list = match (none, filtered) {
        (true, false) => {
            view! { <Empty title=t!(orphans_empty_title) text=t!(orphans_empty_text)/> }.into_any()
        }
        (true, true) => nothing_found("/orphans"),
        _ => {
            let head = view! {
                {revoke.then(|| view! { <PickAll name="license" label=t!(list_pick_all)/> })}
                <Column label=t!(license_app)/>
                <Column label=t!(license_holder)/>
                <Column label=t!(asset_location)/>
                <Column label=t!(reclaim_why)/>
                <Column label=t!(reclaim_since)/>
                {revoke.then(|| view! { <Column label=t!(account_commands)/> })}
            };
            let key = |line: &OrphanRow| value(line.asset, &line.holder);
            let here = page.rows.iter().filter(|line| line.revocable).map(key).collect();
            let others = revoke.then(|| elsewhere("license", here));
            let rows = keyed(page.rows, key, |line| row(line, revoke));
            view! {
                <form id="pick" method="get" action="/licenses/revoke">
                    {others}
                    <Table caption=t!(orphans_title) head>{rows}</Table>
                </form>
            }
            .into_any()
        }
    };
    let commands = (revoke && !none).then(|| {
        view! {
            <button class="button" type="submit" form="pick" data-kind=Kind::Danger.as_str()>
                {t!(drift_return_ticked)}
            </button>
        }
        .into_any()
    });
    let locations = locations.into_iter().map(|(id, name)| (id.0, name)).collect();
    let pills = OrphanKind::ALL
        .map(|kind| view! { <Pill address name="why" value=kind.as_str() label=words::orphan(kind)/> })
        .into_iter()
        .collect_any();
    view! {
        <PageHead title=t!(orphans_title) sub=t!(orphans_sub).to_owned()>
            {commands}
            {(!none).then(|| view! { <ExportLink address file="orphans.csv"/> })}
            <ButtonLink href="/reclaim" label=t!(reclaim_title)/>
        </PageHead>
        {(!none || filtered).then(|| view! {
            <div class="bar">
                <FilterForm address name="holder" label=t!(licenses_search) keep=&["why"]>
                    <Narrow address name="location" label=t!(catalog_all_locations) options=locations/>
                </FilterForm>
                <Filters label=t!(reclaim_why)>{pills}</Filters>
            </div>
        }.into_any())}
        {list}
        {pager}
    }
}

fn row(row: OrphanRow, revoke: bool) -> impl IntoView {
    let holder = row.holder.id().to_owned();
    let label = t!(license_of, app = &row.asset_name, holder = &holder);
    let can = row.revocable;
    let pick = revoke.then(|| match can {
        true => {
            let label = label.clone();
            view! { <Pick name="license" value=value(row.asset, &row.holder) label/> }.into_any()
        }
        false => view! { <td class="pick"></td> }.into_any(),
    });
    let command = revoke.then(|| {
        let href = revoke_one(row.asset, &row.holder);
        view! {
            <td data-label=t!(account_commands)>
                {match can {
                    true => view! { <a href=href aria-label=label>{t!(orphan_return)}</a> }.into_any(),
                    false => t!(orphan_stays).into_any(),
                }}
            </td>
        }
        .into_any()
    });
    let known = (!row.known).then(|| view! { <small>{t!(orphan_origin_unknown)}</small> });
    view! {
        <tr>
            {pick}
            <th scope="row">
                <div class="item">
                    <AssetIcon url=row.icon name=row.asset_name.clone()/>
                    <div>{row.asset_name}</div>
                </div>
            </th>
            <td data-label=t!(license_holder)>
                <div class="stack">{holder} {row.holder_name.map(|name| view! { <small>{name}</small> })}</div>
            </td>
            <td data-label=t!(asset_location)>{row.location_name}</td>
            <td data-label=t!(reclaim_why)><div class="stack">{words::orphan(row.why)} {known}</div></td>
            <td data-label=t!(reclaim_since)><Moment at=row.since/></td>
            {command}
        </tr>
    }
}
