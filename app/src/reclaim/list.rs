//! `/reclaim`: what the rules would take back, to be approved or kept (R3).

use super::{
    calls,
    scope::{location, query},
    words,
};
use crate::{
    catalog::{self, AssetIcon},
    licenses::value,
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
    reclaim::{ReclaimQuery, ReclaimRow, RuleKind},
};
use leptos::prelude::*;

pub fn list_page() -> AnyView {
    let address = address();
    Ticked::provide("license");
    let queue = reading(move || address.with(query), calls::queue);
    let locations = reading(move || address.with(location), catalog::calls::locations);
    when_read(move || async move {
        let caller = session::caller().await;
        let locations = locations.await.unwrap_or_default();
        either(
            queue.await,
            move |page| view! { <List address page locations caller/> },
        )
    })
}

/// The page that decides on all of the list.
fn all(address: &Address, how: &str) -> String {
    let list = address.with("cursor", "");
    let filters = list.split_once('?').map(|(_, filters)| format!("&{filters}"));
    format!(
        "/reclaim/decide?how={how}&all=true{}",
        filters.unwrap_or_default()
    )
}

#[component]
fn List(
    address: Memo<Address>,
    page: Page<ReclaimRow>,
    locations: Vec<(LocationId, String)>,
    caller: Option<Caller>,
) -> impl IntoView {
    let decide = caller.is_some_and(|caller| caller.may(Permission::RevokeLicenses));
    let asked = ReclaimQuery {
        page: contract::PageQuery::default(),
        ..address.with_untracked(query)
    };
    let filtered = asked != ReclaimQuery::default();
    let none = page.rows.is_empty();
    let pager = pager(address, &page);
    let list = match (none, filtered) {
        (true, false) => {
            view! { <Empty title=t!(reclaim_empty_title) text=t!(reclaim_empty_text)/> }.into_any()
        }
        (true, true) => nothing_found("/reclaim"),
        _ => {
            let head = view! {
                {decide.then(|| view! { <PickAll name="license" label=t!(list_pick_all)/> })}
                <Column label=t!(license_app)/>
                <Column label=t!(license_holder)/>
                <Column label=t!(asset_location)/>
                <Column label=t!(reclaim_why)/>
                <Column label=t!(reclaim_since)/>
                <Column label=t!(reclaim_queued)/>
            };
            let key = |line: &ReclaimRow| value(line.asset, &line.holder);
            let here = page.rows.iter().map(key).collect();
            let others = decide.then(|| elsewhere("license", here));
            let rows = keyed(page.rows, key, |line| row(line, decide));
            view! {
                <form id="pick" method="get" action="/reclaim/decide">
                    {others}
                    <Table caption=t!(reclaim_title) head>{rows}</Table>
                </form>
            }
            .into_any()
        }
    };
    let commands = (decide && !none).then(|| {
        let (approve, keep) = address.with_untracked(|address| (all(address, "approve"), all(address, "keep")));
        let ticked = |how: &'static str, kind: Kind, label: &'static str| {
            view! {
                <button class="button" type="submit" form="pick" name="how" value=how data-kind=kind.as_str()>{label}</button>
            }
        };
        view! {
            {ticked("approve", Kind::Danger, t!(reclaim_approve_ticked))}
            {ticked("keep", Kind::Plain, t!(reclaim_keep_ticked))}
            <ButtonLink href=approve label=t!(reclaim_approve_all) kind=Kind::Danger/>
            <ButtonLink href=keep label=t!(reclaim_keep_all)/>
        }
    });
    let locations = locations.into_iter().map(|(id, name)| (id.0, name)).collect();
    let pills = RuleKind::ALL
        .map(|kind| view! { <Pill address name="why" value=kind.as_str() label=words::rule(kind)/> })
        .into_iter()
        .collect_any();
    view! {
        <PageHead title=t!(reclaim_title) sub=t!(reclaim_sub).to_owned()>
            {commands}
            {(!none).then(|| view! { <ExportLink address file="reclaim.csv"/> })}
            <ButtonLink href="/reclaim/rules" label=t!(reclaim_rules)/>
            <ButtonLink href="/reclaim/kept" label=t!(reclaim_kept)/>
            <ButtonLink href="/orphans" label=t!(orphans_title)/>
        </PageHead>
        {(!none || filtered).then(|| view! {
            <div class="bar">
                <FilterForm address name="holder" label=t!(licenses_search) keep=&["why"]>
                    <Narrow address name="location" label=t!(catalog_all_locations) options=locations/>
                </FilterForm>
                <Filters label=t!(reclaim_by_rule)>{pills}</Filters>
            </div>
        }.into_any())}
        {list}
        {pager}
    }
}

fn row(row: ReclaimRow, pick: bool) -> impl IntoView {
    let holder = row.holder.id().to_owned();
    let label = t!(license_of, app = &row.asset_name, holder = &holder);
    let pick = pick.then(|| view! { <Pick name="license" value=value(row.asset, &row.holder) label/> });
    view! {
        <tr>
            {pick}
            <th scope="row">
                <div class="item">
                    <AssetIcon url=row.icon name=row.asset_name.clone()/>
                    <div><a href=format!("/apps/{}", row.asset)>{row.asset_name}</a></div>
                </div>
            </th>
            <td data-label=t!(license_holder)>
                <div class="stack">{holder} {row.holder_name.map(|name| view! { <small>{name}</small> })}</div>
            </td>
            <td data-label=t!(asset_location)>{row.location_name}</td>
            <td data-label=t!(reclaim_why)>{words::rule(row.why)}</td>
            <td data-label=t!(reclaim_since)>
                {match row.fact_at {
                    Some(at) => view! { <Moment at/> }.into_any(),
                    None => "–".into_any(),
                }}
            </td>
            <td data-label=t!(reclaim_queued)><Moment at=row.queued_at/></td>
        </tr>
    }
}
