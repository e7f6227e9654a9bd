//! What a token's state allows (T3), taking control (T5), and putting a newer token in its place (T6).

use super::{
    file::{Accepted, Claim},
    not_stored,
};
use crate::{
    clock::day,
    engine::{dated, fault_of, owner_of, ownership, seal_place},
    portal::Portal,
};
use apple::{MdmInfo, ServerToken};
use contract::{
    Caller, Code, Fault, LocationId, TokenId, UnixMillis,
    live::LiveEvent,
    tokens::{Deed, Ownership, TokenCheck, TokenDetail, TokenState},
};
use serde_json::json;
use store::tokens::{Renewal, StoredToken};

impl Portal {
    fn need_state(&self, state: &TokenState, deed: Deed, expires_at: UnixMillis) -> Result<(), Fault> {
        let now = self.clock.now();
        state.need(deed).map_err(|fault| dated(fault, expires_at, now))
    }

    /// An error unless the best of the location's tokens allows it.
    pub(in crate::portal) async fn need_standing(
        &self,
        location: &LocationId,
        deed: Deed,
    ) -> Result<(), Fault> {
        let tokens = self.db.tokens_of(location).await?;
        let token = tokens.first().ok_or(Code::NotFound)?;
        self.need_state(&token.state, deed, token.expires_at)
    }

    /// T4: what the token's state allows, and that it has no twin.
    pub(super) async fn need_sync(&self, id: &TokenId) -> Result<(), Fault> {
        let detail = self.db.token_detail(id).await?;
        self.need_state(&detail.row.state, Deed::Sync, detail.row.expires_at)?;
        match detail.twins.is_empty() {
            true => Ok(()),
            false => Err(TokenState::Duplicate.fault()),
        }
    }

    pub(super) async fn take_over(&self, caller: &Caller, id: &TokenId, from: &str) -> Result<(), Fault> {
        let detail = self.db.token_detail(id).await?;
        let valid = detail.row.state == TokenState::Valid;
        if !valid {
            self.need_state(&detail.row.state, Deed::TakeControl, detail.row.expires_at)?;
        }
        let token = self.stored(&detail).await?;
        let open = self.vault.open(&seal_place(id), &token.sealed).map_err(|error| {
            tracing::error!(token = %id, %error, "a stored token cannot be opened");
            Fault::new(Code::KeyWrong)
        })?;
        let client = self
            .apple
            .location(ServerToken::from_sealed(open), detail.uid.as_str())
            .of(&detail.uid);
        let now = client.client_config().await.map_err(|fault| fault_of(&fault))?;
        let owner = ownership(now.envelope.mdm_info.as_ref(), &self.identity);
        if valid && owner == Ownership::ThisPomona {
            return Err(Code::OwnedHere.into());
        }
        if let Err(fault) = as_named(&owner, from) {
            // The question that is asked again names whoever it is now.
            let owner = owner_of(now.envelope.mdm_info.as_ref(), &self.identity);
            if self.db.note_owner(id, &owner, self.clock.now()).await? {
                self.told_all(detail.row.location);
            }
            return Err(fault);
        }
        let before = taken_from(now.envelope.mdm_info.as_ref());
        let details = json!({ "name": detail.row.name, "uid": detail.uid, "before": before });
        // Nothing is claimed at Apple before it is written down.
        self.audit(caller, "tokens.take_control", id.as_str(), details)
            .await?;
        if let Err(fault) = self.claim_stored(id, &client, &now).await {
            self.note_read_only(&fault, id, &detail.row.location).await;
            let told = fault_of(&fault);
            self.not_done(caller, "tokens.take_control", id, &told).await;
            return Err(told);
        }
        if let Err(error) = self.db.queue_sync(id, self.clock.now()).await {
            self.storage
                .failed("a location that was taken over is synced when it is due", &error);
        }
        self.told_all(detail.row.location);
        Ok(())
    }

