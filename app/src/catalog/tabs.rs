//! The pages of one app or book.

use super::path;
use crate::{
    t,
    ui::{Tab, Tabs},
};
use contract::{AssetId, catalog::ProductType};
use leptos::prelude::*;

/// Which of them is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssetTab {
    Overview,
    Assignments,
    Waiting,
    Explain,
}

pub fn asset_tabs(product: ProductType, id: AssetId, shown: AssetTab) -> AnyView {
    let is = move |tab| Signal::stored(shown == tab);
    view! {
        <Tabs label=t!(asset_views)>
            <Tab href=path(product, id) label=t!(asset_overview) current=is(AssetTab::Overview)/>
            <Tab
                href=format!("/assignments?asset={id}")
                label=t!(assignment_title)
                current=is(AssetTab::Assignments)
            />
            <Tab
                href=format!("/assignments/waiting?asset={id}")
                label=t!(waiting_title)
                current=is(AssetTab::Waiting)
            />
            <Tab href=format!("/explain?asset={id}") label=t!(explain_button) current=is(AssetTab::Explain)/>
            <Tab href=format!("/licenses?asset={id}") label=t!(menu_licenses) current=Signal::stored(false)/>
            <Tab href=format!("/ledger?asset={id}") label=t!(ledger_title) current=Signal::stored(false)/>
        </Tabs>
    }
    .into_any()
}
