//! The tokens with which a directory writes people and groups (D3).

use super::Portal;
use crate::{clock::new_id, secrets};
use async_trait::async_trait;
use contract::{
    Caller, Code, Fault, Permission, ScimTokenId,
    scim::{MadeScimToken, ScimTokenRow, ScimTokens},
};
use serde_json::json;

#[async_trait]
impl ScimTokens for Portal {
    async fn list(&self, caller: &Caller) -> Result<Vec<ScimTokenRow>, Fault> {
        caller.need(Permission::ManagePeople)?;
        Ok(self.db.scim_tokens().await?)
    }

    async fn make(&self, caller: &Caller, name: &str) -> Result<MadeScimToken, Fault> {
        caller.need(Permission::ManagePeople)?;
        let name = name.replace('\0', "").trim().to_owned();
        match name.chars().count() {
            0 => return Err(Fault::field("name", Code::Required)),
            1..=100 => {}
            _ => return Err(Fault::field("name", Code::TooLong)),
        }
        let now = self.clock.now();
        let secret = format!("scim_{}", secrets::random_secret());
        let token = ScimTokenRow {
            id: ScimTokenId(new_id(now)),
            name,
            created_by: caller.name.clone(),
            created_at: now,
            used_at: None,
        };
        let (hash, details) = (secrets::digest(secret.as_bytes()), json!({ "name": token.name }));
        let insert = self.db.insert_scim_token(&token, &hash);
        self.audited(caller, "scim.make_token", token.id.as_str(), details, insert)
            .await?;
        Ok(MadeScimToken { id: token.id, secret })
    }

    async fn revoke(&self, caller: &Caller, id: &ScimTokenId) -> Result<(), Fault> {
        caller.need(Permission::ManagePeople)?;
        let delete = self.db.delete_scim_token(id);
        self.audited(caller, "scim.revoke_token", id.as_str(), json!({}), delete)
            .await
    }
}
