//! The help desk's server function.

use crate::{call::Failure, json::Json};
use contract::search::Found;
use leptos::prelude::*;

#[server(prefix = "/api", endpoint = "search/find", output = Json, input = Json)]
pub async fn find(text: String) -> Result<Found, Failure> {
    let services = crate::call::services()?;
    Ok(services.help_desk.search(services.caller()?, &text).await?)
}
