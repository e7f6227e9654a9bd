//! Content tokens: checked before anything is stored (T2), created (T1), listed, edited, synced.

use super::Portal;
use crate::{
    clock::{day, new_id},
    engine::{fault_of, ownership, seal_place, token_file_fault},
    secrets::digest,
};
use apple::{Answer, ClientConfig, ClientConfigChange, LocationClient, TokenFile};
use async_trait::async_trait;
use contract::{
    Caller, Code, Fault, FieldFault, LocationId, Page, Permission, TokenId,
    live::LiveEvent,
    tokens::{
        AccountType, CreateToken, EditToken, Ownership, SyncRun, SyncState, TokenCheck, TokenDetail,
        TokenQuery, TokenRow, TokenState, Tokens,
    },
};
use serde_json::json;
use store::{locations::Location, tokens::NewToken};

/// A token file that Apple has accepted.
struct Accepted {
    file: TokenFile,
    hash: Vec<u8>,
    client: LocationClient,
    config: Answer<ClientConfig>,
    uid: String,
}

impl Portal {
    /// Reads the file and asks Apple about it; stores nothing.
    async fn accept(&self, text: &str) -> Result<Accepted, Fault> {
        let file = TokenFile::parse(text).map_err(|fault| token_file_fault(&fault))?;
        if file.expires_at <= self.clock.now() {
            return Err(Fault::new(Code::TokenExpired).with("date", day(file.expires_at)));
        }
        let hash = digest(file.server_token.expose_for_sealing().as_bytes());
        if let Some(known) = self.db.token_by_hash(&hash).await? {
            return Err(Fault::new(Code::TokenAlreadyHere).with("name", known.name));
        }
        let client = self
            .apple
            .location(file.server_token.clone(), crate::secrets::hex(&hash).as_str());
        let config = client.client_config().await.map_err(|fault| {
            let told = fault_of(&fault);
            if told.code == Code::TokenExpired {
                told.with("date", day(file.expires_at))
            } else {
                told
            }
        })?;
        let uid = config.envelope.uid.clone().ok_or(Code::AppleUnclear)?;
        Ok(Accepted {
            file,
            hash,
            client,
            config,
            uid,
        })
    }

    /// The token that this location has already.
    async fn already_here(&self, uid: &str) -> Result<Option<(TokenId, String)>, Fault> {
        let Some(location) = self.db.location_by_uid(uid).await? else {
            return Ok(None);
        };
        let tokens = self.db.tokens_of(&location.id).await?;
        Ok(tokens.into_iter().next().map(|token| (token.id, token.name)))
    }

    /// Asked before Apple is: a location must not be claimed for a token that is then not stored.
    async fn name_is_free(&self, name: &str) -> Result<(), Fault> {
        let query = TokenQuery {
            search: name.trim().to_owned(),
            ..TokenQuery::default()
        };
        let taken = |row: &TokenRow| row.name.to_lowercase() == name.trim().to_lowercase();
        match self.db.token_list(&query).await?.rows.iter().any(taken) {
            true => Err(Fault::field("name", Code::NameTaken)),
            false => Ok(()),
        }
    }

    /// Makes the location ours at Apple where that is right (T5): nobody owns it, or control is to be taken.
    async fn claim(&self, accepted: &mut Accepted, take_control: bool) -> Result<TokenState, Fault> {
        let owner = ownership(accepted.config.envelope.mdm_info.as_ref(), &self.identity);
        match owner {
            Ownership::ThisPomona => Ok(TokenState::Valid),
            Ownership::Other { name, .. } if !take_control => {
                Ok(TokenState::AssignedToExternalMdm { mdm: name })
            }
            Ownership::Nobody | Ownership::Other { .. } => {
                let change = ClientConfigChange {
                    mdm_info: Some(self.identity.clone()),
                    ..ClientConfigChange::default()
                };
                let answer = accepted
                    .client
                    .set_client_config(&change)
                    .await
                    .map_err(|fault| fault_of(&fault))?;
                accepted.config = answer;
                Ok(TokenState::Valid)
            }
        }
    }
}

