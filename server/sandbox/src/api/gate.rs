//! What is checked before any body rule: method, content type, authorization, token; then pace.

use std::sync::Arc;

use axum::http::Method;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Parts;
use jiff::SignedDuration;

use super::endpoint::Endpoint;
use super::reply::Refusal;
use crate::faults::{ActiveFaults, TokenExpiration};
use crate::wire::{Envelope, ErrorNumber};
use crate::world::{Location, LocationState, Token, TokenRole, World, apple_date};

/// In its last days a token's expiry is always shown.
const SHOWN_BEFORE_EXPIRY: SignedDuration = SignedDuration::from_hours(15 * 24);

/// Who asks: a token that was accepted, and what belongs to it.
pub(crate) struct Caller {
    pub(crate) world: Arc<World>,
    pub(crate) location: Arc<Location>,
    pub(crate) token: Arc<Token>,
    pub(crate) faults: Arc<ActiveFaults>,
}

/// Lets a request in; without a caller if the endpoint needs none.
pub(super) fn open(world: &Arc<World>, endpoint: Endpoint, parts: &Parts) -> Result<Option<Caller>, Refusal> {
    if !endpoint.allows(&parts.method) {
        return Err(ErrorNumber(9726).into());
    }
    if parts.method == Method::POST && !is_json(parts) {
        return Err(ErrorNumber(9727).into());
    }
    if endpoint == Endpoint::ServiceConfig {
        return Ok(None);
    }
    let token = world.token(bearer(parts)?).ok_or(ErrorNumber(9622))?;
    let location = world.location(&token.uid).ok_or(ErrorNumber(9622))?;
    let faults = world.faults.of(&token.uid);
    let status = faults.faults.token_error_status;
    let caller = Caller {
        world: Arc::clone(world),
        location,
        token,
        faults,
    };
    if caller.token.is_revoked() {
        return Err(Refusal::from(ErrorNumber(9625)).with_status(status));
    }
    if caller.token.expires() <= world.clock.now() {
        return Err(Refusal::from(ErrorNumber(9621)).with_status(status));
    }
    Ok(Some(caller))
}

fn is_json(parts: &Parts) -> bool {
    let value = parts
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/json")
}

fn bearer(parts: &Parts) -> Result<&str, ErrorNumber> {
    let header = parts
        .headers
        .get(AUTHORIZATION)
        .map(|value| value.as_bytes().trim_ascii());
    let header = header
        .filter(|header| !header.is_empty())
        .ok_or(ErrorNumber(9601))?;
    let token = header
        .strip_prefix(b"Bearer ".as_slice())
        .ok_or(ErrorNumber(9722))?;
    // No token that was handed out has a character beyond ASCII.
    str::from_utf8(token.trim_ascii()).map_err(|_| ErrorNumber(9622))
}

impl Caller {
    /// 9646 if the location had too many requests within the last second.
    pub(super) fn check_pace(&self) -> Result<(), Refusal> {
        let now = self.world.clock.now().as_millisecond();
        match self.faults.faults.pace_limit {
            Some(limit) if !self.location.within_pace(limit, now) => Err(ErrorNumber(9646).into()),
            _ => Ok(()),
        }
    }

    /// Lets another MDM take over, if so ordered.
    pub(super) fn suffer_claim(&self) {
        if let Some(other) = self.faults.foreign_claim() {
            self.location.state.write().mdm_info = Some(other.clone());
        }
    }

    /// 9637 if the token may only read.
    pub(super) fn check_role(&self) -> Result<(), Refusal> {
        match self.token.role {
            TokenRole::ContentManager => Ok(()),
            TokenRole::ReadOnly => Err(ErrorNumber(9637).into()),
        }
    }

    /// What every answer carries.
    pub(super) fn envelope(&self, state: &LocationState) -> Envelope {
        let expires = self.token.expires();
        let shown = match self.faults.faults.token_expiration {
            TokenExpiration::Always => true,
            TokenExpiration::Within15Days => expires <= self.world.clock.now() + SHOWN_BEFORE_EXPIRY,
        };
        Envelope {
            mdm_info: state.mdm_info.clone(),
            token_expiration_date: shown.then(|| apple_date(expires)),
            u_id: self.location.uid.clone(),
        }
    }

    /// The same, with the expiry in any case.
    pub(super) fn envelope_with_expiry(&self, state: &LocationState) -> Envelope {
        let token_expiration_date = Some(apple_date(self.token.expires()));
        Envelope {
            token_expiration_date,
            ..self.envelope(state)
        }
    }
}
