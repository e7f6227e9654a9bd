//! T8: a token is deleted in steps: what would go, the list of it to keep, everything revoked first if wished, the end.

use crate::{clock::day, portal::Portal};
use contract::{
    AssetId, Caller, Code, Fault, LocationId, OperationId, PageQuery, TokenId,
    licenses::{Holder, LicenseQuery, LicenseRow, Origin, Revocation, RevocationForm, UnknownOrigin},
    tokens::{Deed, Deletion, TokenState, Twin},
};
use serde_json::json;
use std::collections::HashMap;

const HEAD: [&str; 9] = [
    "app", "adam_id", "kind", "holder", "name", "state", "since", "given_by", "location",
];

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

    pub(super) async fn licenses_as_csv(&self, id: &TokenId) -> Result<String, Fault> {
        let location = self.db.token_detail(id).await?.row.location;
        let mut writer = csv::Writer::from_writer(Vec::new());
        let broken = |_| Fault::new(Code::Internal);
        writer.write_record(HEAD).map_err(broken)?;
        let mut query = LicenseQuery {
            location: Some(location),
            page: PageQuery {
                rows: Some(PageQuery::MOST),
                ..PageQuery::default()
            },
            ..LicenseQuery::default()
        };
        let mut adam_ids: HashMap<AssetId, String> = HashMap::new();
        loop {
            let page = self.db.license_list(&query).await?;
            for row in page.rows {
                let adam_id = match adam_ids.get(&row.asset) {
                    Some(known) => known.clone(),
                    None => {
                        let read = self.db.asset_detail(row.asset).await?.adam_id;
                        adam_ids.insert(row.asset, read.clone());
                        read
                    }
                };
                writer.write_record(record(row, adam_id)).map_err(broken)?;
            }
            match page.next {
                Some(next) => query.page.cursor = Some(next),
                None => break,
            }
        }
        let bytes = writer.into_inner().map_err(|_| Fault::new(Code::Internal))?;
        String::from_utf8(bytes).map_err(|_| Code::Internal.into())
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
        self.db
            .revoke_everything(&location, &operations, &caller.name, self.clock.now())
            .await?;
        self.revoking(caller, &form, &operations).await
    }

    pub(super) async fn forget(&self, caller: &Caller, id: &TokenId, name: &str) -> Result<(), Fault> {
        let detail = self.db.token_detail(id).await?;
        check_name("name", name, &detail.row.name)?;
        let deleted = self.db.delete_token(id, &caller.name, self.clock.now()).await?;
        let details = json!({
            "name": detail.row.name, "uid": detail.uid, "location": detail.row.location_name,
            "state": detail.row.state.as_str(), "last": deleted.last, "apps": detail.row.apps,
            "licenses": detail.row.used, "operations": detail.operations_open,
        });
        self.audit(caller, "tokens.delete", id.as_str(), details).await?;
        self.told_all(deleted.location);
        Ok(())
    }
}

/// The token's name as it was typed; blanks and capitals do not matter.
fn check_name(field: &str, typed: &str, name: &str) -> Result<(), Fault> {
    let plain = |text: &str| text.split_whitespace().collect::<String>().to_lowercase();
    match plain(typed) == plain(name) {
        true => Ok(()),
        false => Err(Fault::field(field, Code::ConfirmationWrong)),
    }
}

fn record(row: LicenseRow, adam_id: String) -> [String; 9] {
    let kind = match row.holder {
        Holder::Device(_) => "device",
        Holder::User(_) => "user",
    };
    let given_by = match row.origin {
        Origin::Unknown => String::new(),
        Origin::Operation { by, .. } => by,
        Origin::Assignment { group_name } => group_name,
    };
    [
        plain(row.asset_name),
        adam_id,
        kind.to_owned(),
        plain(row.holder.id().to_owned()),
        plain(row.holder_name.unwrap_or_default()),
        row.state.as_str().to_owned(),
        day(row.since),
        plain(given_by),
        plain(row.location_name),
    ]
}

/// No spreadsheet takes the cell for a formula.
fn plain(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text
    }
}
