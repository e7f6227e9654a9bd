//! `/assignments/waiting?asset=…`: who waits for a licence of an app, in the order in which they get one (A8).

use super::{group_calls, groups::asset, words};
use crate::{
    call::Failure,
    catalog,
    groups::group_name,
    i18n, live,
    reading::{reading, when_read},
    t,
    ui::{Address, CollectAny, Column, Empty, ExportLink, Moment, PageHead, Table, address, either, pager},
};
use contract::{
    AssetId, Page, PageQuery,
    assignments::{Known, WaitingRow},
    catalog::AssetDetail,
    live::LiveEvent,
};
use leptos::prelude::*;

async fn read((asset, page): (AssetId, PageQuery)) -> Result<(AssetDetail, Page<WaitingRow>), Failure> {
    let detail = catalog::calls::detail(asset).await?;
    Ok((detail, group_calls::waiting(asset, page).await?))
}

pub fn waiting_page() -> AnyView {
    let address = address();
    let asked = move || address.with(|address| (asset(address), address.page()));
    let list = reading(asked, read);
    let concerns = move |event: &LiveEvent| match event {
        LiveEvent::Counts { asset: of, .. } => address.with_untracked(asset) == *of,
        LiveEvent::Missed => true,
        _ => false,
    };
    live::on_change(concerns, move || list.refetch());
    when_read(move || async move {
        either(
            list.await,
            move |(asset, page)| view! { <Waiting address asset page/> },
        )
    })
}

#[component]
fn Waiting(address: Memo<Address>, asset: AssetDetail, page: Page<WaitingRow>) -> impl IntoView {
    let pager = pager(address, &page);
    let id = asset.row.id;
    let none = page.rows.is_empty();
    let list = if none {
        view! { <Empty title=t!(waiting_empty_title) text=t!(waiting_empty_text)/> }.into_any()
    } else {
        let rows = page.rows.into_iter().map(|row| line(id, row)).collect_any();
        let head = view! {
            <Column label=t!(waiting_place) number=true/>
            <Column label=t!(license_holder)/>
            <Column label=t!(waiting_since)/>
            <Column label=t!(assignment_priority)/>
            <Column label=t!(change_leads)/>
            <Column label=t!(explain_why)/>
        };
        view! { <Table caption=t!(waiting_title) head>{rows}</Table> }.into_any()
    };
    let (name, place, product) = (asset.row.name, asset.row.location_name, asset.row.product);
    view! {
        <PageHead title=format!("{name}: {}", t!(waiting_title)) sub=place>
            {(!none).then(|| view! { <ExportLink address file="waiting.csv"/> })}
        </PageHead>
        {catalog::asset_tabs(product, id, catalog::AssetTab::Waiting)}
        {list}
        {pager}
    }
}

fn line(asset: AssetId, row: WaitingRow) -> impl IntoView {
    let holder = row.holder.id().to_owned();
    let href = super::explain_path(asset, row.user_name.as_ref().unwrap_or(&holder));
    let group = row
        .group_name
        .map_or_else(|| t!(waiting_by_hand).to_owned(), group_name);
    view! {
        <tr>
            <td data-label=t!(waiting_place) class="number">{i18n::number(row.place)}</td>
            <th scope="row">
                <div class="stack">{who(holder, row.who, row.holder_name, row.user_name)}</div>
            </th>
            <td data-label=t!(waiting_since)><Moment at=row.since/></td>
            <td data-label=t!(assignment_priority)>{words::priority(row.priority)}</td>
            <td data-label=t!(change_leads)>{group}</td>
            <td data-label=t!(explain_why)><a href=href>{t!(explain_why)}</a></td>
        </tr>
    }
}

/// A device by its serial number; a person by the name, for what Apple calls them means nothing to anybody.
fn who(holder: String, who: Option<Known>, name: Option<String>, user_name: Option<String>) -> AnyView {
    match (who, name) {
        (Some(device @ Known::Device(_)), Some(name)) => view! {
            <span>{holder}</span>
            <small><a href=words::page(&device)>{name}</a></small>
        }
        .into_any(),
        (Some(person @ Known::Person(_)), Some(name)) => {
            let other = user_name.filter(|user_name| *user_name != name);
            view! {
                <a href=words::page(&person)>{name}</a>
                {other.map(|user_name| view! { <small>{user_name}</small> })}
            }
            .into_any()
        }
        _ => holder.into_any(),
    }
}
