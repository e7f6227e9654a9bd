//! `/ledger`: everything that happened to licences, newest first (L2).

use super::{
    calls,
    state::{ActTag, apple_words},
};
use crate::{
    t,
    ui::{
        Address, ButtonLink, Column, Empty, FilterForm, Filters, Icon, Moment, PageHead, Pill, Table,
        address, either, pager,
    },
};
use contract::{
    AssetId, OperationId, Page,
    licenses::{LedgerQuery, LedgerRow},
};
use leptos::prelude::*;
use leptos_router::{LazyRoute, lazy_route};

pub struct LedgerPage;

fn query(address: &Address) -> LedgerQuery {
    LedgerQuery {
        holder: address.get("holder"),
        asset: address.get("asset").parse().ok().map(AssetId),
        operation: Some(address.get("operation"))
            .filter(|id| !id.is_empty())
            .map(OperationId),
        page: address.page(),
    }
}

#[lazy_route]
impl LazyRoute for LedgerPage {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        let address = address();
        let ledger = crate::json::data(move || address.with(query), calls::ledger);
        let body = move || {
            Suspend::new(async move { either(ledger.await, move |page| view! { <Ledger address page/> }) })
        };
        view! { <Transition>{body}</Transition> }.into_any()
    }
}

#[component]
fn Ledger(address: Memo<Address>, page: Page<LedgerRow>) -> impl IntoView {
    let filtered = address.with_untracked(|address| query(address) != LedgerQuery::default());
    let (asset, operation) =
        address.with_untracked(|address| (address.get("asset"), address.get("operation")));
    let app = page
        .rows
        .first()
        .map_or_else(|| t!(license_app).to_owned(), |row| row.asset_name.clone());
    let none = page.rows.is_empty();
    let pager = pager(address, &page);
    let list = match (none, filtered) {
        (true, false) => {
            view! { <Empty title=t!(ledger_empty_title) text=t!(ledger_empty_text)/> }.into_any()
        }
        (true, true) => view! {
            <Empty title=t!(list_nothing_title) text=t!(list_nothing_text)>
                <ButtonLink href="/ledger" label=t!(list_clear)/>
            </Empty>
        }
        .into_any(),
        _ => {
            let rows = page.rows.into_iter().map(row).collect_view();
            view! { <Table caption=t!(ledger_title) head=head()>{rows}</Table> }.into_any()
        }
    };
    let pills = (!asset.is_empty() || !operation.is_empty()).then(|| {
        view! {
            <Filters label=t!(list_search)>
                {(!asset.is_empty()).then(|| view! { <Pill address name="asset" value=asset label=app/> })}
                {(!operation.is_empty())
                    .then(|| view! { <Pill address name="operation" value=operation label=t!(ledger_operation)/> })}
            </Filters>
        }
    });
    view! {
        <PageHead title=t!(ledger_title) sub=t!(ledger_sub).to_owned()>
            <ButtonLink href="/licenses" label=t!(menu_licenses) icon=Icon::License/>
        </PageHead>
        {(!none || filtered).then(|| view! {
            <div class="bar">
                <FilterForm address name="holder" label=t!(licenses_search) keep=&["asset", "operation"]/>
                {pills}
            </div>
        })}
        {list}
        {pager}
    }
}

fn head() -> impl IntoView {
    view! {
        <Column label=t!(ledger_time)/>
        <Column label=t!(ledger_what)/>
        <Column label=t!(license_app)/>
        <Column label=t!(license_holder)/>
        <Column label=t!(ledger_who)/>
        <Column label=t!(ledger_reason)/>
        <Column label=t!(ledger_operation)/>
        <Column label=t!(ledger_apple)/>
    }
}

fn row(row: LedgerRow) -> impl IntoView {
    let operation = row
        .operation
        .map(|id| view! { <a href=format!("/activity/{id}")>{t!(ledger_operation_open)}</a> });
    let event = row
        .event
        .map(|event| view! { <small class="event">{event}</small> });
    view! {
        <tr>
            <th scope="row"><Moment at=row.at/></th>
            <td data-label=t!(ledger_what)><ActTag act=row.act/></td>
            <td data-label=t!(license_app)><a href=format!("/apps/{}", row.asset)>{row.asset_name}</a></td>
            <td data-label=t!(license_holder)>{row.holder.id().to_owned()}</td>
            <td data-label=t!(ledger_who)>{row.actor}</td>
            <td data-label=t!(ledger_reason)>{row.reason}</td>
            <td data-label=t!(ledger_operation)>{operation}</td>
            <td data-label=t!(ledger_apple)><div class="stack">{apple_words(row.error)} {event}</div></td>
        </tr>
    }
}
