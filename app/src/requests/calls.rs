//! Server functions of requests, and of the links that open check-in pages.

use crate::{
    call::{Call, Failure},
    json::Json,
};
use contract::{
    DeviceId, OperationId, Page, RequestId,
    checkin::{EnrolmentLink, RequestQuery, RequestRow},
};
use leptos::prelude::*;

#[server(prefix = "/api", endpoint = "requests/list", protocol = Call<Json>)]
pub async fn list(query: RequestQuery) -> Result<Page<RequestRow>, Failure> {
    let services = crate::call::services()?;
    Ok(services.requests.list(services.caller()?, query).await?)
}

#[server(prefix = "/api", endpoint = "requests/approve", protocol = Call)]
pub async fn approve(id: RequestId) -> Result<Option<OperationId>, Failure> {
    let services = crate::call::services()?;
    Ok(services.requests.approve(services.caller()?, &id).await?)
}

#[server(prefix = "/api", endpoint = "requests/refuse", protocol = Call)]
pub async fn refuse(id: RequestId, answer: String) -> Result<(), Failure> {
    let services = crate::call::services()?;
    Ok(services.requests.refuse(services.caller()?, &id, &answer).await?)
}

#[server(prefix = "/api", endpoint = "requests/enrolment-link", protocol = Call)]
pub async fn make_enrolment_link(device: DeviceId) -> Result<EnrolmentLink, Failure> {
    let services = crate::call::services()?;
    let link = services
        .requests
        .enrolment_link(services.caller()?, &device)
        .await?;
    super::once::keep(&link);
    crate::call::leave_to(&format!("/devices/{device}/enrol"));
    Ok(link)
}
