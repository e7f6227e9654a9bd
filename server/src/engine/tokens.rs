//! A location's token at work: opened, checked, and its state kept.

use super::{
    Engine,
    apple_faults::{fault_of, token_state_of},
};
use apple::{Answer, ClientConfig, Envelope, LocationClient, MdmInfo, ServerToken};
use contract::{
    Code, Fault, TokenId,
    live::LiveEvent,
    tokens::{Ownership, TokenState},
};
use store::{
    locations::{Fence, Location},
    tokens::StoredToken,
};

/// Where a token is sealed to.
pub fn seal_place(id: &TokenId) -> String {
    format!("tokens/{id}")
}

/// Who manages a location, by Apple's `mdmInfo` (T5).
pub fn ownership(owner: Option<&MdmInfo>, ours: &MdmInfo) -> Ownership {
    match owner {
        None => Ownership::Nobody,
        Some(owner) if owner.id == ours.id => Ownership::ThisPomona,
        Some(owner) => Ownership::Other {
            name: owner.name.clone(),
            metadata: owner.metadata.clone(),
        },
    }
}

/// A location with an open token.
pub(super) struct Connection {
    pub client: LocationClient,
    pub token: StoredToken,
}

impl Engine {
    /// Opens the location's best token.
    pub(super) async fn connect(&self, location: &Location) -> Result<Connection, Fault> {
        let tokens = self.db.tokens_of(&location.id).await?;
        let token = tokens.into_iter().next().ok_or(Code::NotFound)?;
        if token.expires_at <= self.clock.now() {
            self.set_token_state(&token, TokenState::Expired).await?;
            return Err(expired(&token));
        }
        let open = self
            .vault
            .open(&seal_place(&token.id), &token.sealed)
            .map_err(|error| {
                tracing::error!(token = %token.id, %error, "a stored token cannot be opened");
                Fault::new(Code::KeyWrong)
            })?;
        let client = self
            .apple
            .location(ServerToken::from_sealed(open), location.uid.as_str());
        Ok(Connection { client, token })
    }

    /// Reads the location at Apple: its name, country, owner, and whether the token is good.
    pub(super) async fn look(
        &self,
        fence: &Fence,
        location: &Location,
        connection: &Connection,
    ) -> Result<Answer<ClientConfig>, Fault> {
        let answer = match connection.client.client_config().await {
            Ok(answer) => answer,
            Err(fault) => return Err(self.token_fault(&connection.token, &fault).await?),
        };
        let owner = answer.envelope.mdm_info.as_ref();
        let seen = Location {
            id: location.id.clone(),
            uid: location.uid.clone(),
            name: answer.body.location_name.clone(),
            country: answer
                .body
                .country
                .clone()
                .unwrap_or_else(|| location.country.clone()),
            platform: answer.body.default_platform.as_ref().map_or_else(
                || location.platform.clone(),
                |platform| platform.as_str().to_owned(),
            ),
            owner: owner.map(|owner| (owner.id.clone(), owner.name.clone(), owner.metadata.clone())),
        };
        self.db.note_location(fence, &seen).await?;
        if let Some(expires_at) = answer.envelope.token_expires_at
            && expires_at != connection.token.expires_at
        {
            self.db.set_token_expiry(&connection.token.id, expires_at).await?;
        }
        self.observe(&connection.token, &answer.envelope).await?;
        Ok(answer)
    }

    /// Keeps the token's state in step with who owns the location; an error if another MDM does.
    pub(super) async fn observe(&self, token: &StoredToken, envelope: &Envelope) -> Result<(), Fault> {
        let state = match ownership(envelope.mdm_info.as_ref(), &self.identity) {
            Ownership::Other { name, .. } => TokenState::AssignedToExternalMdm { mdm: name },
            Ownership::Nobody | Ownership::ThisPomona => TokenState::Valid,
        };
        if token.state != TokenState::Duplicate {
            self.set_token_state(token, state.clone()).await?;
        }
        Ok(())
    }

    /// Whether Pomona may change anything at Apple for this location (T5).
    pub(super) fn may_write(&self, envelope: &Envelope) -> Result<(), Fault> {
        match ownership(envelope.mdm_info.as_ref(), &self.identity) {
            Ownership::Other { name, .. } => Err(Fault::new(Code::OwnedByOtherMdm).with("mdm", name)),
            Ownership::Nobody | Ownership::ThisPomona => Ok(()),
        }
    }

    /// Keeps the state that a fault reveals, and puts it in the contract's words.
    pub(super) async fn token_fault(
        &self,
        token: &StoredToken,
        fault: &apple::Fault,
    ) -> Result<Fault, Fault> {
        let told = fault_of(fault);
        match token_state_of(fault) {
            Some(state) => {
                self.set_token_state(token, state.clone()).await?;
                let date = crate::clock::day(token.expires_at);
                Ok(if state == TokenState::Expired {
                    told.with("date", date)
                } else {
                    told
                })
            }
            None => Ok(told),
        }
    }

    async fn set_token_state(&self, token: &StoredToken, state: TokenState) -> Result<(), Fault> {
        if token.state == state {
            return Ok(());
        }
        tracing::info!(token = %token.id, from = token.state.as_str(), to = state.as_str(), "the token's state changed");
        self.db.set_token_state(&token.id, &state).await?;
        if state == TokenState::Valid {
            self.db
                .unblock_operations(&token.location, self.clock.now())
                .await?;
        }
        self.live.send(LiveEvent::Token {
            location: token.location.clone(),
        });
        Ok(())
    }
}

fn expired(token: &StoredToken) -> Fault {
    Fault::new(Code::TokenExpired).with("date", crate::clock::day(token.expires_at))
}
