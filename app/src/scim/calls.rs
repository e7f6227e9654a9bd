//! Server functions of the SCIM tokens.

use crate::call::{Call, Failure};
use contract::{
    ScimTokenId,
    scim::{MadeScimToken, ScimTokenRow},
};
use leptos::prelude::*;

#[server(prefix = "/api", endpoint = "scim/list", protocol = Call)]
pub async fn list() -> Result<Vec<ScimTokenRow>, Failure> {
    let services = crate::call::services()?;
    Ok(services.scim_tokens.list(services.caller()?).await?)
}

#[server(prefix = "/api", endpoint = "scim/make", protocol = Call)]
pub async fn make(name: String) -> Result<MadeScimToken, Failure> {
    let services = crate::call::services()?;
    let made = services.scim_tokens.make(services.caller()?, &name).await?;
    super::once::ONCE.keep(&made.secret);
    crate::call::leave_to("/settings/scim");
    Ok(made)
}

/// Answers which it was.
#[server(prefix = "/api", endpoint = "scim/revoke", protocol = Call)]
pub async fn revoke(id: ScimTokenId) -> Result<ScimTokenId, Failure> {
    let services = crate::call::services()?;
    services.scim_tokens.revoke(services.caller()?, &id).await?;
    crate::call::leave_to("/settings/scim");
    Ok(id)
}
