//! Accounts and the one-time links that set their passwords.

use crate::Result;
use async_trait::async_trait;
use contract::{AccountId, Role, UnixMillis, accounts::AccountRow};

/// An account with what signing in needs.
#[derive(Clone, Debug)]
pub struct Account {
    pub id: AccountId,
    pub name: String,
    pub email: String,
    pub role: Role,
    /// A PHC string (argon2id); none until a password is set.
    pub password: Option<String>,
    pub disabled: bool,
}

/// A one-time link; the secret itself is never stored.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// SHA-256 of the secret.
    pub hash: Vec<u8>,
    pub account: AccountId,
    /// The very first account: the person also gives name and e-mail.
    pub first: bool,
    pub expires_at: UnixMillis,
}

#[async_trait]
pub trait Accounts: Send + Sync {
    /// E-mail addresses are unique without regard to case: [`contract::Code::EmailTaken`].
    async fn insert_account(&self, account: &Account, created_at: UnixMillis) -> Result<()>;
    async fn account(&self, id: &AccountId) -> Result<Option<Account>>;
    /// Without regard to case.
    async fn account_by_email(&self, email: &str) -> Result<Option<Account>>;
    /// By name.
    async fn accounts(&self) -> Result<Vec<AccountRow>>;
    async fn count_accounts(&self) -> Result<i64>;
    /// [`contract::Code::LastOwner`] if nobody else is an enabled owner with a password.
    async fn set_role(&self, id: &AccountId, role: Role) -> Result<()>;
    /// [`contract::Code::LastOwner`] as above. Disabling ends the account's sessions and links in the same
    /// transaction.
    async fn set_disabled(&self, id: &AccountId, disabled: bool) -> Result<()>;
    /// The account was last signed in to then; an unknown one is passed over.
    async fn signed_in(&self, id: &AccountId, at: UnixMillis) -> Result<()>;

    /// Replaces the account's earlier links. [`contract::Code::ChangedMeanwhile`] for a disabled account: a link would give
    /// its holder a password that opens nothing.
    async fn insert_link(&self, link: &NewLink) -> Result<()>;
    /// A link that is neither used nor expired, with its account.
    async fn link(&self, hash: &[u8], now: UnixMillis) -> Result<Option<(NewLink, Account)>>;
    /// In one transaction: uses the link up, sets name, e-mail and password, ends the account's sessions.
    /// [`crate::StoreError::NotFound`] if the link is no longer good.
    async fn use_link(
        &self,
        hash: &[u8],
        now: UnixMillis,
        name: &str,
        email: &str,
        password: &str,
    ) -> Result<AccountId>;
}
