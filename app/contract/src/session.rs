//! Signing in and out: Z1.

use crate::{Caller, Fault, Role};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// What the frame of every page needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// None: nobody is signed in.
    pub caller: Option<Caller>,
    /// The portal runs with the stand-in Apple inside (O3): said on every page.
    pub demo: bool,
    /// Tokens that need somebody, for the menu.
    pub tokens_needing_action: i64,
    /// Requests that nobody has answered, for the menu.
    pub open_requests: i64,
}

/// Whom a one-time link is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkFor {
    /// The very first account: name and e-mail are asked for too.
    pub first: bool,
    /// Empty for the very first account.
    pub name: String,
    /// Empty for the very first account.
    pub email: String,
    pub role: Role,
}

/// Made anew for each request: it holds that request's session.
#[async_trait]
pub trait Session: Send + Sync {
    /// For every page, also where nobody is signed in.
    async fn me(&self) -> Result<Me, Fault>;
    /// [`crate::Code::SignInRefused`], and after too many in vain for one address or account
    /// [`crate::Code::SignInThrottled`].
    async fn sign_in(&self, email: &str, password: &str) -> Result<(), Fault>;
    /// Ends the session; nothing happens where nobody is signed in.
    async fn sign_out(&self) -> Result<(), Fault>;
    /// Whom the link is for; [`crate::Code::LinkInvalid`] if it is used, expired or wrong,
    /// [`crate::Code::SignInThrottled`] after too many wrong ones.
    async fn link(&self, secret: &str) -> Result<LinkFor, Fault>;
    /// Uses the link up, sets the password and signs in. Name and e-mail count for the first account only.
    /// [`crate::Code::FieldsInvalid`]; faults as of [`Session::link`].
    async fn accept_link(&self, secret: &str, name: &str, email: &str, password: &str) -> Result<(), Fault>;
}
