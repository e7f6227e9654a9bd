//! T8: a token is deleted in steps: what would go, the list of it to keep, everything revoked first if wished, the end.

use crate::portal::Portal;
use contract::{
    Caller, Code, Fault, LocationId, OperationId, TokenId,
    licenses::{Revocation, RevocationForm, UnknownOrigin},
    tokens::{Deed, Deletion, TokenState, Twin},
};
use serde_json::json;
use store::fold;

impl Portal {
    pub(super) async fn what_goes(&self, id: &TokenId) -> Result<Deletion, Fault> {
        let detail = self.db.token_detail(id).await?;
        let location = &detail.row.location;
        let revoking = self.db.revocation_of_all(location).await?;
        let (revocable, unknown) = self.db.revocable_of_location(location).await?;
        Ok(Deletion {
            id: id.clone(),
            twin: self.left(location, id).await?,
            apps: detail.row.apps,
            licenses: detail.row.used,
            revocable,
            unknown,
            fault: self.need_standing(location, Deed::Revoke).await.err(),
            revoking: revoking.map(|row| (row.id.clone(), row.state, row.percent())),
            operations_open: detail.operations_open,
            location: detail.row.location,
            location_name: detail.row.location_name,
            name: detail.row.name,
        })
    }

    /// What is left of the location's tokens without this one.
    async fn left(&self, location: &LocationId, id: &TokenId) -> Result<Option<Twin>, Fault> {
        let mut others = self.db.tokens_of(location).await?;
        others.retain(|token| token.id != *id);
        let more = others.len() > 1;
        let now = self.clock.now();
        Ok(others.into_iter().next().map(|best| Twin {
            name: best.name,
            state: match best.state {
                TokenState::Valid | TokenState::Duplicate if best.expires_at <= now => TokenState::Expired,
                TokenState::Duplicate if !more => TokenState::Valid,
                state => state,
            },
            more,
        }))
    }

    pub(super) async fn revoke_everything(
        &self,
        caller: &Caller,
        id: &TokenId,
        confirm: &str,
        unknown: UnknownOrigin,
    ) -> Result<OperationId, Fault> {
        let detail = self.db.token_detail(id).await?;
        check_name("confirm", confirm, &detail.row.name)?;
        let location = detail.row.location;
        let form = RevocationForm {
            unknown,
            reason: detail.row.name,
            ..RevocationForm::of(Revocation::Location {
                location: location.clone(),
            })
        };
        let operations = self.revocation(caller, &form).await?;
        let now = self.clock.now();
        let write = self
            .db
            .revoke_everything(&location, &operations, &caller.name, now);
        self.revoking(caller, &form, &operations, write).await
    }

    pub(super) async fn forget(&self, caller: &Caller, id: &TokenId, name: &str) -> Result<(), Fault> {
        let detail = self.db.token_detail(id).await?;
        check_name("name", name, &detail.row.name)?;
        let details = json!({
            "name": detail.row.name, "uid": detail.uid, "location": detail.row.location_name,
            "state": detail.row.state.as_str(), "last": detail.twins.is_empty(), "apps": detail.row.apps,
            "licenses": detail.row.used, "operations": detail.operations_open,
        });
        let delete = self.db.delete_token(id, &caller.name, self.clock.now());
        let deleted = self
            .audited(caller, "tokens.delete", id.as_str(), details, delete)
            .await?;
        self.told_all(deleted.location);
        Ok(())
    }
}

/// The token's name as it was typed; blanks and capitals do not matter.
fn check_name(field: &str, typed: &str, name: &str) -> Result<(), Fault> {
    let plain = |text: &str| fold(&text.split_whitespace().collect::<String>());
    match plain(typed) == plain(name) {
        true => Ok(()),
        false => Err(Fault::field(field, Code::ConfirmationWrong)),
    }
}
