//! Tokens and invitations.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::order::Order;
use super::{Done, done};
use crate::control::{Control, ControlError, Invited, TokenRequest};

/// `POST /control/locations/{uid}/tokens`, optionally with `expires`, `role`: the text of the file as `token`.
pub(super) async fn issue(
    State(control): State<Control>,
    Path(uid): Path<String>,
    Order(body): Order<Bytes>,
) -> Result<Json<Value>, ControlError> {
    let request = if body.is_empty() {
        TokenRequest::default()
    } else {
        serde_json::from_slice(&body).map_err(|error| ControlError::Invalid(error.to_string()))?
    };
    let token = control.issue_token_as(&uid, &request)?;
    Ok(Json(json!({ "token": token })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    token: String,
    at: Option<Timestamp>,
}

/// `POST /control/tokens/revoke` with `token`.
pub(super) async fn revoke(State(control): State<Control>, Order(Json(token)): Order<Json<Token>>) -> Done {
    done(control.revoke_token(&token.token))
}

/// `POST /control/tokens/expire` with `token` and perhaps `at`.
pub(super) async fn expire(State(control): State<Control>, Order(Json(token)): Order<Json<Token>>) -> Done {
    done(control.expire_token(&token.token, token.at))
}

/// `GET /control/invitations/{code}`.
pub(super) async fn invited(
    State(control): State<Control>,
    Path(code): Path<String>,
) -> Result<Json<Invited>, ControlError> {
    control.invited(&code).map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Acceptance {
    apple_account: String,
}

/// `POST /control/invitations/{code}/accept` with `appleAccount`.
pub(super) async fn accept(
    State(control): State<Control>,
    Path(code): Path<String>,
    Order(Json(acceptance)): Order<Json<Acceptance>>,
) -> Result<Json<Invited>, ControlError> {
    control
        .accept_invitation(&code, &acceptance.apple_account)
        .map(Json)
}
