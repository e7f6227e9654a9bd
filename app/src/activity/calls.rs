//! Server functions of operations.

use crate::{call::Failure, json::Json};
use contract::{
    OperationId, Page,
    activity::{ItemQuery, OperationItem, OperationQuery, OperationRow},
};
use leptos::prelude::*;

#[server(prefix = "/api", endpoint = "activity/list", output = Json, input = Json)]
pub async fn list(query: OperationQuery) -> Result<Page<OperationRow>, Failure> {
    let services = crate::call::services()?;
    Ok(services.activity.list(services.caller()?, query).await?)
}

#[server(prefix = "/api", endpoint = "activity/detail", output = Json)]
pub async fn detail(id: OperationId) -> Result<OperationRow, Failure> {
    let services = crate::call::services()?;
    Ok(services.activity.detail(services.caller()?, &id).await?)
}

#[server(prefix = "/api", endpoint = "activity/items", output = Json, input = Json)]
pub async fn items(id: OperationId, query: ItemQuery) -> Result<Page<OperationItem>, Failure> {
    let services = crate::call::services()?;
    Ok(services.activity.items(services.caller()?, &id, query).await?)
}

/// Operations that have not ended, for the frame.
#[server(prefix = "/api", endpoint = "activity/running", output = Json)]
pub async fn running() -> Result<Vec<OperationRow>, Failure> {
    let services = crate::call::services()?;
    Ok(services.activity.running(services.caller()?).await?)
}

#[server(prefix = "/api", endpoint = "activity/resume", output = Json)]
pub async fn resume(id: OperationId) -> Result<(), Failure> {
    let services = crate::call::services()?;
    Ok(services.activity.resume(services.caller()?, &id).await?)
}
