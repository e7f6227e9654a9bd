//! `GET status` (apple-api.md §1.9).

use axum::http::Uri;
use serde::Deserialize;
use uuid::Uuid;

use super::reply::Answer;
use super::{Caller, Handled, query};
use crate::wire::{ErrorNumber, EventStatusAnswer};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    event_id: Option<String>,
}

/// How far an event is.
pub(super) fn read(caller: &Caller, uri: &Uri) -> Handled {
    let parameters: Parameters = query::read(uri)?;
    let id = parameters
        .event_id
        .and_then(|id| Uuid::parse_str(&id).ok())
        .ok_or(ErrorNumber(9708))?;
    let state = caller.location.state.read();
    let event = state.events.get(&id).ok_or(ErrorNumber(9708))?;
    Ok(Answer::json(&EventStatusAnswer {
        event_status: event.state,
        event_type: event.kind,
        failures: event.failures.clone(),
        num_completed: event.completed,
        num_requested: event.requested,
        envelope: caller.envelope(&state),
    }))
}
