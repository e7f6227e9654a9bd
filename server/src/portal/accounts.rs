//! People who sign in: added by an owner, who hands them a one-time link.

use super::Portal;
use crate::{
    clock::{Clock, new_id},
    secrets,
};
use async_trait::async_trait;
use contract::{
    AccountId, Caller, Code, Fault, FieldFault, Permission, Role,
    accounts::{AccountRow, Accounts, AddAccount, Invited},
};
use serde_json::json;
use store::{
    Db,
    accounts::{Account, NewLink},
    audit::{AuditLine, audited},
};

/// In bytes; longer addresses are none.
pub const LONGEST_EMAIL: usize = 254;
/// How long a one-time link is good: three days.
const LINK_MILLIS: i64 = 3 * 24 * 60 * 60 * 1000;

/// What is wrong with a person's name and e-mail address.
pub fn check_person(name: &str, email: &str) -> Vec<FieldFault> {
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
    let email = email.trim();
    if email.is_empty() {
        wrong("email", Code::Required);
    } else if !is_email(email) {
        wrong("email", Code::EmailInvalid);
    }
    fields
}

/// Whether this looks like an e-mail address.
pub fn is_email(text: &str) -> bool {
    let plain = text.split_once('@').is_some_and(|(local, host)| {
        !local.is_empty()
            && !host.is_empty()
            && !host.contains('@')
            && !host.starts_with('.')
            && !host.ends_with('.')
    });
    plain && text.len() <= LONGEST_EMAIL && !text.contains(char::is_whitespace)
}

impl Portal {
    /// Makes an account with a fresh link. Used for the first owner at first start, too.
    pub async fn invite(&self, account: &Account, first: bool) -> Result<Invited, Fault> {
        let now = self.clock.now();
        self.db.insert_account(account, now).await?;
        self.link_for(&account.id, first).await
    }

    /// A fresh link for an account that is there; earlier ones stop working.
    pub async fn link_for(&self, id: &AccountId, first: bool) -> Result<Invited, Fault> {
        new_link(&self.db, &*self.clock, id, first).await
    }
}

/// For the command line: a fresh link for the account with this address, which the audit tells of, too (Z3).
pub async fn fresh_link(db: &Db, clock: &dyn Clock, email: &str) -> Result<String, Fault> {
    let account = db
        .account_by_email(&email.trim().to_lowercase())
        .await?
        .ok_or(Code::NotFound)?;
    let line = AuditLine {
        at: clock.now(),
        account: None,
        actor: "command line".to_owned(),
        address: None,
        action: "accounts.link".to_owned(),
        object: account.id.to_string(),
        details: json!({}),
    };
    let (link, _) = audited(line, new_link(db, clock, &account.id, false)).await;
    Ok(link?.link)
}

async fn new_link(db: &Db, clock: &dyn Clock, id: &AccountId, first: bool) -> Result<Invited, Fault> {
    let secret = secrets::random_secret();
    let expires_at = clock.now() + LINK_MILLIS;
    let link = NewLink {
        hash: secrets::digest(secret.as_bytes()),
        account: id.clone(),
        first,
        expires_at,
    };
    db.insert_link(&link).await?;
    Ok(Invited {
        id: id.clone(),
        link: format!("/welcome/{secret}"),
        expires_at,
    })
}

#[async_trait]
impl Accounts for Portal {
    async fn list(&self, caller: &Caller) -> Result<Vec<AccountRow>, Fault> {
        caller.need(Permission::ViewAccounts)?;
        Ok(self.db.accounts().await?)
    }

    async fn add(&self, caller: &Caller, form: AddAccount) -> Result<Invited, Fault> {
        caller.need(Permission::ManageAccounts)?;
        let fields = check_person(&form.name, &form.email);
        if !fields.is_empty() {
            return Err(Fault::fields(fields));
        }
        let account = Account {
            id: AccountId(new_id(self.clock.now())),
            name: form.name.trim().to_owned(),
            email: form.email.trim().to_lowercase(),
            role: form.role,
            password: None,
            disabled: false,
        };
        let details = json!({ "name": account.name, "email": account.email, "role": account.role });
        let invite = self.invite(&account, false);
        self.audited(caller, "accounts.add", account.id.as_str(), details, invite)
            .await
            .map_err(|fault| match fault.code {
                Code::EmailTaken => Fault::field("email", Code::EmailTaken),
                _ => fault,
            })
    }

    async fn invite_again(&self, caller: &Caller, id: &AccountId) -> Result<Invited, Fault> {
        caller.need(Permission::ManageAccounts)?;
        let account = self.db.account(id).await?.ok_or(Code::NotFound)?;
        let link = self.link_for(&account.id, false);
        self.audited(caller, "accounts.invite_again", id.as_str(), json!({}), link)
            .await
    }

    async fn set_role(&self, caller: &Caller, id: &AccountId, role: Role) -> Result<(), Fault> {
        caller.need(Permission::ManageAccounts)?;
        let before = self.db.account(id).await?.ok_or(Code::NotFound)?;
        let details = json!({ "before": before.role, "after": role });
        let set = self.db.set_role(id, role);
        self.audited(caller, "accounts.set_role", id.as_str(), details, set)
            .await
    }

    async fn disable(&self, caller: &Caller, id: &AccountId) -> Result<(), Fault> {
        caller.need(Permission::ManageAccounts)?;
        let set = self.db.set_disabled(id, true);
        self.audited(caller, "accounts.disable", id.as_str(), json!({}), set)
            .await
    }

    async fn enable(&self, caller: &Caller, id: &AccountId) -> Result<(), Fault> {
        caller.need(Permission::ManageAccounts)?;
        let set = self.db.set_disabled(id, false);
        self.audited(caller, "accounts.enable", id.as_str(), json!({}), set)
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_needs_a_name_and_an_address() {
        assert!(check_person("Åsa Öberg", "asa@skola.example").is_empty());
        let codes = |name: &str, email: &str| -> Vec<Code> {
            check_person(name, email)
                .into_iter()
                .map(|fault| fault.code)
                .collect()
        };
        assert_eq!(codes(" ", ""), [Code::Required, Code::Required]);
        for email in ["asa", "@b.example", "a@", "a@b@c", "a b@c.example", "a@.example"] {
            assert_eq!(codes("Åsa", email), [Code::EmailInvalid], "{email}");
        }
        assert_eq!(codes(&"x".repeat(101), "a@b.example"), [Code::TooLong]);
    }
}
