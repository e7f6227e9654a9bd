//! A token's file: read, and shown to Apple before anything is stored (T2), then made the location's own (T5).

use super::{not_stored, standing::as_named};
use crate::{
    engine::{
        dated, fault_of, heard_types, owner_of, ownership, receiver_place, seal_place, token_file_fault,
    },
    portal::Portal,
    secrets::digest,
};
use apple::{
    Answer, ClientConfig, ClientConfigChange, FaultKind, LocationClient, NotificationTarget, ServerToken,
    TokenFile,
};
use contract::{
    Code, Fault, TokenId,
    tokens::{AccountType, Ownership, TokenCheck, TokenState},
};
use store::{StoreError, tokens::NewToken};

/// Further claims, where nobody knows what became of one.
const CLAIMS: u32 = 2;

/// Whether a location is to become ours at Apple.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    Yes,
    No,
}

/// A token file that Apple has accepted.
pub(super) struct Accepted {
    pub file: TokenFile,
    pub hash: Vec<u8>,
    pub client: LocationClient,
    pub config: Answer<ClientConfig>,
    /// Apple's `uId` of the location.
    pub uid: String,
}

impl Portal {
    /// Reads the file and asks Apple about it; stores nothing. A file that is here already is refused, unless it is that
    /// of the token that it is to renew: Apple may have taken it back into favour.
    pub(super) async fn accept(&self, text: &str, renewed: Option<&TokenId>) -> Result<Accepted, Fault> {
        let file = TokenFile::parse(text).map_err(|fault| token_file_fault(&fault))?;
        if file.expires_at <= self.clock.now() {
            return Err(dated(
                Code::TokenExpired.into(),
                file.expires_at,
                self.clock.now(),
            ));
        }
        let hash = digest(file.server_token.expose_for_sealing().as_bytes());
        if let Some(known) = self.db.token_by_hash(&hash).await?
            && renewed != Some(&known.id)
        {
            return Err(Fault::new(Code::TokenAlreadyHere).with("name", known.name));
        }
        // Which location's pace it shares is known only once Apple has answered.
        let asking = self
            .apple
            .location(file.server_token.clone(), crate::secrets::hex(&hash).as_str());
        let config = asking
            .client_config()
            .await
            .map_err(|fault| dated(fault_of(&fault), file.expires_at, self.clock.now()))?;
        let uid = config.envelope.uid.clone().ok_or(Code::AppleUnclear)?;
        let client = self
            .apple
            .location(file.server_token.clone(), uid.as_str())
            .of(&uid);
        Ok(Accepted {
            file,
            hash,
            client,
            config,
            uid,
        })
    }

    /// The token that this location has already.
    pub(super) async fn already_here(&self, uid: &str) -> Result<Option<(TokenId, String)>, Fault> {
        let Some(location) = self.db.location_by_uid(uid).await? else {
            return Ok(None);
        };
        let tokens = self.db.tokens_of(&location.id).await?;
        Ok(tokens.into_iter().next().map(|token| (token.id, token.name)))
    }

    /// Why the store refused: where another administrator was quicker, by the name of the token that is here.
    pub(super) async fn not_inserted(&self, new: &NewToken, error: StoreError) -> Result<Fault, Fault> {
        let (code, known) = match error {
            StoreError::Taken(Code::NameTaken) => return Ok(Fault::field("name", Code::NameTaken)),
            StoreError::Taken(code @ Code::TokenAlreadyHere) => {
                let known = self.db.token_by_hash(&new.hash).await?;
                (code, known.map(|known| (known.id, known.name)))
            }
            StoreError::Taken(code) => (code, self.already_here(&new.location.uid).await?),
            other => return Ok(not_stored(other)),
        };
        // Gone again since.
        let (token, name) = known.ok_or(Code::ChangedMeanwhile)?;
        Ok(Fault::new(code).with("name", name).with("token", token))
    }

    pub(super) async fn told(&self, accepted: Accepted) -> Result<TokenCheck, Fault> {
        let config = &accepted.config;
        Ok(TokenCheck {
            organisation: accepted.file.org_name.clone(),
            location_name: config.body.location_name.clone(),
            country: config.body.country.clone().unwrap_or_default(),
            account_type: account_type(&config.body),
            expires_at: accepted.expires_at(),
            managed_by: ownership(config.envelope.mdm_info.as_ref(), &self.identity),
            already_here: self.already_here(&accepted.uid).await?,
            uid: accepted.uid,
        })
    }

