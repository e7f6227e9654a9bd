//! Server functions of licences.

use crate::{call::Failure, json::Json};
use contract::{
    OperationId, Page,
    licenses::{LedgerQuery, LedgerRow, LicenseQuery, LicenseRow, Revocation, RevocationPreview},
};
use leptos::prelude::*;

#[server(prefix = "/api", endpoint = "licenses/list", output = Json, input = Json)]
pub async fn list(query: LicenseQuery) -> Result<Page<LicenseRow>, Failure> {
    let services = crate::call::services()?;
    Ok(services.licenses.list(services.caller()?, query).await?)
}

#[server(prefix = "/api", endpoint = "licenses/ledger", output = Json, input = Json)]
pub async fn ledger(query: LedgerQuery) -> Result<Page<LedgerRow>, Failure> {
    let services = crate::call::services()?;
    Ok(services.licenses.ledger(services.caller()?, query).await?)
}

#[server(prefix = "/api", endpoint = "licenses/preview", output = Json, input = Json)]
pub async fn preview(what: Revocation) -> Result<RevocationPreview, Failure> {
    let services = crate::call::services()?;
    Ok(services
        .licenses
        .preview_revocation(services.caller()?, what)
        .await?)
}

/// A plain form; `what` is a [`Revocation`] as JSON. More than one licence goes only if what [`super::confirm`] asks
/// for was typed, so that no script and no slip of the hand takes a school's apps away.
#[server(prefix = "/api", endpoint = "licenses/revoke", output = Json)]
pub async fn revoke(
    what: String,
    #[server(default)] reason: String,
    #[server(default)] confirm: String,
) -> Result<OperationId, Failure> {
    use contract::{Code, Fault};

    let what: Revocation = serde_json::from_str(&what).map_err(|_| Code::RequestInvalid)?;
    let services = crate::call::services()?;
    let caller = services.caller()?;
    let preview = services.licenses.preview_revocation(caller, what.clone()).await?;
    if !super::confirm::is_confirmed(&what, &preview, &confirm) {
        return Err(Fault::field("confirm", Code::ConfirmationWrong).into());
    }
    let operation = services.licenses.revoke(caller, what, &reason).await?;
    leptos_axum::redirect(&format!("/activity/{operation}"));
    Ok(operation)
}
