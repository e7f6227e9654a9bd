//! Server functions of accounts.

use crate::call::{Call, Failure};
use contract::{
    AccountId, Role,
    accounts::{AccountRow, Invited},
};
use leptos::prelude::*;

#[server(prefix = "/api", endpoint = "accounts/list", protocol = Call)]
pub async fn list() -> Result<Vec<AccountRow>, Failure> {
    let services = crate::call::services()?;
    Ok(services.accounts.list(services.caller()?).await?)
}

/// A refusal carries the form's texts in `with`, so that a plain form is shown with what was typed.
#[server(prefix = "/api", endpoint = "accounts/add", protocol = Call)]
pub async fn add(name: String, email: String, role: Role) -> Result<Invited, Failure> {
    let services = crate::call::services()?;
    let form = contract::accounts::AddAccount {
        name: name.clone(),
        email: email.clone(),
        role,
    };
    let add = async { services.accounts.add(services.caller()?, form).await };
    let invited = add.await.map_err(|fault| {
        let typed = [
            ("name", name.as_str()),
            ("email", &email),
            ("role", role.as_str()),
        ];
        crate::refusal::with_typed(fault, typed)
    })?;
    super::once::keep(&invited);
    crate::call::leave_to("/settings/accounts");
    Ok(invited)
}

#[server(prefix = "/api", endpoint = "accounts/invite-again", protocol = Call)]
pub async fn invite_again(id: AccountId) -> Result<Invited, Failure> {
    let services = crate::call::services()?;
    let invited = services.accounts.invite_again(services.caller()?, &id).await?;
    super::once::keep(&invited);
    Ok(invited)
}

#[server(prefix = "/api", endpoint = "accounts/set-role", protocol = Call)]
pub async fn set_role(id: AccountId, role: Role) -> Result<(), Failure> {
    let services = crate::call::services()?;
    Ok(services.accounts.set_role(services.caller()?, &id, role).await?)
}

#[server(prefix = "/api", endpoint = "accounts/disable", protocol = Call)]
pub async fn disable(id: AccountId) -> Result<(), Failure> {
    let services = crate::call::services()?;
    Ok(services.accounts.disable(services.caller()?, &id).await?)
}

#[server(prefix = "/api", endpoint = "accounts/enable", protocol = Call)]
pub async fn enable(id: AccountId) -> Result<(), Failure> {
    let services = crate::call::services()?;
    Ok(services.accounts.enable(services.caller()?, &id).await?)
}
