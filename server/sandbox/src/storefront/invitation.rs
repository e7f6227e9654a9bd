//! The page behind an invitation: in place of Apple's sign-in, a form that takes any Apple Account.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use super::escape;
use crate::control::{Control, ControlError};
use crate::receiving::InTime;
use crate::world::World;

/// The invitation of the query.
#[derive(Debug, Deserialize)]
pub(crate) struct Invitation {
    #[serde(rename = "inviteCode")]
    code: Option<String>,
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Acceptance {
    #[serde(rename = "appleAccount")]
    apple_account: String,
}

/// `GET …/associateVPPUserWithITSAccount?inviteCode=…`.
pub(crate) async fn show_page(
    State(world): State<Arc<World>>,
    Query(invitation): Query<Invitation>,
) -> Response {
    match Control::new(world).invited(&invitation.code.unwrap_or_default()) {
        Ok(user) => Html(page(
            "Join the programme",
            &format!(
                "<p>{} assigns apps and books to you. Sign in to accept.</p><form method=post>\
                 <label>Apple Account <input name=appleAccount required value=\"{}\"></label> \
                 <button>Accept</button></form>",
                escape(&user.organisation),
                escape(user.email.as_deref().unwrap_or_default()),
            ),
        ))
        .into_response(),
        Err(error) => refused(&error),
    }
}

/// The same address by POST.
pub(crate) async fn accept_page(
    State(world): State<Arc<World>>,
    Query(invitation): Query<Invitation>,
    InTime(Form(form)): InTime<Form<Acceptance>>,
) -> Response {
    let code = invitation.code.unwrap_or_default();
    match Control::new(world).accept_invitation(&code, &form.apple_account) {
        Ok(_) => Html(page(
            "You have joined",
            "<p>Content that is assigned to you will show on your devices.</p>",
        ))
        .into_response(),
        Err(error) => refused(&error),
    }
}

fn refused(error: &ControlError) -> Response {
    let body = page(
        "This invitation cannot be used",
        &format!("<p>{}</p>", escape(&error.to_string())),
    );
    (error.status(), Html(body)).into_response()
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>{title}</title><body><h1>{title}</h1>{body}<p><small>Sandbox, not Apple.</small></p></body></html>"
    )
}
