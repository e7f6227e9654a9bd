//! The help desk's server function.

use crate::{
    call::{Call, Failure},
    json::Json,
};
use contract::search::Found;
use leptos::prelude::*;

#[server(prefix = "/api", endpoint = "search/find", protocol = Call<Json>)]
pub async fn find(text: String) -> Result<Found, Failure> {
    let services = crate::call::services()?;
    Ok(services.help_desk.search(services.caller()?, &text).await?)
}
