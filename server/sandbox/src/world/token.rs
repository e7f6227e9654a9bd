//! Content tokens (.vpptoken): base64 of a small JSON document, handed out for a location (apple-api.md §3).

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a token's owner may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenRole {
    /// Everything.
    #[default]
    ContentManager,
    /// Only reading; changes answer 9637.
    ReadOnly,
}

/// A token that was handed out.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) uid: String,
    pub(crate) role: TokenRole,
    expires_ms: AtomicI64,
    revoked: AtomicBool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Content<'a> {
    exp_date: String,
    token: String,
    org_name: &'a str,
}

/// Apple's way to write a time: `2030-11-08T22:33:22+0000`.
pub(crate) fn apple_date(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%z").to_string()
}

impl Token {
    pub(crate) fn new(
        uid: &str,
        organisation: &str,
        secret: &[u8],
        expires: Timestamp,
        role: TokenRole,
    ) -> Self {
        let content = Content {
            exp_date: apple_date(expires),
            // Inside the outer base64 the secret is base64 again, as in Apple's files.
            token: STANDARD.encode(secret),
            org_name: organisation,
        };
        let json = serde_json::to_vec(&content).unwrap_or_default();
        Self::known(STANDARD.encode(json), uid.to_owned(), role, expires, false)
    }

    /// A token that was handed out before.
    pub(crate) fn known(
        text: String,
        uid: String,
        role: TokenRole,
        expires: Timestamp,
        revoked: bool,
    ) -> Self {
        Self {
            text,
            uid,
            role,
            expires_ms: AtomicI64::new(expires.as_millisecond()),
            revoked: AtomicBool::new(revoked),
        }
    }

    /// When it expires; the time within the text may be out of date.
    pub(crate) fn expires(&self) -> Timestamp {
        Timestamp::from_millisecond(self.expires_ms.load(Ordering::Relaxed)).unwrap_or(Timestamp::MAX)
    }

    pub(crate) fn set_expiry(&self, time: Timestamp) {
        self.expires_ms.store(time.as_millisecond(), Ordering::Relaxed);
    }

    pub(crate) fn is_revoked(&self) -> bool {
        self.revoked.load(Ordering::Relaxed)
    }

    pub(crate) fn revoke(&self) {
        self.revoked.store(true, Ordering::Relaxed);
    }
}

/// All tokens.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    by_text: HashMap<String, Arc<Token>>,
    /// By the `token` in the document.
    by_secret: HashMap<String, Arc<Token>>,
}

impl Tokens {
    /// Adds a token; false if there is one with the same text.
    pub(crate) fn add(&mut self, token: Arc<Token>) -> bool {
        if let Some(Value::String(secret)) = document(&token.text).and_then(|mut said| said.remove("token")) {
            self.by_secret.insert(secret, Arc::clone(&token));
        }
        self.by_text.insert(token.text.clone(), token).is_none()
    }

    /// The token with this text, or one whose document says the same as far as this one says anything: a client may
    /// read the file and write it again in its own way.
    pub(crate) fn find(&self, text: &str) -> Option<&Arc<Token>> {
        self.by_text.get(text).or_else(|| {
            let said = document(text)?;
            let token = self.by_secret.get(said.get("token")?.as_str()?)?;
            let same = document(&token.text)?
                .iter()
                .all(|(key, value)| said.get(key).is_none_or(|other| other == value));
            same.then_some(token)
        })
    }

    /// All, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Token>> {
        self.by_text.values()
    }
}

fn document(text: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()
}
