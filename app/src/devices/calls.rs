//! Server functions of devices.

// On the function itself it would not reach the half that `#[server]` makes for the browser.
#![allow(clippy::too_many_arguments, reason = "the fields of a plain form")]

use crate::{
    call::{Call, Failure},
    json::Json,
};
use contract::{
    DeviceId, Page,
    devices::{DeviceOwnership, DeviceQuery, DeviceRow, Enrolment, Platform},
};
use leptos::prelude::*;

#[server(prefix = "/api", endpoint = "devices/list", protocol = Call<Json>)]
pub async fn list(query: DeviceQuery) -> Result<Page<DeviceRow>, Failure> {
    let services = crate::call::services()?;
    Ok(services.devices.list(services.caller()?, query).await?)
}

#[server(prefix = "/api", endpoint = "devices/detail", protocol = Call)]
pub async fn detail(id: DeviceId) -> Result<DeviceRow, Failure> {
    let services = crate::call::services()?;
    Ok(services.devices.detail(services.caller()?, &id).await?)
}

/// A plain form.
#[server(prefix = "/api", endpoint = "devices/gone", protocol = Call)]
pub async fn set_gone(id: DeviceId, gone: bool) -> Result<(), Failure> {
    let services = crate::call::services()?;
    services.devices.set_gone(services.caller()?, &id, gone).await?;
    leptos_axum::redirect(&format!("/devices/{id}"));
    Ok(())
}

/// A plain form.
#[server(prefix = "/api", endpoint = "devices/sign-out", protocol = Call)]
pub async fn sign_out(id: DeviceId) -> Result<(), Failure> {
    let services = crate::call::services()?;
    services.devices.sign_out(services.caller()?, &id).await?;
    leptos_axum::redirect(&format!("/devices/{id}"));
    Ok(())
}

/// A refusal carries the form's texts in `with`, so that a plain form is shown with what was typed.
#[server(prefix = "/api", endpoint = "devices/add", protocol = Call)]
pub async fn add(
    name: String,
    serial: String,
    platform: Platform,
    model: String,
    os_version: String,
    ownership: DeviceOwnership,
    supervised: Option<bool>,
    #[server(default)] enrolment: Enrolment,
    kiosk: Option<bool>,
    store_blocked: Option<bool>,
    user_name: String,
) -> Result<DeviceId, Failure> {
    let form = contract::devices::DeviceForm {
        name,
        serial,
        platform,
        model,
        os_version,
        ownership,
        supervised: supervised.unwrap_or_default(),
        enrolment,
        kiosk: kiosk.unwrap_or_default(),
        store_blocked: store_blocked.unwrap_or_default(),
        user_name,
        last_check_in: None,
    };
    let services = crate::call::services()?;
    let typed = form.clone();
    let add = async { services.devices.add(services.caller()?, form).await };
    let id = add.await.map_err(|fault| super::add::with_typed(fault, &typed))?;
    leptos_axum::redirect(&format!("/devices/{id}"));
    Ok(id)
}
