//! Server functions of the overview.

use crate::{call::Failure, json::Json};
use contract::overview::Summary;
use leptos::prelude::*;

#[server(prefix = "/api", endpoint = "overview/summary", output = Json)]
pub async fn read() -> Result<Summary, Failure> {
    let services = crate::call::services()?;
    Ok(services.overview.summary(services.caller()?).await?)
}
