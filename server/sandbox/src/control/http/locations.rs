//! Organisations and locations.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::order::Order;
use super::{Done, done};
use crate::control::{
    Control, ControlError, LocationChange, LocationSummary, NewLocation, OrganisationSummary,
};
use crate::organisation::{GeneratedDevice, Organisation};
use crate::wire::MdmInfo;

/// `GET /control/organisations`.
pub(super) async fn organisations(State(control): State<Control>) -> Json<Vec<OrganisationSummary>> {
    Json(control.organisations())
}

/// An `Organisation`, possibly without a seed.
type Plan = Map<String, Value>;

fn organisation(plan: Plan) -> Result<Organisation, ControlError> {
    serde_json::from_value(plan.into()).map_err(|error| ControlError::Invalid(error.to_string()))
}

/// `POST /control/organisations`, an `Organisation`: generates it, without a seed by one that is free.
pub(super) async fn add_organisation(
    State(control): State<Control>,
    Order(Json(plan)): Order<Json<Plan>>,
) -> Result<Json<Value>, ControlError> {
    let seeded = plan.contains_key("seed");
    let organisation = organisation(plan)?;
    let (seed, uids) = if seeded {
        (organisation.seed, control.add_organisation(&organisation)?)
    } else {
        control.add_organisation_anew(organisation)?
    };
    Ok(Json(json!({ "seed": seed, "uids": uids })))
}

/// `POST /control/devices`, an `Organisation`: the devices it has.
pub(super) async fn devices(
    Order(Json(plan)): Order<Json<Plan>>,
) -> Result<Json<Vec<GeneratedDevice>>, ControlError> {
    let organisation = organisation(plan)?;
    organisation.check().map_err(ControlError::Invalid)?;
    Ok(Json(organisation.devices().collect()))
}

/// `GET /control/locations`.
pub(super) async fn list(State(control): State<Control>) -> Json<Vec<LocationSummary>> {
    Json(control.locations())
}

/// `POST /control/locations`, a `NewLocation`.
pub(super) async fn add(State(control): State<Control>, Order(Json(new)): Order<Json<NewLocation>>) -> Done {
    control.add_location(new).map(|()| StatusCode::CREATED)
}

/// `GET /control/locations/{uid}`.
pub(super) async fn one(
    State(control): State<Control>,
    Path(uid): Path<String>,
) -> Result<Json<LocationSummary>, ControlError> {
    control.summary(&uid).map(Json)
}

/// `PATCH /control/locations/{uid}` with `country`, `name`.
pub(super) async fn change(
    State(control): State<Control>,
    Path(uid): Path<String>,
    Order(Json(change)): Order<Json<LocationChange>>,
) -> Done {
    done(control.change_location(&uid, change))
}

/// `PUT /control/locations/{uid}/claim`, an `MdmInfo`: another MDM takes over.
pub(super) async fn claim(
    State(control): State<Control>,
    Path(uid): Path<String>,
    Order(Json(mdm_info)): Order<Json<MdmInfo>>,
) -> Done {
    done(control.claim_by_rule(&uid, mdm_info))
}

/// `DELETE /control/locations/{uid}/claim`.
pub(super) async fn unclaim(State(control): State<Control>, Path(uid): Path<String>) -> Done {
    done(control.claim(&uid, None))
}
