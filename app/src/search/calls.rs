//! The help desk's server function.

use crate::call::Failure;
use contract::search::Found;
use leptos::{prelude::*, server_fn::codec::Json};

#[server(prefix = "/api", endpoint = "search/find", input = Json)]
pub async fn find(text: String) -> Result<Found, Failure> {
    let services = crate::call::services()?;
    Ok(services.help_desk.search(services.caller()?, &text).await?)
}
