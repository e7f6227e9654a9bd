//! Server functions of the check-in page: all of them about the device whose browser it is.

use crate::call::{Call, Failure};
use contract::{
    AssetId, DeviceId,
    checkin::{CheckInView, OwnDevice, Wanted},
};
use leptos::prelude::*;

#[server(prefix = "/api", endpoint = "checkin/view", protocol = Call)]
pub async fn view() -> Result<CheckInView, Failure> {
    let services = crate::call::services()?;
    Ok(services.check_in.view().await?)
}

/// Which device an enrolment link is for.
#[server(prefix = "/api", endpoint = "checkin/link", protocol = Call)]
pub async fn link(secret: String) -> Result<OwnDevice, Failure> {
    let services = crate::call::services()?;
    Ok(services.check_in.link(&secret).await?)
}

#[server(prefix = "/api", endpoint = "checkin/open", protocol = Call)]
pub async fn open(secret: String) -> Result<(), Failure> {
    let services = crate::call::services()?;
    services.check_in.open(&secret).await?;
    crate::call::leave_to("/checkin");
    Ok(())
}

#[server(prefix = "/api", endpoint = "checkin/choose", protocol = Call)]
pub async fn choose(device: DeviceId) -> Result<(), Failure> {
    let services = crate::call::services()?;
    services.check_in.choose(&device).await?;
    crate::call::leave_to("/checkin");
    Ok(())
}

#[server(prefix = "/api", endpoint = "checkin/leave", protocol = Call)]
pub async fn leave() -> Result<(), Failure> {
    let services = crate::call::services()?;
    services.check_in.leave().await?;
    crate::call::leave_to("/checkin");
    Ok(())
}

#[server(prefix = "/api", endpoint = "checkin/take", protocol = Call)]
pub async fn take(asset: AssetId) -> Result<(), Failure> {
    let services = crate::call::services()?;
    services.check_in.take(asset).await?;
    crate::call::leave_to("/checkin");
    Ok(())
}

#[server(prefix = "/api", endpoint = "checkin/find", protocol = Call)]
pub async fn find(text: String) -> Result<Vec<Wanted>, Failure> {
    let services = crate::call::services()?;
    Ok(services.check_in.find(&text).await?)
}

/// The page once somebody has asked for an app.
pub(super) const ASKED: &str = "/checkin?asked=true";

#[server(prefix = "/api", endpoint = "checkin/ask", protocol = Call)]
pub async fn ask(asset: AssetId, reason: String) -> Result<(), Failure> {
    let services = crate::call::services()?;
    services
        .check_in
        .ask(asset, &reason)
        .await
        .map_err(|fault| crate::refusal::with_typed(fault, [("reason", reason.as_str())]))?;
    crate::call::leave_to(ASKED);
    Ok(())
}
