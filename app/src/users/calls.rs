//! Server functions of users at Apple.

use crate::{
    call::{Call, Failure},
    json::Json,
};
use contract::{
    PersonId,
    users::{PersonUsers, ToldPage, ToldQuery},
};
use leptos::prelude::*;

#[server(prefix = "/api", endpoint = "users/of-person", protocol = Call)]
pub async fn of_person(person: PersonId) -> Result<PersonUsers, Failure> {
    let services = crate::call::services()?;
    Ok(services.users.of_person(services.caller()?, &person).await?)
}

#[server(prefix = "/api", endpoint = "users/told", protocol = Call<Json>)]
pub async fn told(query: ToldQuery) -> Result<ToldPage, Failure> {
    let services = crate::call::services()?;
    Ok(services.users.told(services.caller()?, query).await?)
}

/// `person` is where a plain form leads back to.
#[server(prefix = "/api", endpoint = "users/mail", protocol = Call)]
pub async fn mail(user: i64, person: PersonId) -> Result<(), Failure> {
    let services = crate::call::services()?;
    services.users.mail_invitation(services.caller()?, user).await?;
    crate::call::leave_to(&format!("/people/{person}"));
    Ok(())
}

#[server(prefix = "/api", endpoint = "users/again", protocol = Call)]
pub async fn again(user: i64, person: PersonId) -> Result<(), Failure> {
    let services = crate::call::services()?;
    services.users.try_again(services.caller()?, user).await?;
    crate::call::leave_to(&format!("/people/{person}"));
    Ok(())
}

/// `place` is a location and an account, as `managed <location>`.
#[server(prefix = "/api", endpoint = "users/add", protocol = Call)]
pub async fn add(person: PersonId, place: String) -> Result<(), Failure> {
    let (account, location) = place
        .split_once(' ')
        .and_then(|(account, location)| {
            let account = contract::users::AppleAccount::parse(account)?;
            Some((account, contract::LocationId::from(location)))
        })
        .ok_or(contract::Code::ChoiceInvalid)?;
    let services = crate::call::services()?;
    services
        .users
        .add(services.caller()?, &person, &location, account)
        .await?;
    crate::call::leave_to(&format!("/people/{person}"));
    Ok(())
}
