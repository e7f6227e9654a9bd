//! `/ledger`: everything that happened to licences, newest first (L2).

use super::{
    calls,
    meant::{did_you_mean, meant, person, person_pill},
    state::{ActTag, act_words, apple_words},
};
use crate::{
    catalog,
    reading::{reading, when_read},
    t,
    ui::{
        Address, ButtonLink, CollectAny, Column, Empty, ExportLink, FilterForm, Filters, Icon, Moment,
        Narrow, PageHead, Pill, Table, address, either, nothing_found, or_dash, pager,
    },
};
use contract::{
    AssetId, LocationId, OperationId, Page, PersonId,
    licenses::{Act, LedgerQuery, LedgerRow},
};
use leptos::prelude::*;

fn location(address: &Address) -> Option<LocationId> {
    Some(address.get("location"))
        .filter(|id| !id.is_empty())
        .map(LocationId)
}

/// What the address asks for; that of the export too.
pub fn query(address: &Address) -> LedgerQuery {
    LedgerQuery {
        holder: address.get("holder"),
        person: person(address),
        asset: address.get("asset").parse().ok().map(AssetId),
        location: location(address),
        act: address.choice("act"),
        operation: Some(address.get("operation"))
            .filter(|id| !id.is_empty())
            .map(OperationId),
        page: address.page(),
    }
}

pub fn ledger_page() -> AnyView {
    let address = address();
    let ledger = reading(
        move || address.with(query),
        |query| async move {
            let (person, search) = (query.person.clone(), query.holder.clone());
            let page = calls::ledger(query).await?;
            let meant = meant(page.rows.is_empty(), person, search).await;
            Ok((page, meant))
        },
    );
    let locations = reading(move || address.with(location), catalog::calls::locations);
    when_read(move || async move {
        // Whoever may not see the catalogue reads the ledger without that choice.
        let locations = locations.await.unwrap_or_default();
        either(
            ledger.await,
            move |(page, meant)| view! { <Ledger address page locations meant/> },
        )
    })
}

#[component]
fn Ledger(
    address: Memo<Address>,
    page: Page<LedgerRow>,
    locations: Vec<(LocationId, String)>,
    meant: Vec<(PersonId, String)>,
) -> impl IntoView {
    let filtered = address.with_untracked(query) != LedgerQuery::default();
    let app = page
        .rows
        .first()
        .map_or_else(|| t!(license_app).to_owned(), |row| row.asset_name.clone());
    let none = page.rows.is_empty();
    let pager = pager(address, &page);
    let export = (!none).then(|| view! { <ExportLink address file="ledger.csv"/> });
    let list = match (none, filtered) {
        (true, false) => {
            view! { <Empty title=t!(ledger_empty_title) text=t!(ledger_empty_text)/> }.into_any()
        }
        (true, true) => nothing_found("/ledger"),
        _ => {
            let rows = page.rows.into_iter().map(row).collect_any();
            view! { <Table caption=t!(ledger_title) head=head()>{rows}</Table> }.into_any()
        }
    };
    view! {
        <PageHead title=t!(ledger_title) sub=t!(ledger_sub).to_owned()>
            {export}
            <ButtonLink href="/licenses" label=t!(menu_licenses) icon=Icon::License/>
        </PageHead>
        {(!none || filtered).then(|| view! { <FilterBar address app locations meant/> })}
        {list}
        {pager}
    }
}

#[component]
fn FilterBar(
    address: Memo<Address>,
    app: String,
    locations: Vec<(LocationId, String)>,
    meant: Vec<(PersonId, String)>,
) -> impl IntoView {
    let (asset, operation) =
        address.with_untracked(|address| (address.get("asset"), address.get("operation")));
    let locations = locations.into_iter().map(|(id, name)| (id.0, name)).collect();
    let acts = Act::ALL.map(|act| (act.as_str().to_owned(), act_words(act).1.to_owned()));
    let person = person_pill(address, &meant);
    let pills = (!asset.is_empty() || !operation.is_empty() || person.is_some()).then(|| {
        view! {
            <Filters label=t!(list_search)>
                {person}
                {(!asset.is_empty()).then(|| view! { <Pill address name="asset" value=asset label=app/> })}
                {(!operation.is_empty())
                    .then(|| view! { <Pill address name="operation" value=operation label=t!(ledger_operation)/> })}
            </Filters>
        }
    });
    view! {
        <div class="bar">
            <FilterForm address name="holder" label=t!(licenses_search_person) keep=&["asset", "person", "operation"]>
                <Narrow address name="location" label=t!(catalog_all_locations) options=locations/>
                <Narrow address name="act" label=t!(ledger_all_acts) options=acts.into()/>
            </FilterForm>
            {pills}
            {did_you_mean(address, meant)}
        </div>
    }
}

fn head() -> impl IntoView {
    view! {
        <Column label=t!(ledger_time)/>
        <Column label=t!(ledger_what)/>
        <Column label=t!(license_app)/>
        <Column label=t!(license_holder)/>
        <Column label=t!(asset_location)/>
        <Column label=t!(ledger_who)/>
        <Column label=t!(ledger_reason)/>
        <Column label=t!(ledger_operation)/>
        <Column label=t!(ledger_apple)/>
    }
}

fn row(row: LedgerRow) -> impl IntoView {
    let operation = row
        .operation
        .map(|id| view! { <a href=format!("/activity/{id}")>{t!(ledger_operation_open)}</a> }.into_any());
    let event = row
        .event
        .map(|event| view! { <small class="event">{event}</small> });
    view! {
        <tr>
            <th scope="row"><Moment at=row.at/></th>
            <td data-label=t!(ledger_what)><ActTag act=row.act/></td>
            <td data-label=t!(license_app)><a href=format!("/apps/{}", row.asset)>{row.asset_name}</a></td>
            <td data-label=t!(license_holder)>{row.holder.id().to_owned()}</td>
            <td data-label=t!(asset_location)>{row.location_name}</td>
            <td data-label=t!(ledger_who)>{row.actor}</td>
            <td data-label=t!(ledger_reason)>{or_dash(row.reason)}</td>
            <td data-label=t!(ledger_operation)>{operation}</td>
            <td data-label=t!(ledger_apple)><div class="stack">{apple_words(row.error)} {event}</div></td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_says_all_that_the_ledger_and_its_export_filter_by() {
        let params = [
            ("holder", "C02"),
            ("person", "p1"),
            ("asset", "7"),
            ("act", "adopted"),
        ];
        let address = Address::of(params.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let asked = LedgerQuery {
            holder: "C02".to_owned(),
            person: Some(PersonId("p1".to_owned())),
            asset: Some(AssetId(7)),
            act: Some(Act::Adopted),
            ..LedgerQuery::default()
        };
        assert_eq!(query(&address), asked);
    }
}
