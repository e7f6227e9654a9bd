//! Content tokens: checked before anything is stored (T2), created (T1), listed, edited, synced; and what is done about
//! their state, in the files below.

mod countries;
mod deletion;
mod file;
mod standing;

use super::Portal;
use crate::{
    clock::new_id,
    engine::{fault_of, ownership},
};
use async_trait::async_trait;
use contract::{
    Caller, Code, Fault, FieldFault, LocationId, OperationId, Page, Permission, TokenId, UnixMillis,
    licenses::UnknownOrigin,
    live::LiveEvent,
    tokens::{
        AccountType, CreateToken, Deletion, EditToken, READ_ONLY, SyncRun, SyncState, TokenCheck,
        TokenDetail, TokenQuery, TokenRow, Tokens,
    },
};
use serde_json::json;
use store::{fold, locations::Location, tokens::NewToken};

/// Where this server ends between storing a token and claiming its location, the first sync begins after this.
const CLAIMED_WITHIN: UnixMillis = 60_000;

impl Portal {
    /// Asked before Apple is, for a quick answer; the name is kept free where the token is stored.
    async fn name_is_free(&self, name: &str) -> Result<(), Fault> {
        let query = TokenQuery {
            search: name.trim().to_owned(),
            ..TokenQuery::default()
        };
        let taken = |row: &TokenRow| fold(&row.name) == fold(name);
        match self.db.token_list(&query).await?.rows.iter().any(taken) {
            true => Err(Fault::field("name", Code::NameTaken)),
            false => Ok(()),
        }
    }

    /// Keeps that Apple lets the token's creator change nothing.
    /// Where that is why it was not claimed.
    async fn note_read_only(&self, fault: &apple::Fault, id: &TokenId, location: &LocationId) {
        if fault.number != Some(READ_ONLY) {
            return;
        }
        let noted = async {
            let tokens = self.db.tokens_of(location).await?;
            match tokens.iter().find(|token| token.id == *id) {
                Some(token) => self.db.note_read_only(token, true).await,
                None => Ok(false),
            }
        };
        if let Err(error) = noted.await {
            self.storage
                .failed("that a token may only read is said when it is used", &error);
        }
    }

    /// Removes a token whose creation ends with this fault.
    async fn take_back(&self, caller: &Caller, id: &TokenId, fault: &Fault) {
        if let Err(error) = self.db.delete_token(id, &caller.name, self.clock.now()).await {
            tracing::error!(token = %id, %error, "a token that was not created could not be removed: delete it by hand");
            return;
        }
        let details = json!({ "created": false, "fault": fault.code.as_str(), "apple": fault.apple });
        if let Err(error) = self.audit(caller, "tokens.delete", id.as_str(), details).await {
            tracing::warn!(token = %id, %error, "a token that was not created is removed, and its audit line could not be written");
        }
    }
}

#[async_trait]
impl Tokens for Portal {
    async fn check(&self, caller: &Caller, file: &str) -> Result<TokenCheck, Fault> {
        caller.need(Permission::ManageTokens)?;
        let accepted = self.accept(file, None).await?;
        self.told(accepted).await
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
        let accepted = self.accept(&form.file, None).await?;
        if !form.keep_duplicate
            && let Some((twin, name)) = self.already_here(&accepted.uid).await?
        {
            return Err(Fault::new(Code::LocationAlreadyHere)
                .with("name", name)
                .with("token", twin));
        }
        let before = standing::taken_from(accepted.config.envelope.mdm_info.as_ref());
        let from = form.take_control.then_some(form.take_control_from.as_str());
        let (state, claim) = self.standing_of(&accepted, from)?;
        let expires_at = accepted.expires_at();
        let file::Accepted {
            file,
            hash,
            client,
            config,
            uid,
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
            sealed: self.seal(&id, &file.server_token)?,
            hash,
            expires_at,
            state,
            created_at: now,
            created_by: caller.id.clone(),
            // What the worker sees at Apple is whose the location is then.
            syncs_at: if claim == file::Claim::Yes {
                now + CLAIMED_WITHIN
            } else {
                now
            },
            keep_duplicate: form.keep_duplicate,
            id: id.clone(),
        };
        let details = json!({
            "name": token.name, "uid": token.location.uid, "location": token.location.name,
            "state": token.state.as_str(), "take_control": form.take_control, "before": before,
            "keep_duplicate": form.keep_duplicate, "consent": form.consent,
        });
        let insert = async {
            match self.db.insert_token(&token).await {
                Ok(location) => Ok(location),
                Err(error) => Err(self.not_inserted(&token, error).await?),
            }
        };
        // Nothing is claimed at Apple before all that tells of it is written down.
        let location = self
            .audited(caller, "tokens.create", id.as_str(), details, insert)
            .await?;
        if claim == file::Claim::Yes {
            if let Err(fault) = self.claim_stored(&id, &client, &config).await {
                // Where it may only read, or it is unknown whether Apple did it, the token stays, and its next sync tells.
                self.note_read_only(&fault, &id, &location).await;
                if fault.number != Some(READ_ONLY) && fault.outcome == apple::Outcome::NotProcessed {
                    let told = fault_of(&fault);
                    self.take_back(caller, &id, &told).await;
                    return Err(told);
                }
                tracing::warn!(token = %id, %fault, "a location was not claimed, or perhaps not");
            }
            if let Err(error) = self.db.queue_sync(&id, self.clock.now()).await {
                self.storage.failed("a first sync begins a little later", &error);
            }
        }
        self.told_all(location);
        Ok(id)
    }

