//! `/apps` and `/books`: one list, of two kinds.

use super::{
    calls,
    filters::{FilterBar, location, query},
    list_path,
    live::LiveCounts,
    products::products,
    row::{Row, head},
    view::{Listed, View, ViewSwitch},
};
use crate::{
    live,
    reading::{reading, when_read},
    session, t,
    ui::{
        Address, ButtonLink, Empty, ExportLink, Kind, PageHead, PickAll, Submit, Table, Ticked, address,
        either, elsewhere, keyed, nothing_found, pager,
    },
};
use contract::{
    Caller, LocationId, Page, Permission,
    catalog::{AssetQuery, AssetRow, ProductType},
    live::LiveEvent,
};
use leptos::prelude::*;

pub fn apps_page() -> AnyView {
    listing(ProductType::App)
}

pub fn books_page() -> AnyView {
    listing(ProductType::Book)
}

fn listing(product: ProductType) -> AnyView {
    let address = address();
    Ticked::provide("asset");
    let assets = reading(
        move || address.with(|address| (query(product, address), address.choice::<View>("view"))),
        |(query, view)| calls::rows(query, view),
    );
    let locations = reading(move || address.with(location), calls::locations);
    // A row per token follows by its counts; a row per app is summed up anew.
    let shown = StoredValue::new(View::default());
    live::on_change(
        move |event| {
            shown.try_get_value() == Some(View::Apps)
                && matches!(event, LiveEvent::Counts { .. } | LiveEvent::Missed)
        },
        move || assets.refetch(),
    );
    let live = LiveCounts::follow(move |live| {
        let Some(query) = address.try_with_untracked(|address| query(product, address)) else {
            return;
        };
        leptos::task::spawn_local(async move {
            if let Ok(page) = calls::list(query).await {
                live.take(page.rows.into_iter().map(|row| (row.id, row.counts)));
            }
        });
    });
    when_read(move || async move {
        let caller = session::caller().await;
        let locations = locations.await.unwrap_or_default();
        either(assets.await, move |listed| {
            shown.set_value(listed.view());
            view! { <List product address listed locations live caller/> }
        })
    })
}

/// The words that differ between apps and books: title, how many, and what an empty list says.
fn words(product: ProductType, total: Option<i64>) -> (&'static str, String, &'static str) {
    match product {
        ProductType::App => (
            t!(menu_apps),
            total
                .map(|count| t!(apps_count, count = count))
                .unwrap_or_default(),
            t!(apps_empty_title),
        ),
        ProductType::Book => (
            t!(menu_books),
            total
                .map(|count| t!(books_count, count = count))
                .unwrap_or_default(),
            t!(books_empty_title),
        ),
    }
}

#[component]
fn List(
    product: ProductType,
    address: Memo<Address>,
    listed: Listed,
    locations: Vec<(LocationId, String)>,
    live: LiveCounts,
    caller: Option<Caller>,
) -> impl IntoView {
    let current = listed.view();
    // Where the view is remembered, links say it all the same: a place in one view is none in the other.
    let address = Memo::new(move |_| address.with(|address| address.having("view", current.as_str())));
    let apps = product == ProductType::App;
    let may_assign = caller.is_some_and(|caller| caller.may(Permission::AssignLicenses));
    let asked = address.with_untracked(|address| query(product, address));
    let filtered = asked
        != AssetQuery {
            product,
            ..AssetQuery::default()
        };
    let (title, sub, empty) = words(product, listed.total());
    let none = listed.is_empty();
    let pick = apps && may_assign && !none && current == View::Tokens;
    let export = (!none).then(|| {
        let also = [("product", product.as_str()), ("view", current.as_str())];
        view! { <ExportLink address file="apps.csv" also=also.map(|(name, value)| (name, value.to_owned())).into()/> }
    });
    let list = match (none, filtered) {
        (true, false) => view! {
            <Empty title=empty text=t!(catalog_empty_text)>
                <ButtonLink href="/tokens" label=t!(menu_tokens)/>
            </Empty>
        }
        .into_any(),
        (true, true) => nothing_found(list_path(product)),
        _ => match listed {
            Listed::Apps(page) => products(title, product, address, page).into_any(),
            Listed::Tokens(page) => assets(title, product, address, page, live, pick).into_any(),
        },
    };
    view! {
        <PageHead title sub>
            {pick.then(|| view! { <Submit kind=Kind::Main label=t!(asset_assign) form="pick"/> })}
            {export}
        </PageHead>
        {(!apps).then(|| view! { <p class="lead">{t!(books_note)}</p> })}
        {(!none || filtered).then(|| view! { <FilterBar product address locations/> })}
        {(!none || filtered).then(|| view! { <div class="bar"><ViewSwitch product address current/></div> }.into_any())}
        {list}
    }
}

/// A row per token and app.
fn assets(
    title: &'static str,
    product: ProductType,
    address: Memo<Address>,
    page: Page<AssetRow>,
    live: LiveCounts,
    pick: bool,
) -> impl IntoView {
    let pager = pager(address, &page);
    let here = page.rows.iter().map(|row| row.id.to_string()).collect();
    let others = pick.then(|| elsewhere("asset", here));
    let rows = keyed(
        page.rows,
        |row| row.id,
        |row| view! { <Row row address live pick/> },
    );
    let head = view! {
        {pick.then(|| view! { <PickAll name="asset" label=t!(list_pick_all)/> })}
        {head(product, address)}
    };
    let table = view! { <Table caption=title head>{rows}</Table> };
    view! {
        <form id="pick" method="get" action="/assign">{others} {table}</form>
        {pager}
    }
}
