//! The first step, for whoever comes without an app: choosing apps.

use super::assign::carried;
use crate::{
    catalog::{AssetIcon, meter_level},
    t,
    ui::{
        Address, Column, Empty, FilterForm, Kind, Meter, Pick, PickAll, Submit, Table, elsewhere, keyed,
        nothing_found, pager,
    },
};
use contract::{Page, catalog::AssetRow};
use leptos::prelude::*;

/// The field that each ticked app is sent as.
pub(super) const APPS: &str = "asset";

#[component]
pub fn ChooseApps(address: Memo<Address>, page: Page<AssetRow>) -> impl IntoView {
    let pager = pager(address, &page);
    let none = page.rows.is_empty();
    let searched = !address.with_untracked(|address| address.has("search", ""));
    let list = if none && searched {
        nothing_found(address.with_untracked(|address| address.with("search", "")))
    } else if none {
        view! { <Empty title=t!(apps_empty_title) text=t!(catalog_empty_text)/> }.into_any()
    } else {
        let here = page.rows.iter().map(|row| row.id.to_string()).collect();
        let rows = keyed(page.rows, |row| row.id, row);
        let head = view! {
            <PickAll name=APPS label=t!(list_pick_all)/>
            <Column label=t!(asset_name)/>
            <Column label=t!(asset_location)/>
            <Column label=t!(asset_used)/>
        };
        view! {
            <form method="get" action="/assign">
                {carried("device", address.with_untracked(|address| address.all("device")))}
                <div class="commands bar"><Submit kind=Kind::Main label=t!(assign_go_on)/></div>
                {elsewhere(APPS, here)}
                <Table caption=t!(menu_apps) head>{rows}</Table>
            </form>
        }
        .into_any()
    };
    view! {
        <h2 class="section">{t!(assign_choose_apps)}</h2>
        <div class="bar"><FilterForm address label=t!(catalog_search) keep=&["device"]/></div>
        {list}
        {pager}
    }
}

fn row(row: AssetRow) -> impl IntoView {
    let level = meter_level(row.counts.total, row.counts.available, row.unlimited);
    view! {
        <tr>
            <Pick name=APPS value=row.id.to_string() label=t!(list_pick, name = &row.name)/>
            <th scope="row">
                <div class="item">
                    <AssetIcon url=row.icon name=row.name.clone()/>
                    <div>{row.name} <small>{row.publisher}</small></div>
                </div>
            </th>
            <td data-label=t!(asset_location)>{row.location_name}</td>
            <td data-label=t!(asset_used)>
                <Meter used=row.counts.used total=(!row.unlimited).then_some(row.counts.total) level/>
            </td>
        </tr>
    }
}
