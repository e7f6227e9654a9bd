//! A location's token at work: opened, checked, and its state kept.

use super::{
    Engine,
    apple_faults::{fault_of, token_state_of},
};
use apple::{Answer, ClientConfig, LocationClient, MdmInfo, ServerToken};
use contract::{
    Code, Fault, TokenId, UnixMillis,
    live::LiveEvent,
    tokens::{Deed, Ownership, READ_ONLY, TokenState},
};
use std::sync::{Mutex, PoisonError};
use store::{
    StoreError,
    locations::{Fence, Location},
    tokens::{Owner, StoredToken},
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
            id: owner.id.clone(),
            name: owner.name.clone(),
            metadata: owner.metadata.clone(),
        },
    }
}

/// The same for storage.
pub fn owner_of(owner: Option<&MdmInfo>, ours: &MdmInfo) -> Owner {
    Owner {
        mdm: owner.map(|owner| (owner.id.clone(), owner.name.clone(), owner.metadata.clone())),
        other: ownership(owner, ours).other(),
    }
}

/// Why there is no answer.
pub(super) struct Unanswered {
    /// In the contract's words.
    pub told: Fault,
    /// What Apple said, or its silence; none if storage failed.
    pub apple: Option<Box<apple::Fault>>,
}

impl From<Fault> for Unanswered {
    fn from(told: Fault) -> Self {
        Self { told, apple: None }
    }
}

impl From<StoreError> for Unanswered {
    fn from(error: StoreError) -> Self {
        Fault::from(error).into()
    }
}

impl From<Unanswered> for Fault {
    fn from(unanswered: Unanswered) -> Self {
        unanswered.told
    }
}

/// A location with an open token.
pub(super) struct Connection {
    pub client: LocationClient,
    pub token: StoredToken,
    /// The owner that was kept last.
    kept: Mutex<Option<Owner>>,
}

impl Engine {
    /// Opens the location's best token.
    pub(super) async fn connect(&self, location: &Location) -> Result<Connection, Fault> {
        let mut fault = Fault::new(Code::NotFound);
        for token in self.db.tokens_of(&location.id).await? {
            if token.expires_at > self.clock.now() {
                return self.open(location, token);
            }
            self.refuse(&token, TokenState::Expired).await?;
            fault = dated(Code::TokenExpired.into(), token.expires_at, self.clock.now());
        }
        Err(fault)
    }

    fn open(&self, location: &Location, token: StoredToken) -> Result<Connection, Fault> {
        let open = self
            .vault
            .open(&seal_place(&token.id), &token.sealed)
            .map_err(|error| {
                tracing::error!(token = %token.id, %error, "a stored token cannot be opened");
                Fault::new(Code::KeyWrong)
            })?;
        let client = self
            .apple
            .location(ServerToken::from_sealed(open), location.uid.as_str())
            .of(&location.uid);
        Ok(Connection {
            client,
            token,
            kept: Mutex::default(),
        })
    }

