//! Server functions of signing in. They take plain forms; [`crate::call::leave_to`] says where those go on.

use crate::call::{Call, Failure};
use contract::session::{LinkFor, Me};
use leptos::prelude::*;

#[server(prefix = "/api", endpoint = "session/me", protocol = Call)]
pub async fn who_am_i() -> Result<Me, Failure> {
    let services = crate::call::services()?;
    Ok(services.session.me().await?)
}

/// Answers the path to go to; a refusal brings the e-mail back.
#[server(prefix = "/api", endpoint = "session/sign-in", protocol = Call)]
pub async fn sign_in(email: String, password: String, next: Option<String>) -> Result<String, Failure> {
    let services = crate::call::services()?;
    services
        .session
        .sign_in(&email, &password)
        .await
        .map_err(|fault| crate::refusal::with_typed(fault, [("email", email.as_str())]))?;
    let next = next.unwrap_or_default();
    let path = crate::call::own_path(&next);
    crate::call::leave_to(path);
    Ok(path.to_owned())
}

#[server(prefix = "/api", endpoint = "session/sign-out", protocol = Call)]
pub async fn sign_out() -> Result<(), Failure> {
    let services = crate::call::services()?;
    services.session.sign_out().await?;
    crate::call::leave_to("/sign-in");
    Ok(())
}

/// Whom a one-time link is for.
#[server(prefix = "/api", endpoint = "session/link", protocol = Call)]
pub async fn link(secret: String) -> Result<LinkFor, Failure> {
    let services = crate::call::services()?;
    Ok(services.session.link(&secret).await?)
}

/// Name and e-mail count for the very first account only. Answers the path to go to; a refusal brings both back.
#[server(prefix = "/api", endpoint = "session/accept-link", protocol = Call)]
pub async fn accept_link(
    secret: String,
    name: Option<String>,
    email: Option<String>,
    password: String,
) -> Result<String, Failure> {
    let services = crate::call::services()?;
    let (name, email) = (name.unwrap_or_default(), email.unwrap_or_default());
    services
        .session
        .accept_link(&secret, &name, &email, &password)
        .await
        .map_err(|fault| crate::refusal::with_typed(fault, [("name", name.as_str()), ("email", &email)]))?;
    crate::call::leave_to("/");
    Ok("/".to_owned())
}
