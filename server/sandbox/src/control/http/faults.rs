//! Switches. A PUT names only what changes.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::Value;

use super::order::Order;
use super::{Done, done};
use crate::control::{Control, ControlError};
use crate::faults::Faults;

/// `GET /control/faults`.
pub(super) async fn common(State(control): State<Control>) -> Json<Faults> {
    Json(control.faults())
}

/// `PUT /control/faults`, some fields of `Faults`.
pub(super) async fn set_common(
    State(control): State<Control>,
    Order(Json(change)): Order<Json<Value>>,
) -> Result<Json<Faults>, ControlError> {
    control.change_faults(change)?;
    Ok(Json(control.faults()))
}

/// `DELETE /control/faults`: no faults.
pub(super) async fn reset_common(State(control): State<Control>) -> Done {
    control.set_faults(Faults::default());
    done(Ok(()))
}

/// `GET /control/locations/{uid}/faults`: those in force.
pub(super) async fn own(
    State(control): State<Control>,
    Path(uid): Path<String>,
) -> Result<Json<Faults>, ControlError> {
    control.location_faults(&uid).map(Json)
}

/// `PUT /control/locations/{uid}/faults`, some fields of `Faults`.
pub(super) async fn set_own(
    State(control): State<Control>,
    Path(uid): Path<String>,
    Order(Json(change)): Order<Json<Value>>,
) -> Result<Json<Faults>, ControlError> {
    control.change_location_faults(&uid, change)?;
    control.location_faults(&uid).map(Json)
}

/// `DELETE /control/locations/{uid}/faults`: as all others again.
pub(super) async fn reset_own(State(control): State<Control>, Path(uid): Path<String>) -> Done {
    done(control.reset_location_faults(&uid))
}