#[async_trait]
impl Tokens for Portal {
    async fn check(&self, caller: &Caller, file: &str) -> Result<TokenCheck, Fault> {
        caller.need(Permission::ManageTokens)?;
        let accepted = self.accept(file).await?;
        let config = &accepted.config;
        Ok(TokenCheck {
            organisation: accepted.file.org_name.clone(),
            location_name: config.body.location_name.clone(),
            country: config.body.country.clone().unwrap_or_default(),
            account_type: account_type(&config.body),
            expires_at: config
                .envelope
                .token_expires_at
                .unwrap_or(accepted.file.expires_at),
            managed_by: ownership(config.envelope.mdm_info.as_ref(), &self.identity),
            already_here: self.already_here(&accepted.uid).await?,
            uid: accepted.uid,
        })
    }

    async fn create(&self, caller: &Caller, form: CreateToken) -> Result<TokenId, Fault> {
        caller.need(Permission::ManageTokens)?;
        let mut fields = check_texts(&form.name, &form.apple_account, &form.country);
        if !form.consent {
            fields.push(FieldFault {
                field: "consent".into(),
                code: Code::ConsentMissing,
            });
        }
        if !fields.is_empty() {
            return Err(Fault::fields(fields));
        }
        self.name_is_free(&form.name).await?;
        let mut accepted = self.accept(&form.file).await?;
        if let Some((_, name)) = self.already_here(&accepted.uid).await? {
            return Err(Fault::new(Code::LocationAlreadyHere).with("name", name));
        }
        let state = self.claim(&mut accepted, form.take_control).await?;
        let Accepted {
            file,
            hash,
            config,
            uid,
            ..
        } = accepted;
        let now = self.clock.now();
        let id = TokenId(new_id(now));
        let home = config.body.country.clone().unwrap_or_default();
        let owner = config.envelope.mdm_info.as_ref();
        let token = NewToken {
            location: Location {
                id: LocationId(new_id(now)),
                uid,
                name: config.body.location_name.clone(),
                country: home.clone(),
                platform: config.body.default_platform.as_ref().map_or_else(
                    || default_platform(form.account_type),
                    |platform| platform.as_str().to_owned(),
                ),
                owner: owner.map(|owner| (owner.id.clone(), owner.name.clone(), owner.metadata.clone())),
            },
            name: form.name.trim().to_owned(),
            apple_account: form.apple_account.trim().to_owned(),
            organisation: file.org_name.clone(),
            country: if form.country.trim().is_empty() {
                home
            } else {
                form.country.trim().to_uppercase()
            },
            account_type: form.account_type,
            automatic_updates: form.automatic_updates,
            sealed: self
                .vault
                .seal(&seal_place(&id), file.server_token.expose_for_sealing())
                .map_err(|error| {
                    tracing::error!(%error, "a token could not be sealed");
                    Fault::new(Code::Internal)
                })?,
            hash,
            expires_at: config.envelope.token_expires_at.unwrap_or(file.expires_at),
            state,
            created_at: now,
            created_by: caller.id.clone(),
            id: id.clone(),
        };
        let location = self.db.insert_token(&token).await.map_err(|error| match error {
            store::StoreError::Taken(Code::NameTaken) => Fault::field("name", Code::NameTaken),
            store::StoreError::Taken(code) => Fault::new(code).with("name", &token.name),
            other => other.into(),
        })?;
        let details = json!({
            "name": token.name, "uid": token.location.uid, "location": token.location.name,
            "state": token.state.as_str(), "take_control": form.take_control, "consent": form.consent,
        });
        self.audit(caller, "tokens.create", id.as_str(), details).await?;
        self.live.send(LiveEvent::Token { location });
        self.wake.ring();
        Ok(id)
    }