    /// Reads the location at Apple: its name, country, owner, and whether the token is good. Answers what is known now,
    /// and Apple's answer.
    pub(super) async fn look(
        &self,
        fence: &Fence,
        location: &Location,
        connection: &Connection,
    ) -> Result<(Location, Answer<ClientConfig>), Unanswered> {
        let answer = match connection.client.client_config().await {
            Ok(answer) => answer,
            Err(fault) => return Err(self.unanswered(connection, fault).await),
        };
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
            owner: owner_of(answer.envelope.mdm_info.as_ref(), &self.identity).mdm,
        };
        self.db.note_location(fence, &seen).await?;
        if let Some(expires_at) = answer.envelope.token_expires_at
            && expires_at != connection.token.expires_at
        {
            self.db.set_token_expiry(&connection.token, expires_at).await?;
        }
        self.heed(connection).await?;
        Ok((seen, answer))
    }

    /// Whether it can be done at the location, by its best token's state (T3).
    pub(super) async fn may(&self, location: &Location, deed: Deed) -> Result<bool, StoreError> {
        let tokens = self.db.tokens_of(&location.id).await?;
        Ok(tokens.first().is_some_and(|token| token.state.allows(deed)))
    }

    /// How the token stands by Apple's newest answer to it.
    pub(super) fn standing(&self, connection: &Connection) -> TokenState {
        let heard = connection.client.heard();
        let owner = heard.as_ref().and_then(|envelope| envelope.mdm_info.as_ref());
        match ownership(owner, &self.identity).other() {
            Some(mdm) => TokenState::AssignedToExternalMdm { mdm },
            None => TokenState::Valid,
        }
    }

    /// Keeps what Apple's newest answer says of the location's owner: to be called after every call (T5). Storage then
    /// blocks the location's operations, or lets them go on.
    pub(super) async fn heed(&self, connection: &Connection) -> Result<(), Fault> {
        let Some(heard) = connection.client.heard() else {
            return Ok(());
        };
        let owner = owner_of(heard.mdm_info.as_ref(), &self.identity);
        if !connection.is_new(&owner) {
            return Ok(());
        }
        let token = &connection.token;
        if self.db.note_owner(&token.id, &owner, self.clock.now()).await? {
            tracing::info!(token = %token.id, other = owner.other, "the token's standing changed");
            self.show_standing(token).await?;
        }
        connection.keep(owner);
        Ok(())
    }

    /// Keeps the state that a fault reveals.
    pub(super) async fn unanswered(&self, connection: &Connection, fault: apple::Fault) -> Unanswered {
        match self.token_fault(&connection.token, &fault).await {
            Ok(told) => Unanswered {
                told,
                apple: Some(Box::new(fault)),
            },
            Err(ours) => ours.into(),
        }
    }

    /// Keeps the state that a fault reveals, and puts it in the contract's words.
    pub(super) async fn token_fault(
        &self,
        token: &StoredToken,
        fault: &apple::Fault,
    ) -> Result<Fault, Fault> {
        let told = fault_of(fault);
        if fault.number == Some(READ_ONLY) {
            self.note_read_only(token, true).await?;
        }
        match token_state_of(fault) {
            Some(state) => {
                self.refuse(token, state.clone()).await?;
                Ok(dated(told, token.expires_at, self.clock.now()))
            }
            None => Ok(told),
        }
    }

    /// Keeps whether Apple lets the token's creator change anything.
    pub(super) async fn note_read_only(&self, token: &StoredToken, read_only: bool) -> Result<(), Fault> {
        if self.db.note_read_only(token, read_only).await? {
            tracing::info!(token = %token.id, read_only, "Apple told what the token may do");
            self.show_standing(token).await?;
        }
        Ok(())
    }

    /// Tokens whose day has come are expired, whether or not anything is asked of Apple with them (T3).
    pub(super) async fn expire(&self) -> Result<(), StoreError> {
        for token in self.db.tokens_over(self.clock.now()).await? {
            self.refuse(&token, TokenState::Expired).await?;
        }
        Ok(())
    }

    async fn refuse(&self, token: &StoredToken, state: TokenState) -> Result<(), StoreError> {
        let now = self.clock.now();
        if token.state != state && self.db.refuse_token(token, &state, now).await? {
            tracing::info!(token = %token.id, from = token.state.as_str(), to = state.as_str(), "the token's state changed");
            self.show_standing(token).await?;
        }
        Ok(())
    }

    async fn show_standing(&self, token: &StoredToken) -> Result<(), StoreError> {
        self.live.send(LiveEvent::Token {
            location: token.location.clone(),
        });
        self.show_operations(&token.location).await
    }
}

impl Connection {
    fn is_new(&self, owner: &Owner) -> bool {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).as_ref() != Some(owner)
    }

    fn keep(&self, owner: Owner) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(owner);
    }
}

/// A fault that says that a token has expired, with its day. Apple may say so before that has come; others stay as they are.
pub fn dated(fault: Fault, expires_at: UnixMillis, now: UnixMillis) -> Fault {
    let code = match fault.code {
        Code::TokenExpired if expires_at > now => Code::TokenExpiredEarly,
        Code::TokenExpired => Code::TokenExpired,
        _ => return fault,
    };
    Fault { code, ..fault }.with("date", crate::clock::day(expires_at))
}