    /// How the token stands as Apple said, and whether the location is then to become ours (T5): nobody owns it, or control
    /// is to be taken `from` the MDM of that name.
    pub(super) fn standing_of(
        &self,
        accepted: &Accepted,
        from: Option<&str>,
    ) -> Result<(TokenState, Claim), Fault> {
        let owner = ownership(accepted.config.envelope.mdm_info.as_ref(), &self.identity);
        let claim = match (owner.other(), from) {
            (None, _) if owner == Ownership::ThisPomona => Claim::No,
            (Some(_), None) => Claim::No,
            _ => {
                as_named(&owner, from.unwrap_or_default())?;
                Claim::Yes
            }
        };
        let state = match owner.other() {
            Some(mdm) => TokenState::AssignedToExternalMdm { mdm },
            None => TokenState::Valid,
        };
        Ok((state, claim))
    }

    /// Claims the location of a stored token, of which Apple said `seen`. What Apple answers is only noted here: a sync
    /// reads it again in any case.
    pub(super) async fn claim_stored(
        &self,
        id: &TokenId,
        client: &LocationClient,
        seen: &Answer<ClientConfig>,
    ) -> Result<(), apple::Fault> {
        let owner = ownership(seen.envelope.mdm_info.as_ref(), &self.identity);
        let claim = self.claim_of(id, &owner).await;
        let mut answer = write_claim(client, &claim).await;
        // Where it is unknown whether it was done Apple tells, and is told again if it was not.
        for _ in 0..CLAIMS {
            if !matches!(&answer, Err(fault) if fault.outcome == apple::Outcome::Unknown) {
                break;
            }
            let Ok(seen) = client.client_config().await else {
                break;
            };
            match ownership(seen.envelope.mdm_info.as_ref(), &self.identity) {
                Ownership::ThisPomona => answer = Ok(seen),
                Ownership::Nobody => answer = write_claim(client, &claim).await,
                Ownership::Other { .. } => break,
            }
        }
        let answer = answer?;
        let owner = owner_of(answer.envelope.mdm_info.as_ref(), &self.identity);
        if let Err(error) = self.db.note_owner(id, &owner, self.clock.now()).await {
            self.storage.failed(
                "that Pomona owns a location now is written down by the next sync",
                &error,
            );
        }
        Ok(())
    }

    /// What makes the location ours: our `mdmInfo`, and where notifications go, if that is known, since Apple may forget what
    /// is left out. After another MDM, which can read the secret at Apple, a sync makes a new one.
    async fn claim_of(&self, id: &TokenId, owner: &Ownership) -> ClientConfigChange {
        let alone = ClientConfigChange {
            mdm_info: Some(self.identity.clone()),
            ..ClientConfigChange::default()
        };
        if owner.other().is_some() {
            return alone;
        }
        match self.receiver_of(id).await {
            Ok(None) => alone,
            Ok(notification) => ClientConfigChange {
                notification_types: Some(heard_types(&self.apple).await),
                notification,
                ..alone
            },
            Err(error) => {
                self.storage.failed(
                    "where a location's notifications go is told to Apple by the next sync",
                    &error,
                );
                alone
            }
        }
    }

    /// Where Apple sends the location's notifications.
    async fn receiver_of(&self, id: &TokenId) -> Result<Option<NotificationTarget>, StoreError> {
        let location = self.db.token_detail(id).await?.row.location;
        let known = self.db.receiver(&location).await?;
        Ok(known.and_then(|known| {
            let secret = self.vault.open(&receiver_place(&location), &known.sealed).ok()?;
            Some(NotificationTarget {
                url: known.url,
                auth_token: secret.into(),
            })
        }))
    }

    pub(super) fn seal(&self, id: &TokenId, token: &ServerToken) -> Result<Vec<u8>, Fault> {
        self.vault
            .seal(&seal_place(id), token.expose_for_sealing())
            .map_err(|error| {
                tracing::error!(%error, "a token could not be sealed");
                Code::Internal.into()
            })
    }
}

impl Accepted {
    /// Apple's word counts more than the file's.
    pub fn expires_at(&self) -> contract::UnixMillis {
        self.config
            .envelope
            .token_expires_at
            .unwrap_or(self.file.expires_at)
    }
}

/// Who writes last owns the location. An address that Apple refuses keeps nobody from that.
async fn write_claim(
    client: &LocationClient,
    claim: &ClientConfigChange,
) -> Result<Answer<ClientConfig>, apple::Fault> {
    match client.set_client_config(claim).await {
        Err(fault) if fault.kind == FaultKind::Argument && claim.notification.is_some() => {
            let alone = ClientConfigChange {
                mdm_info: claim.mdm_info.clone(),
                ..ClientConfigChange::default()
            };
            client.set_client_config(&alone).await
        }
        answer => answer,
    }
}

/// By Apple's `defaultPlatform`.
fn account_type(config: &ClientConfig) -> AccountType {
    match config.default_platform.as_ref().map(|platform| platform.as_str()) {
        Some("volumestore") => AccountType::Education,
        _ => AccountType::Business,
    }
}
