//! Tokens in the file: with their text, so that a .vpptoken file handed out before still works.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::world::{Token, TokenRole, World};

/// A token.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedToken {
    text: String,
    uid: String,
    role: TokenRole,
    expires: Timestamp,
    revoked: bool,
}

/// All tokens, sorted so that the same world gives the same file.
pub(super) fn all(world: &World) -> Vec<SavedToken> {
    let mut tokens: Vec<SavedToken> = world.all_tokens().iter().map(|token| saved(token)).collect();
    tokens.sort_unstable_by(|a, b| a.text.cmp(&b.text));
    tokens
}

fn saved(token: &Token) -> SavedToken {
    SavedToken {
        text: token.text.clone(),
        uid: token.uid.clone(),
        role: token.role,
        expires: token.expires(),
        revoked: token.is_revoked(),
    }
}

impl SavedToken {
    pub(super) fn restore(self, world: &World) -> Result<(), String> {
        if world.location(&self.uid).is_none() {
            return Err(format!("a token is for location {}, which is missing", self.uid));
        }
        let token = Token::known(self.text, self.uid, self.role, self.expires, self.revoked);
        if world.add_token(Arc::new(token)) {
            Ok(())
        } else {
            Err("a token is there twice".to_owned())
        }
    }
}
