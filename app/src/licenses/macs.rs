//! `/licenses/macs?asset=&holder=`: apps on Macs that go on for 30 days after their licence, and when they end (R2).

use super::calls;
use crate::{
    catalog::AssetIcon,
    reading::{reading, when_read},
    session, t,
    ui::{
        Address, ButtonLink, Card, CollectAny, Column, Day, Empty, ExportLink, FilterForm, Filters, PageHead,
        Pill, Table, address, either, nothing_found, pager,
    },
};
use contract::{
    AssetId, Page, Permission,
    licenses::{MacGrace, MacGraceQuery},
};
use leptos::prelude::*;

/// What the address asks for; that of the export too.
pub fn query(address: &Address) -> MacGraceQuery {
    MacGraceQuery {
        holder: address.get("holder"),
        asset: address.get("asset").parse().ok().map(AssetId),
        page: address.page(),
    }
}

pub fn macs_page() -> AnyView {
    let address = address();
    let macs = reading(move || address.with(query), calls::macs);
    when_read(move || async move {
        let assign = session::caller()
            .await
            .is_some_and(|caller| caller.may(Permission::AssignLicenses));
        either(macs.await, move |page| view! { <List address page assign/> })
    })
}

#[component]
fn List(address: Memo<Address>, page: Page<MacGrace>, assign: bool) -> impl IntoView {
    let asked = address.with_untracked(query);
    let filtered = asked.asset.is_some() || !asked.holder.is_empty();
    let none = page.rows.is_empty();
    let pager = pager(address, &page);
    let pill = asked.asset.map(|asset| {
        let app = page.rows.first().map(|row| row.asset_name.clone());
        let label = app.unwrap_or_else(|| t!(license_app).to_owned());
        view! { <Filters label=t!(license_app)><Pill address name="asset" value=asset.to_string() label/></Filters> }
    });
    let list = match none {
        true if !asked.holder.is_empty() => {
            nothing_found(address.with_untracked(|address| address.with("holder", "")))
        }
        true if filtered => nothing_found("/licenses/macs"),
        true => view! { <Empty title=t!(macs_empty_title) text=t!(macs_empty_text)/> }.into_any(),
        false => view! { <Lines rows=page.rows assign/> }.into_any(),
    };
    view! {
        <PageHead title=t!(macs_title) sub=t!(macs_sub).to_owned()>
            {(!none).then(|| view! { <ExportLink address file="macs.csv"/> })}
            <ButtonLink href="/licenses" label=t!(menu_licenses)/>
        </PageHead>
        {(!none || filtered).then(|| view! {
            <div class="bar">
                <FilterForm address name="holder" label=t!(licenses_search) keep=&["asset"]/>
                {pill}
            </div>
        }.into_any())}
        {list}
        {pager}
    }
}

#[component]
fn Lines(rows: Vec<MacGrace>, assign: bool) -> impl IntoView {
    let rows = rows.into_iter().map(|line| row(line, assign)).collect_any();
    let head = view! {
        <Column label=t!(license_app)/>
        <Column label=t!(license_holder)/>
        <Column label=t!(macs_revoked)/>
        <Column label=t!(macs_ends)/>
        {assign.then(|| view! { <Column label=t!(account_commands)/> })}
    };
    view! { <Table caption=t!(macs_title) head>{rows}</Table> }
}

fn row(row: MacGrace, assign: bool) -> impl IntoView {
    let give = assign.then(|| {
        let href = format!("/assign?asset={}&device={}", row.asset, row.device);
        let label = t!(license_of, app = &row.asset_name, holder = row.serial.as_str());
        let words = if row.free { t!(macs_give) } else { t!(macs_wait) };
        view! { <td data-label=t!(account_commands)><a href=href aria-label=format!("{words} {label}")>{words}</a></td> }.into_any()
    });
    view! {
        <tr>
            <th scope="row">
                <div class="item">
                    <AssetIcon url=row.icon name=row.asset_name.clone()/>
                    <div><a href=format!("/apps/{}", row.asset)>{row.asset_name}</a></div>
                </div>
            </th>
            <td data-label=t!(license_holder)>
                <div class="stack">
                    <a href=format!("/devices/{}", row.device)>{row.device_name}</a>
                    <small>{row.serial.to_string()}</small>
                </div>
            </td>
            <td data-label=t!(macs_revoked)><Day at=row.revoked_at/></td>
            <td data-label=t!(macs_ends)><Day at=row.ends_at/></td>
            {give}
        </tr>
    }
}

/// What a Mac, or the Macs of an app, will lose: the first of them. Nothing if there is none.
#[component]
pub fn MacCard(
    macs: Page<MacGrace>,
    /// The page of all of them.
    href: String,
    assign: bool,
) -> impl IntoView {
    (!macs.rows.is_empty()).then(|| {
        view! {
            <Card title=t!(macs_title)>
                <p>{t!(macs_sub)}</p>
                <Lines rows=macs.rows assign/>
                <p><a href=href>{t!(macs_all)}</a></p>
            </Card>
        }
    })
}
