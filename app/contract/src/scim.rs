//! The tokens with which a directory (Entra ID, Okta, …) writes people and groups by SCIM 2.0 (D3).

use crate::{Caller, Fault, ScimTokenId, UnixMillis};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// A token as lists show it: never with its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScimTokenRow {
    pub id: ScimTokenId,
    pub name: String,
    pub created_by: String,
    pub created_at: UnixMillis,
    /// To the minute; none if it never was.
    pub used_at: Option<UnixMillis>,
}

/// Shown once to whoever made the token; only its hash is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeScimToken {
    pub id: ScimTokenId,
    /// Begins with `scim_`.
    pub secret: String,
}

/// Tokens of directories, for whoever has [`crate::Permission::ManagePeople`].
#[async_trait]
pub trait ScimTokens: Send + Sync {
    /// By age, the newest first.
    async fn list(&self, caller: &Caller) -> Result<Vec<ScimTokenRow>, Fault>;
    /// Whoever shows its secret writes people and groups. [`crate::Code::FieldsInvalid`] for a `name` that is missing
    /// or longer than 100 letters.
    async fn make(&self, caller: &Caller, name: &str) -> Result<MadeScimToken, Fault>;
    /// It is refused from now on.
    async fn revoke(&self, caller: &Caller, id: &ScimTokenId) -> Result<(), Fault>;
}
