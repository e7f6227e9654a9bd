//! People who sign in: Z1, Z2.

use crate::{AccountId, Caller, Fault, Role, UnixMillis};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// Has a link, has not set a password.
    Invited,
    Active,
    Disabled,
}

names! {
    AccountState { Invited = "invited", Active = "active", Disabled = "disabled" }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    pub id: AccountId,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub state: AccountState,
    pub last_sign_in: Option<UnixMillis>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddAccount {
    pub name: String,
    pub email: String,
    pub role: Role,
}

/// Shown once to whoever added the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invited {
    pub id: AccountId,
    /// The path of the page on which the password is set, with the secret in it.
    pub link: String,
    pub expires_at: UnixMillis,
}

#[async_trait]
pub trait Accounts: Send + Sync {
    async fn list(&self, caller: &Caller) -> Result<Vec<AccountRow>, Fault>;
    async fn add(&self, caller: &Caller, form: AddAccount) -> Result<Invited, Fault>;
    /// A fresh link, for somebody who lost theirs or the password.
    async fn invite_again(&self, caller: &Caller, id: &AccountId) -> Result<Invited, Fault>;
    async fn set_role(&self, caller: &Caller, id: &AccountId, role: Role) -> Result<(), Fault>;
    /// Ends the account's sessions too. The last owner stays.
    async fn disable(&self, caller: &Caller, id: &AccountId) -> Result<(), Fault>;
    async fn enable(&self, caller: &Caller, id: &AccountId) -> Result<(), Fault>;
}
