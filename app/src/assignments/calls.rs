//! Server functions of assigning.

use crate::{
    call::{Call, Failure},
    json::Json,
};
use contract::{
    AssetId, DeviceId, OperationId, Page, PageQuery, PlanId,
    assignments::{OutcomeFilter, PlanLine, PlanView},
    catalog::AssetRow,
    devices::DeviceRow,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Which of the form's three ways to name devices is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    Chosen,
    Matching,
    Pasted,
}

impl Way {
    pub fn as_str(self) -> &'static str {
        match self {
            Way::Chosen => "chosen",
            Way::Matching => "matching",
            Way::Pasted => "pasted",
        }
    }
}

/// Makes a plan and shows it. A plain form: `assets[]` and `devices[]` stand as often as needed.
#[server(prefix = "/api", endpoint = "assignments/plan", protocol = Call)]
pub async fn plan(
    #[server(default)] assets: Vec<AssetId>,
    way: Way,
    #[server(default)] devices: Vec<DeviceId>,
    #[server(default)] search: String,
    #[server(default)] platform: String,
    #[server(default)] serials: String,
) -> Result<PlanId, Failure> {
    use contract::{
        assignments::{DeviceSelection, PlanRequest},
        devices::{DeviceQuery, Platform},
    };

    let services = crate::call::services()?;
    let devices = match way {
        Way::Chosen => DeviceSelection::Chosen { devices },
        Way::Matching => {
            let platform = Platform::parse(&platform);
            DeviceSelection::Matching {
                query: DeviceQuery {
                    search,
                    platform,
                    ..DeviceQuery::default()
                },
            }
        }
        Way::Pasted => DeviceSelection::Pasted { text: serials },
    };
    let id = services
        .assignments
        .plan(services.caller()?, PlanRequest { assets, devices })
        .await?;
    leptos_axum::redirect(&format!("/plans/{id}"));
    Ok(id)
}

/// The chosen apps, in the order of the address.
#[server(prefix = "/api", endpoint = "assignments/assets", protocol = Call<Json>)]
pub async fn assets(ids: Vec<AssetId>) -> Result<Vec<AssetRow>, Failure> {
    let services = crate::call::services()?;
    let caller = services.caller()?;
    few(ids.len())?;
    let mut rows = Vec::new();
    for id in ids {
        rows.push(services.catalog.detail(caller, id).await?.row);
    }
    Ok(rows)
}

/// The devices that were ticked elsewhere.
#[server(prefix = "/api", endpoint = "assignments/chosen", protocol = Call<Json>)]
pub async fn chosen(ids: Vec<DeviceId>) -> Result<Vec<DeviceRow>, Failure> {
    let services = crate::call::services()?;
    let caller = services.caller()?;
    few(ids.len())?;
    let mut rows = Vec::new();
    for id in ids {
        rows.push(services.devices.detail(caller, &id).await?);
    }
    Ok(rows)
}

/// An address names no more than a page of a list can have ticked.
#[cfg(feature = "ssr")]
fn few(count: usize) -> Result<(), contract::Fault> {
    let most = usize::from(PageQuery::MOST);
    if count > most {
        return Err(contract::Fault::new(contract::Code::TooManyChosen).with("most", most));
    }
    Ok(())
}

#[server(prefix = "/api", endpoint = "assignments/view", protocol = Call)]
pub async fn view(id: PlanId) -> Result<PlanView, Failure> {
    let services = crate::call::services()?;
    Ok(services.assignments.view(services.caller()?, &id).await?)
}

#[server(prefix = "/api", endpoint = "assignments/lines", protocol = Call<Json>)]
pub async fn lines(id: PlanId, filter: OutcomeFilter, page: PageQuery) -> Result<Page<PlanLine>, Failure> {
    let services = crate::call::services()?;
    Ok(services
        .assignments
        .lines(services.caller()?, &id, filter, page)
        .await?)
}

/// Makes a plan again that has lapsed, and shows it.
#[server(prefix = "/api", endpoint = "assignments/plan-again", protocol = Call)]
pub async fn plan_again(id: PlanId) -> Result<(), Failure> {
    use contract::assignments::NewPlan;

    let services = crate::call::services()?;
    let path = match services.assignments.again(services.caller()?, &id).await? {
        NewPlan::Devices(id) => format!("/plans/{id}"),
        NewPlan::Change(id) => format!("/assignments/plans/{id}"),
    };
    leptos_axum::redirect(&path);
    Ok(())
}

/// Applies the plan and shows how it goes on.
#[server(prefix = "/api", endpoint = "assignments/apply", protocol = Call)]
pub async fn apply(id: PlanId) -> Result<OperationId, Failure> {
    let services = crate::call::services()?;
    let operation = services.assignments.apply(services.caller()?, &id).await?;
    leptos_axum::redirect(&format!("/activity/{operation}"));
    Ok(operation)
}
