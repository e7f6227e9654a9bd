//! Server functions of people.

// On the function itself it would not reach the half that `#[server]` makes for the browser.
#![allow(clippy::too_many_arguments, reason = "the fields of a plain form")]

use crate::{
    call::{Call, Failure},
    json::Json,
};
use contract::{
    Page, PersonId,
    people::{PersonDetail, PersonQuery, PersonRow},
};
use leptos::prelude::*;

#[server(prefix = "/api", endpoint = "people/list", protocol = Call<Json>)]
pub async fn list(query: PersonQuery) -> Result<Page<PersonRow>, Failure> {
    let services = crate::call::services()?;
    Ok(services.people.list(services.caller()?, query).await?)
}

/// Whom a list is narrowed to, or whom its search may mean.
#[server(prefix = "/api", endpoint = "people/meant", protocol = Call<Json>)]
pub async fn meant(person: Option<PersonId>, search: String) -> Result<Vec<(PersonId, String)>, Failure> {
    let services = crate::call::services()?;
    Ok(services.people.meant(services.caller()?, person, search).await?)
}

#[server(prefix = "/api", endpoint = "people/detail", protocol = Call)]
pub async fn detail(id: PersonId) -> Result<PersonDetail, Failure> {
    let services = crate::call::services()?;
    Ok(services.people.detail(services.caller()?, &id).await?)
}

/// A refusal carries the form's texts in `with`, so that a plain form is shown with what was typed.
#[server(prefix = "/api", endpoint = "people/add", protocol = Call)]
pub async fn add(
    user_name: String,
    name: String,
    email: String,
    managed_apple_account: String,
    department: String,
    active: Option<bool>,
) -> Result<PersonId, Failure> {
    let form = contract::people::PersonForm {
        name,
        user_name,
        email,
        managed_apple_account,
        department,
        active: active.unwrap_or_default(),
    };
    let services = crate::call::services()?;
    let typed = form.clone();
    let add = async { services.people.add(services.caller()?, form).await };
    let id = add
        .await
        .map_err(|fault| super::form::with_typed(fault, &typed))?;
    leptos_axum::redirect(&format!("/people/{id}"));
    Ok(id)
}

/// As [`add`].
#[server(prefix = "/api", endpoint = "people/change", protocol = Call)]
pub async fn change(
    id: PersonId,
    version: Option<i64>,
    user_name: String,
    name: String,
    email: String,
    managed_apple_account: String,
    department: String,
    active: Option<bool>,
) -> Result<(), Failure> {
    let form = contract::people::PersonForm {
        name,
        user_name,
        email,
        managed_apple_account,
        department,
        active: active.unwrap_or_default(),
    };
    let services = crate::call::services()?;
    let typed = form.clone();
    let change = async {
        services
            .people
            .change(services.caller()?, &id, form, version)
            .await
    };
    change.await.map_err(|fault| {
        let fault = crate::refusal::of_version(fault, version, format!("/people/{id}"));
        super::form::with_typed(fault, &typed)
    })?;
    crate::call::leave_to(&format!("/people/{id}"));
    Ok(())
}