    async fn edit(&self, caller: &Caller, id: &TokenId, form: EditToken) -> Result<(), Fault> {
        caller.need(Permission::ManageTokens)?;
        let mut fields = check_texts(&form.name, &form.apple_account, &form.country);
        if form.country.trim().is_empty() {
            fields.push(FieldFault {
                field: "country".into(),
                code: Code::Required,
            });
        }
        if !(1..=168).contains(&form.sync_hours) {
            fields.push(FieldFault {
                field: "sync_hours".into(),
                code: Code::ChoiceInvalid,
            });
        }
        if !fields.is_empty() {
            return Err(Fault::fields(fields));
        }
        let form = EditToken {
            name: form.name.trim().to_owned(),
            apple_account: form.apple_account.trim().to_owned(),
            country: form.country.trim().to_uppercase(),
            ..form
        };
        let before = self.db.token_detail(id).await?;
        self.db.edit_token(id, &form).await.map_err(|error| match error {
            store::StoreError::Taken(Code::NameTaken) => Fault::field("name", Code::NameTaken),
            other => other.into(),
        })?;
        let before = json!({
            "name": before.row.name, "country": before.row.country, "sync_hours": before.sync_hours,
            "automatic_updates": before.row.automatic_updates,
        });
        let after = json!({
            "name": form.name, "country": form.country, "sync_hours": form.sync_hours,
            "automatic_updates": form.automatic_updates,
        });
        self.audit(
            caller,
            "tokens.edit",
            id.as_str(),
            json!({ "before": before, "after": after }),
        )
        .await?;
        self.wake.ring();
        Ok(())
    }

    async fn list(&self, caller: &Caller, query: TokenQuery) -> Result<Page<TokenRow>, Fault> {
        caller.need(Permission::ViewTokens)?;
        Ok(self.db.token_list(&query).await?)
    }

    async fn detail(&self, caller: &Caller, id: &TokenId) -> Result<TokenDetail, Fault> {
        caller.need(Permission::ViewTokens)?;
        let mut detail = self.db.token_detail(id).await?;
        let location = self.db.location(&detail.row.location).await?;
        let owner = location.and_then(|location| location.owner);
        let owner = owner.map(|(id, name, metadata)| apple::MdmInfo { id, name, metadata });
        detail.managed_by = ownership(owner.as_ref(), &self.identity);
        detail.notifications = self.notifications(&detail.row.location).await?;
        Ok(detail)
    }

    async fn syncs(&self, caller: &Caller, id: &TokenId) -> Result<Vec<SyncRun>, Fault> {
        caller.need(Permission::ViewTokens)?;
        let detail = self.db.token_detail(id).await?;
        Ok(self.db.sync_runs(&detail.row.location).await?)
    }

    async fn sync(&self, caller: &Caller, id: &TokenId) -> Result<(), Fault> {
        caller.need(Permission::SyncTokens)?;
        let location = self.db.queue_sync(id, self.clock.now()).await?;
        self.audit(caller, "tokens.sync", id.as_str(), json!({})).await?;
        self.live.send(LiveEvent::Sync {
            location,
            state: SyncState::Queued,
        });
        self.wake.ring();
        Ok(())
    }

    async fn sync_all(&self, caller: &Caller) -> Result<i64, Fault> {
        caller.need(Permission::SyncTokens)?;
        let locations = self.db.queue_sync_all(self.clock.now()).await?;
        let count = i64::try_from(locations.len()).unwrap_or(i64::MAX);
        self.audit(caller, "tokens.sync_all", "all", json!({ "locations": count }))
            .await?;
        for location in locations {
            self.live.send(LiveEvent::Sync {
                location,
                state: SyncState::Queued,
            });
        }
        self.wake.ring();
        Ok(count)
    }
}

/// By Apple's `defaultPlatform`.
fn account_type(config: &ClientConfig) -> AccountType {
    match config.default_platform.as_ref().map(|platform| platform.as_str()) {
        Some("volumestore") => AccountType::Education,
        _ => AccountType::Business,
    }
}

fn default_platform(account_type: AccountType) -> String {
    match account_type {
        AccountType::Business => "enterprisestore",
        AccountType::Education => "volumestore",
    }
    .to_owned()
}

fn check_texts(name: &str, apple_account: &str, country: &str) -> Vec<FieldFault> {
    let mut fields = Vec::new();
    let mut wrong = |field: &str, code| {
        fields.push(FieldFault {
            field: field.into(),
            code,
        })
    };
    match name.trim().chars().count() {
        0 => wrong("name", Code::Required),
        1..=100 => {}
        _ => wrong("name", Code::TooLong),
    }
    match apple_account.trim().len() {
        0 => wrong("apple_account", Code::Required),
        1..=254 if apple_account.contains('@') => {}
        1..=254 => wrong("apple_account", Code::EmailInvalid),
        _ => wrong("apple_account", Code::TooLong),
    }
    let country = country.trim();
    if !country.is_empty() && (country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_alphabetic()))
    {
        wrong("country", Code::ChoiceInvalid);
    }
    fields
}