    /// The second line of an act that was written down and ended with this fault.
    async fn not_done(&self, caller: &Caller, action: &str, id: &TokenId, fault: &Fault) {
        let details = json!({ "done": false, "fault": fault.code.as_str(), "apple": fault.apple });
        if let Err(error) = self.audit(caller, action, id.as_str(), details).await {
            tracing::error!(token = %id, action, %fault, %error, "an act failed, and the audit says that it was done");
        }
    }

    pub(super) async fn checked_renewal(&self, id: &TokenId, file: &str) -> Result<TokenCheck, Fault> {
        let detail = self.db.token_detail(id).await?;
        let accepted = self.accept_renewal(&detail, file).await?;
        self.told(accepted).await
    }

    /// T6: a file of the same location.
    async fn accept_renewal(&self, detail: &TokenDetail, file: &str) -> Result<Accepted, Fault> {
        let accepted = self.accept(file, Some(&detail.row.id)).await?;
        if accepted.uid == detail.uid {
            return Ok(accepted);
        }
        Err(Fault::new(Code::RenewalOfOtherLocation)
            .with("location", &accepted.config.body.location_name)
            .with("own", &detail.row.location_name))
    }

    pub(super) async fn put_in_place(&self, caller: &Caller, id: &TokenId, file: &str) -> Result<(), Fault> {
        let detail = self.db.token_detail(id).await?;
        let accepted = self.accept_renewal(&detail, file).await?;
        // Nothing is taken from another MDM by this; what nobody owns becomes ours.
        let (_, claim) = self.standing_of(&accepted, None)?;
        let renewal = Renewal {
            organisation: accepted.file.org_name.clone(),
            sealed: self.seal(id, &accepted.file.server_token)?,
            expires_at: accepted.expires_at(),
            owner: owner_of(accepted.config.envelope.mdm_info.as_ref(), &self.identity),
            hash: accepted.hash,
        };
        let details = json!({
            "name": detail.row.name, "uid": detail.uid, "state": detail.row.state.as_str(),
            "expired": day(detail.row.expires_at), "expires": day(renewal.expires_at),
        });
        // Nothing is claimed before it is written down.
        let renew = async {
            let renewed = self.db.renew_token(id, &renewal, self.clock.now()).await;
            renewed.map_err(not_stored)
        };
        self.audited(caller, "tokens.renew", id.as_str(), details, renew)
            .await?;
        if claim == Claim::Yes
            && let Err(fault) = self.claim_stored(id, &accepted.client, &accepted.config).await
        {
            // The newer token is in place all the same, and its page says that nobody manages the location.
            self.note_read_only(&fault, id, &detail.row.location).await;
            tracing::warn!(token = %id, %fault, "the location of a renewed token could not be claimed");
        }
        self.told_all(detail.row.location);
        Ok(())
    }

    async fn stored(&self, detail: &TokenDetail) -> Result<StoredToken, Fault> {
        let tokens = self.db.tokens_of(&detail.row.location).await?;
        let token = tokens.into_iter().find(|token| token.id == detail.row.id);
        token.ok_or_else(|| Code::NotFound.into())
    }

    /// Open pages read again, and a worker sees what there is to do.
    pub(super) fn told_all(&self, location: LocationId) {
        self.live.send(LiveEvent::Token { location });
        self.wake.ring();
    }
}

/// T5: nothing is taken from another MDM than the one that the question named.
pub(super) fn as_named(owner: &Ownership, named: &str) -> Result<(), Fault> {
    match owner.other() {
        Some(mdm) if mdm != named => Err(Fault::new(Code::OwnerChanged).with("mdm", mdm)),
        _ => Ok(()),
    }
}

/// Who owned the location before, for the audit.
pub(super) fn taken_from(owner: Option<&MdmInfo>) -> Option<serde_json::Value> {
    owner.map(|mdm| json!({ "name": mdm.name, "metadata": mdm.metadata }))
}
