//! Server functions of the migration assistant.

use crate::{
    call::{Call, Failure},
    json::Json,
};
use contract::{
    AssetId, MoveId,
    moves::{MoveCost, MoveForm, MoveOrder, MoveView},
};
use leptos::prelude::*;

#[server(prefix = "/api", endpoint = "moves/cost", protocol = Call<Json>)]
pub async fn cost(form: MoveForm) -> Result<(MoveCost, Option<MoveView>), Failure> {
    let services = crate::call::services()?;
    Ok(services.moves.cost(services.caller()?, form).await?)
}

/// A plain form; a refusal brings back what was typed.
#[server(prefix = "/api", endpoint = "moves/start", protocol = Call)]
pub async fn start(
    asset: AssetId,
    order: MoveOrder,
    pace: i64,
    #[server(default)] reason: String,
) -> Result<MoveId, Failure> {
    let form = MoveForm {
        asset,
        order,
        pace,
        reason: reason.clone(),
    };
    let services = crate::call::services()?;
    let start = async { services.moves.start(services.caller()?, form).await };
    let id = start.await.map_err(|fault| {
        let pace = pace.to_string();
        let typed = [("order", order.as_str()), ("pace", &pace), ("reason", &reason)];
        crate::refusal::with_typed(fault, typed)
    })?;
    leptos_axum::redirect(&format!("/licenses/move?asset={asset}"));
    Ok(id)
}

/// Ends one that is stopped.
#[server(prefix = "/api", endpoint = "moves/end", protocol = Call)]
pub async fn end(id: MoveId, asset: AssetId) -> Result<(), Failure> {
    let services = crate::call::services()?;
    services.moves.end(services.caller()?, &id).await?;
    leptos_axum::redirect(&format!("/licenses/move?asset={asset}"));
    Ok(())
}

/// Stops it, or has it go on.
#[server(prefix = "/api", endpoint = "moves/set", protocol = Call)]
pub async fn set(id: MoveId, asset: AssetId, running: bool) -> Result<(), Failure> {
    let services = crate::call::services()?;
    let caller = services.caller()?;
    match running {
        true => services.moves.go_on(caller, &id).await?,
        false => services.moves.stop(caller, &id).await?,
    }
    leptos_axum::redirect(&format!("/licenses/move?asset={asset}"));
    Ok(())
}
