//! The server token: Apple's bearer secret of one location.

mod file;

use std::fmt;
use std::sync::Arc;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

pub use file::{TokenFile, TokenFileFault};

/// The secret that lets a caller manage one location: the whole base64 text of the token file, which is
/// what Apple wants as bearer, not the `token` key inside it.
/// <https://developer.apple.com/documentation/devicemanagement/getting-started>
///
/// It cannot be printed, and clones share one copy in memory, wiped when the last is dropped.
#[derive(Clone)]
pub struct ServerToken(Arc<SecretString>);

impl ServerToken {
    /// Takes back what [`ServerToken::expose_for_sealing`] gave; white space is left out, nothing else is checked.
    pub fn from_sealed(text: String) -> Self {
        let text = if text.contains(|character: char| character.is_whitespace()) {
            text.split_whitespace().collect()
        } else {
            text
        };
        Self(Arc::new(SecretString::from(text)))
    }

    /// The secret text, for encrypting it into storage and for nothing else.
    pub fn expose_for_sealing(&self) -> &str {
        self.0.expose_secret()
    }

    /// The secret, for finding it where it must not stand.
    pub(crate) fn secret(&self) -> &SecretString {
        &self.0
    }

    /// The `Authorization` header's value; `None` when the text cannot stand in a header.
    pub(crate) fn bearer(&self) -> Option<HeaderValue> {
        sensitive("Bearer ", self.expose_for_sealing())
    }

    /// The `Cookie` header's value of the metadata look-up; `None` when the text cannot stand in a header.
    pub(crate) fn cookie(&self) -> Option<HeaderValue> {
        sensitive("itvt=", self.expose_for_sealing())
    }
}

fn sensitive(prefix: &str, secret: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("{prefix}{secret}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

impl fmt::Debug for ServerToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ServerToken(redacted)")
    }
}
