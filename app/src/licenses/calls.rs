//! Server functions of licences.

use crate::{
    call::{Call, Failure},
    json::Json,
};
use contract::{
    OperationId, Page, Serial,
    licenses::{
        DeviceLicenses, LedgerQuery, LedgerRow, LicenseQuery, LicenseRow, MacGrace, MacGraceQuery,
        Revocation, RevocationPreview, UnknownOrigin,
    },
};
use leptos::prelude::*;

#[server(prefix = "/api", endpoint = "licenses/list", protocol = Call<Json>)]
pub async fn list(query: LicenseQuery) -> Result<Page<LicenseRow>, Failure> {
    let services = crate::call::services()?;
    Ok(services.licenses.list(services.caller()?, query).await?)
}

#[server(prefix = "/api", endpoint = "licenses/device", protocol = Call)]
pub async fn of_device(serial: Serial) -> Result<DeviceLicenses, Failure> {
    let services = crate::call::services()?;
    Ok(services.licenses.of_device(services.caller()?, &serial).await?)
}

#[server(prefix = "/api", endpoint = "licenses/ledger", protocol = Call<Json>)]
pub async fn ledger(query: LedgerQuery) -> Result<Page<LedgerRow>, Failure> {
    let services = crate::call::services()?;
    Ok(services.licenses.ledger(services.caller()?, query).await?)
}

#[server(prefix = "/api", endpoint = "licenses/macs", protocol = Call<Json>)]
pub async fn macs(query: MacGraceQuery) -> Result<Page<MacGrace>, Failure> {
    let services = crate::call::services()?;
    Ok(services.licenses.macs(services.caller()?, query).await?)
}

#[server(prefix = "/api", endpoint = "licenses/preview", protocol = Call<Json>)]
pub async fn preview(what: Revocation, unknown: UnknownOrigin) -> Result<RevocationPreview, Failure> {
    let services = crate::call::services()?;
    Ok(services
        .licenses
        .preview_revocation(services.caller()?, what, unknown)
        .await?)
}

/// A plain form; `what` is a [`Revocation`] as JSON. More than one licence goes only if what [`super::confirm`] asks
/// for was typed, so that no script and no slip of the hand takes a school's apps away. A refusal brings back the rest.
#[server(prefix = "/api", endpoint = "licenses/revoke", protocol = Call)]
pub async fn revoke(
    what: String,
    #[server(default)] unknown: Option<UnknownOrigin>,
    #[server(default)] reason: String,
    #[server(default)] hold_minutes: Option<u32>,
    #[server(default)] confirm: String,
) -> Result<OperationId, Failure> {
    use contract::{Code, Fault, licenses::RevocationForm};

    let what: Revocation = serde_json::from_str(&what).map_err(|_| Code::RequestInvalid)?;
    let services = crate::call::services()?;
    let (unknown, hold_minutes) = (unknown.unwrap_or_default(), hold_minutes.unwrap_or_default());
    let why = reason.clone();
    let revoke = async {
        let caller = services.caller()?;
        let preview = services
            .licenses
            .preview_revocation(caller, what.clone(), unknown)
            .await?;
        if !super::confirm::is_confirmed(&what, &preview, &confirm) {
            return Err(Fault::field("confirm", Code::ConfirmationWrong));
        }
        let form = RevocationForm {
            what,
            unknown,
            reason,
            hold_minutes,
        };
        services.licenses.revoke(caller, form).await
    };
    let operation = revoke
        .await
        .map_err(|fault| crate::refusal::with_reason(fault, &why, hold_minutes))?;
    leptos_axum::redirect(&format!("/activity/{operation}"));
    Ok(operation)
}
