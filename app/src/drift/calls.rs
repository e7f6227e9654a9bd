//! Server functions of drift.

use crate::{
    call::{Call, Failure},
    json::Json,
};
use contract::{
    OperationId, Page,
    drift::{DriftHolder, DriftHolderQuery, DriftQuery, DriftRow, Settlement, SettlementPreview},
};
use leptos::prelude::*;

#[server(prefix = "/api", endpoint = "drift/list", protocol = Call<Json>)]
pub async fn list(query: DriftQuery) -> Result<Page<DriftRow>, Failure> {
    let services = crate::call::services()?;
    Ok(services.drift.list(services.caller()?, query).await?)
}

#[server(prefix = "/api", endpoint = "drift/licenses", protocol = Call<Json>)]
pub async fn holders(query: DriftHolderQuery) -> Result<Page<DriftHolder>, Failure> {
    let services = crate::call::services()?;
    Ok(services.drift.holders(services.caller()?, query).await?)
}

/// None: the address of the page names no settlement.
#[server(prefix = "/api", endpoint = "drift/preview", protocol = Call<Json>)]
pub async fn preview(what: Option<Settlement>) -> Result<SettlementPreview, Failure> {
    let what = what.ok_or(contract::Code::NothingChosen)?;
    let services = crate::call::services()?;
    Ok(services.drift.preview(services.caller()?, what).await?)
}

/// A plain form; `what` is a [`Settlement`] as JSON. A refusal brings the reason back.
#[server(prefix = "/api", endpoint = "drift/settle", protocol = Call)]
pub async fn settle(
    what: String,
    #[server(default)] reason: String,
    #[server(default)] confirmed: bool,
) -> Result<OperationId, Failure> {
    let what: Settlement = serde_json::from_str(&what).map_err(|_| contract::Code::RequestInvalid)?;
    let services = crate::call::services()?;
    let settle = async {
        let caller = services.caller()?;
        services.drift.settle(caller, what, &reason, confirmed).await
    };
    let operation = settle
        .await
        .map_err(|fault| crate::refusal::with_typed(fault, [("reason", reason.as_str())]))?;
    leptos_axum::redirect(&format!("/activity/{operation}"));
    Ok(operation)
}