    async fn edit(&self, caller: &Caller, id: &TokenId, form: EditToken) -> Result<(), Fault> {
        caller.need(Permission::ManageTokens)?;
        let before = self.db.token_detail(id).await?;
        // What Apple says of it stays, whatever it is.
        let same = form.country.trim().eq_ignore_ascii_case(&before.row.country);
        let country = if same { "" } else { form.country.as_str() };
        let mut fields = check_texts(&form.name, &form.apple_account, country);
        if !same && form.country.trim().is_empty() {
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
        let edit = async {
            let edited = self.db.edit_token(id, &form).await;
            edited.map_err(|error| match error {
                store::StoreError::Taken(Code::NameTaken) => Fault::field("name", Code::NameTaken),
                other => other.into(),
            })
        };
        let before = json!({
            "name": before.row.name, "country": before.row.country, "sync_hours": before.sync_hours,
            "automatic_updates": before.row.automatic_updates, "apple_account": before.row.apple_account,
            "account_type": before.row.account_type,
        });
        let after = json!({
            "name": form.name, "country": form.country, "sync_hours": form.sync_hours,
            "automatic_updates": form.automatic_updates, "apple_account": form.apple_account,
            "account_type": form.account_type,
        });
        let details = json!({ "before": before, "after": after });
        self.audited(caller, "tokens.edit", id.as_str(), details, edit)
            .await
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
        self.need_sync(id).await?;
        let queue = self.db.queue_sync(id, self.clock.now());
        let location = self
            .audited(caller, "tokens.sync", id.as_str(), json!({}), queue)
            .await?;
        self.live.send(LiveEvent::Sync {
            location,
            state: SyncState::Queued,
        });
        self.wake.ring();
        Ok(())
    }

    async fn sync_all(&self, caller: &Caller) -> Result<i64, Fault> {
        caller.need(Permission::SyncTokens)?;
        let queue = self.db.queue_sync_all(self.clock.now());
        let locations = self
            .audited(caller, "tokens.sync_all", "all", json!({}), queue)
            .await?;
        let count = i64::try_from(locations.len()).unwrap_or(i64::MAX);
        for location in locations {
            self.live.send(LiveEvent::Sync {
                location,
                state: SyncState::Queued,
            });
        }
        self.wake.ring();
        Ok(count)
    }

    async fn check_renewal(&self, caller: &Caller, id: &TokenId, file: &str) -> Result<TokenCheck, Fault> {
        caller.need(Permission::ManageTokens)?;
        self.checked_renewal(id, file).await
    }

    async fn renew(&self, caller: &Caller, id: &TokenId, file: &str) -> Result<(), Fault> {
        caller.need(Permission::ManageTokens)?;
        self.put_in_place(caller, id, file).await
    }

    async fn take_control(&self, caller: &Caller, id: &TokenId, from: &str) -> Result<(), Fault> {
        caller.need(Permission::ManageTokens)?;
        self.take_over(caller, id, from).await
    }

    async fn deletion(&self, caller: &Caller, id: &TokenId) -> Result<Deletion, Fault> {
        caller.need(Permission::ManageTokens)?;
        self.what_goes(id).await
    }

    async fn revoke_all(
        &self,
        caller: &Caller,
        id: &TokenId,
        confirm: &str,
        unknown: UnknownOrigin,
    ) -> Result<OperationId, Fault> {
        caller.need(Permission::ManageTokens)?;
        self.revoke_everything(caller, id, confirm, unknown).await
    }

    async fn delete(&self, caller: &Caller, id: &TokenId, name: &str) -> Result<(), Fault> {
        caller.need(Permission::ManageTokens)?;
        self.forget(caller, id, name).await
    }
}

/// A token that storage does not take, where nothing was claimed at Apple for it.
fn not_stored(error: store::StoreError) -> Fault {
    match Fault::from(error) {
        fault if fault.code == Code::StorageFull || fault.code == Code::StorageFailed => {
            Code::TokenNotStored.into()
        }
        fault => fault,
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
    if !country.trim().is_empty() && !countries::exists(country) {
        wrong("country", Code::ChoiceInvalid);
    }
    fields
}
