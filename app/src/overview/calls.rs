//! Server functions of the overview.

use crate::call::{Call, Failure};
use contract::overview::{AlertRules, Summary};
use leptos::prelude::*;

#[server(prefix = "/api", endpoint = "overview/summary", protocol = Call)]
pub async fn read() -> Result<Summary, Failure> {
    let services = crate::call::services()?;
    Ok(services.overview.summary(services.caller()?).await?)
}

#[server(prefix = "/api", endpoint = "overview/alert-rules", protocol = Call)]
pub async fn rules() -> Result<AlertRules, Failure> {
    let services = crate::call::services()?;
    Ok(services.overview.alert_rules(services.caller()?).await?)
}

#[server(prefix = "/api", endpoint = "overview/set-alert-rules", protocol = Call)]
pub async fn set_rules(licenses_left: i64) -> Result<(), Failure> {
    let services = crate::call::services()?;
    let rules = AlertRules { licenses_left };
    services
        .overview
        .set_alert_rules(services.caller()?, rules)
        .await?;
    leptos_axum::redirect("/");
    Ok(())
}
