//! Content tokens: handing out, revoking, letting expire.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Control, ControlError};
use crate::world::{Token, TokenRole};

/// A token to hand out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenRequest {
    /// When it expires; without it in a year.
    pub expires: Option<Timestamp>,
    /// What its owner may do.
    pub role: TokenRole,
}

impl Control {
    /// Hands out a token for a year; returns the text of the .vpptoken file.
    ///
    /// # Errors
    /// When there is no such location.
    pub fn issue_token(&self, uid: &str) -> Result<String, ControlError> {
        self.issue_token_as(uid, &TokenRequest::default())
    }

    /// Hands out a token to order.
    ///
    /// # Errors
    /// When there is no such location.
    pub fn issue_token_as(&self, uid: &str, request: &TokenRequest) -> Result<String, ControlError> {
        let location = self.location(uid)?;
        Ok(self
            .world
            .issue_token(&location, request.expires, request.role)
            .text
            .clone())
    }

    /// Revokes a token: 9625 from now on.
    ///
    /// # Errors
    /// When it was not issued here.
    pub fn revoke_token(&self, text: &str) -> Result<(), ControlError> {
        self.change_token(text, Token::revoke)
    }

    /// Sets when a token expires, whatever its text says; without a time it has just expired.
    ///
    /// # Errors
    /// When it was not issued here.
    pub fn expire_token(&self, text: &str, at: Option<Timestamp>) -> Result<(), ControlError> {
        let at = at.unwrap_or_else(|| self.world.clock.now());
        self.change_token(text, |token| token.set_expiry(at))
    }

    fn change_token(&self, text: &str, change: impl FnOnce(&Token)) -> Result<(), ControlError> {
        if self.world.change_token(text.trim(), change) {
            Ok(())
        } else {
            Err(ControlError::UnknownToken)
        }
    }
}
