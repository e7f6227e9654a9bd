//! Server functions of operations.

use crate::{
    call::{Call, Failure},
    json::Json,
};
use contract::{
    OperationId, Page,
    activity::{ItemQuery, OperationItem, OperationQuery, OperationRow, Reach, UndoPreview},
};
use leptos::prelude::*;

#[server(prefix = "/api", endpoint = "activity/list", protocol = Call<Json>)]
pub async fn list(query: OperationQuery) -> Result<Page<OperationRow>, Failure> {
    let services = crate::call::services()?;
    Ok(services.activity.list(services.caller()?, query).await?)
}

#[server(prefix = "/api", endpoint = "activity/detail", protocol = Call)]
pub async fn detail(id: OperationId) -> Result<OperationRow, Failure> {
    let services = crate::call::services()?;
    Ok(services.activity.detail(services.caller()?, &id).await?)
}

#[server(prefix = "/api", endpoint = "activity/items", protocol = Call<Json>)]
pub async fn items(id: OperationId, query: ItemQuery) -> Result<Page<OperationItem>, Failure> {
    let services = crate::call::services()?;
    Ok(services.activity.items(services.caller()?, &id, query).await?)
}

/// Operations that have not ended, for the frame.
#[server(prefix = "/api", endpoint = "activity/running", protocol = Call)]
pub async fn running() -> Result<Vec<OperationRow>, Failure> {
    let services = crate::call::services()?;
    Ok(services.activity.running(services.caller()?).await?)
}

#[server(prefix = "/api", endpoint = "activity/resume", protocol = Call)]
pub async fn resume(id: OperationId) -> Result<(), Failure> {
    let services = crate::call::services()?;
    Ok(services.activity.resume(services.caller()?, &id).await?)
}

/// R4: ends a revocation of which nothing was sent.
#[server(prefix = "/api", endpoint = "activity/cancel", protocol = Call)]
pub async fn cancel(id: OperationId, reach: Option<Reach>) -> Result<(), Failure> {
    let services = crate::call::services()?;
    let reach = reach.unwrap_or_default();
    services.activity.cancel(services.caller()?, &id, reach).await?;
    crate::call::leave_to(&format!("/activity/{id}"));
    Ok(())
}

/// R4: the operation and what reversing it would do.
#[server(prefix = "/api", endpoint = "activity/preview-undo", protocol = Call)]
pub async fn preview_undo(id: OperationId, reach: Reach) -> Result<(OperationRow, UndoPreview), Failure> {
    let services = crate::call::services()?;
    let caller = services.caller()?;
    let row = services.activity.detail(caller, &id).await?;
    Ok((row, services.activity.preview_undo(caller, &id, reach).await?))
}

/// Taking back more than one licence asks for the number to be typed, as revoking does. A refusal brings the reason back.
#[server(prefix = "/api", endpoint = "activity/undo", protocol = Call)]
pub async fn undo(
    id: OperationId,
    reach: Option<Reach>,
    #[server(default)] reason: String,
    #[server(default)] confirm: String,
) -> Result<OperationId, Failure> {
    use contract::{Code, Fault};

    let services = crate::call::services()?;
    let reach = reach.unwrap_or_default();
    let undo = async {
        let caller = services.caller()?;
        let preview = services.activity.preview_undo(caller, &id, reach).await?;
        if !super::undo::is_confirmed(&preview, &confirm) {
            return Err(Fault::field("confirm", Code::ConfirmationWrong));
        }
        services.activity.undo(caller, &id, reach, &reason).await
    };
    let operation = undo
        .await
        .map_err(|fault| crate::refusal::with_typed(fault, [("reason", reason.as_str())]))?;
    leptos_axum::redirect(&format!("/activity/{operation}"));
    Ok(operation)
}
