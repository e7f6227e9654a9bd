//! People who sign in: Z1, Z2.

use crate::{AccountId, Caller, Fault, Role, UnixMillis};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Whether somebody can sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// Has a link, has not set a password.
    Invited,
    /// Has a password.
    Active,
    /// Cannot sign in, and is signed out everywhere.
    Disabled,
}

names! {
    AccountState { Invited = "invited", Active = "active", Disabled = "disabled" }
}

/// An account in the list of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    pub id: AccountId,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub state: AccountState,
    /// None: has never signed in.
    pub last_sign_in: Option<UnixMillis>,
}

/// Somebody who is to sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddAccount {
    pub name: String,
    /// What the person signs in with, without regard to case.
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

/// Who signs in, and as what: [`crate::Permission::ViewAccounts`] to see it, [`crate::Permission::ManageAccounts`] for
/// the rest.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// By name.
    async fn list(&self, caller: &Caller) -> Result<Vec<AccountRow>, Fault>;
    /// With a one-time link that is good for three days. [`crate::Code::FieldsInvalid`], also for an address that
    /// another account has ([`crate::Code::EmailTaken`]).
    async fn add(&self, caller: &Caller, form: AddAccount) -> Result<Invited, Fault>;
    /// A fresh link, for somebody who lost theirs or the password.
    async fn invite_again(&self, caller: &Caller, id: &AccountId) -> Result<Invited, Fault>;
    /// Counts from the account's next request on. [`crate::Code::LastOwner`] if nobody else with a password is an
    /// owner.
    async fn set_role(&self, caller: &Caller, id: &AccountId, role: Role) -> Result<(), Fault>;
    /// Ends the account's sessions too. The last owner stays: [`crate::Code::LastOwner`].
    async fn disable(&self, caller: &Caller, id: &AccountId) -> Result<(), Fault>;
    /// It signs in as before, with the password that it had.
    async fn enable(&self, caller: &Caller, id: &AccountId) -> Result<(), Fault>;
}
