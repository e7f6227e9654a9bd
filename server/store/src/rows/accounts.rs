use super::named;
use crate::{Result, StoreError, accounts::Account};
use contract::{
    AccountId, Role,
    accounts::{AccountRow, AccountState},
};

/// Of `accounts c`.
pub const ACCOUNT: &str = "c.id, c.name, c.email, c.role, c.password, c.disabled, c.signed_in_at";

#[derive(sqlx::FromRow)]
pub struct AccountRecord {
    id: String,
    name: String,
    email: String,
    role: String,
    password: Option<String>,
    disabled: bool,
    signed_in_at: Option<i64>,
}

impl TryFrom<AccountRecord> for Account {
    type Error = StoreError;

    fn try_from(record: AccountRecord) -> Result<Self> {
        Ok(Account {
            id: AccountId(record.id),
            name: record.name,
            email: record.email,
            role: named(&record.role, Role::parse)?,
            password: record.password,
            disabled: record.disabled,
        })
    }
}

impl TryFrom<AccountRecord> for AccountRow {
    type Error = StoreError;

    fn try_from(record: AccountRecord) -> Result<Self> {
        Ok(AccountRow {
            id: AccountId(record.id),
            name: record.name,
            email: record.email,
            role: named(&record.role, Role::parse)?,
            state: match (record.disabled, record.password) {
                (true, _) => AccountState::Disabled,
                (false, None) => AccountState::Invited,
                (false, Some(_)) => AccountState::Active,
            },
            last_sign_in: record.signed_in_at,
        })
    }
}

#[derive(sqlx::FromRow)]
pub struct LinkRecord {
    pub hash: Vec<u8>,
    pub first: bool,
    pub expires_at: i64,
    #[sqlx(flatten)]
    pub account: AccountRecord,
}
