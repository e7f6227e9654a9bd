//! `/assign?asset=…&device=…`: which apps, then which devices, as far as the address does not say; leads to the plan.

use super::{
    apps::{APPS, ChooseApps},
    calls,
    chosen::ChosenDevices,
    devices::{ChooseDevices, DEVICES},
};
use crate::{
    call::Failure,
    catalog, devices,
    reading::{reading, when_read},
    t,
    ui::{Address, CollectAny, PageHead, Ticked, address, either},
};
use contract::{
    AssetId, DeviceId, Page,
    catalog::{AssetQuery, AssetRow},
    devices::{DeviceQuery, DeviceRow},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What the address asks for.
#[derive(Clone, Debug, PartialEq)]
struct Asked {
    assets: Vec<AssetId>,
    chosen: Vec<DeviceId>,
    apps: AssetQuery,
    devices: DeviceQuery,
}

impl Asked {
    fn read(address: &Address) -> Self {
        let (search, page) = (address.get("search"), address.page());
        Asked {
            assets: address
                .all("asset")
                .iter()
                .filter_map(|id| id.parse().ok())
                .map(AssetId)
                .collect(),
            chosen: address.all("device").into_iter().map(DeviceId).collect(),
            apps: AssetQuery {
                search: search.clone(),
                page: page.clone(),
                ..AssetQuery::default()
            },
            devices: DeviceQuery {
                search,
                platform: address.choice("platform"),
                sort: address.choice("sort").unwrap_or_default(),
                page,
            },
        }
    }
}

/// How far the choice is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Step {
    Apps(Page<AssetRow>),
    Devices(Vec<AssetRow>, Page<DeviceRow>),
    /// Both are chosen.
    Both(Vec<AssetRow>, Vec<DeviceRow>),
}

async fn read(asked: Asked) -> Result<Step, Failure> {
    if asked.assets.is_empty() {
        return Ok(Step::Apps(catalog::calls::list(asked.apps).await?));
    }
    let assets = calls::assets(asked.assets).await?;
    if asked.chosen.is_empty() {
        return Ok(Step::Devices(assets, devices::calls::list(asked.devices).await?));
    }
    Ok(Step::Both(assets, calls::chosen(asked.chosen).await?))
}

pub fn assign_page() -> AnyView {
    let address = address();
    Ticked::provide(APPS);
    Ticked::provide(DEVICES);
    let step = reading(move || address.with(Asked::read), read);
    when_read(move || async move {
        either(step.await, move |step| {
            view! {
                <PageHead title=t!(assign_title) sub=t!(assign_sub).to_owned()/>
                {match step {
                    Step::Apps(page) => view! { <ChooseApps address page/> }.into_any(),
                    Step::Devices(assets, page) => view! { <ChooseDevices address assets page/> }.into_any(),
                    Step::Both(assets, chosen) => view! { <ChosenDevices address assets chosen/> }.into_any(),
                }}
            }
        })
    })
}

/// Hidden fields that carry a repeated parameter on.
pub(super) fn carried(name: &'static str, values: Vec<String>) -> impl IntoView {
    values
        .into_iter()
        .map(|value| view! { <input type="hidden" name=name value=value/> })
        .collect_any()
}
