//! Signing in and out, and the one-time links (Z1). Made anew for each request.

use super::{
    Portal,
    accounts::LONGEST_EMAIL,
    checkin::{stays_a_device, visited},
    passwords::{self, Passwords},
};
use async_trait::async_trait;
use contract::{
    AccountId, Caller, Code, Fault, FieldFault, HOUR, Permission, UnixMillis,
    session::{LinkFor, Me, Session},
};
use serde_json::json;
use std::{net::IpAddr, sync::Arc};
use store::{accounts::Account, fold, overview::Badges};
use tower_sessions::cookie::time::Duration;

/// The session's key for the account id.
const ACCOUNT: &str = "account";
/// That for the moment at which its end was last put off.
const SEEN: &str = "seen";
/// A request puts the session's end off if none did for so long, in milliseconds.
const PUT_OFF: UnixMillis = HOUR;
/// Whoever is signed in is no more after so long without a request.
pub const IDLE: Duration = Duration::hours(12);

/// One request's session.
#[derive(Clone)]
pub struct RequestSession {
    pub portal: Arc<Portal>,
    pub session: tower_sessions::Session,
    pub caller: Option<Caller>,
    /// Where the request came from.
    pub address: IpAddr,
}

/// Who is signed in, by the session; none if the account is disabled, or after [`IDLE`], since the session of a device's
/// browser lasts longer.
pub async fn caller_of(portal: &Portal, session: &tower_sessions::Session) -> Result<Option<Caller>, Fault> {
    let Some(id) = session.get::<AccountId>(ACCOUNT).await.map_err(session_fault)? else {
        return Ok(None);
    };
    if portal.clock.now() - seen(session).await? >= IDLE.whole_milliseconds() as UnixMillis {
        return Ok(None);
    }
    let account = portal.db.account(&id).await?;
    Ok(account
        .filter(|account| !account.disabled)
        .map(|account| caller(&account)))
}

async fn seen(session: &tower_sessions::Session) -> Result<UnixMillis, Fault> {
    let seen = session.get(SEEN).await.map_err(session_fault)?;
    Ok(seen.unwrap_or_default())
}

/// Puts off the end of the session of somebody who is signed in, and of a device's.
pub async fn put_off(
    portal: &Portal,
    session: &tower_sessions::Session,
    caller: Option<&Caller>,
) -> Result<(), Fault> {
    let now = portal.clock.now();
    if caller.is_some() && now - seen(session).await? >= PUT_OFF {
        session.insert(SEEN, now).await.map_err(session_fault)?;
        stays_a_device(session).await?;
    }
    visited(session, now).await
}

fn caller(account: &Account) -> Caller {
    Caller {
        id: account.id.clone(),
        name: account.name.clone(),
        email: account.email.clone(),
        role: account.role,
    }
}

pub(crate) fn session_fault(error: tower_sessions::session::Error) -> Fault {
    tracing::error!(%error, "the session store failed");
    Code::StorageFailed.into()
}

impl RequestSession {
    /// A fresh session id against fixation, bound to the account.
    async fn begin(&self, account: &Account) -> Result<(), Fault> {
        // First, since it says what the storage lacks.
        let now = self.portal.clock.now();
        self.portal.db.signed_in(&account.id, now).await?;
        self.session.cycle_id().await.map_err(session_fault)?;
        self.session
            .insert(ACCOUNT, &account.id)
            .await
            .map_err(session_fault)?;
        self.session.insert(SEEN, now).await.map_err(session_fault)?;
        stays_a_device(&self.session).await?;
        self.session.save().await.map_err(session_fault)
    }
}

#[async_trait]
impl Session for RequestSession {
    async fn me(&self) -> Result<Me, Fault> {
        let badges = match &self.caller {
            Some(_) => {
                let portal = &self.portal;
                let badges = portal.db.badges(portal.clock.now());
                portal.once("badges", badges).await?
            }
            None => Badges::default(),
        };
        Ok(Me {
            open_requests: match &self.caller {
                Some(caller) if caller.may(Permission::ViewRequests) => badges.open_requests,
                _ => 0,
            },
            caller: self.caller.clone(),
            demo: self.portal.demo,
            tokens_needing_action: badges.tokens_needing_action,
        })
    }

    async fn sign_in(&self, email: &str, password: &str) -> Result<(), Fault> {
        let address = format!("address {}", self.address);
        if email.trim().len() > LONGEST_EMAIL || password.len() > passwords::LONGEST {
            // Nobody's: neither kept nor hashed.
            self.portal.passwords.failed(&address);
            return Err(Code::SignInRefused.into());
        }
        let email = fold(email);
        let keys = [format!("account {email}"), address];
        let account = self
            .portal
            .db
            .account_by_email(&email)
            .await?
            .filter(|account| !account.disabled);
        let hash = account.as_ref().and_then(|account| account.password.as_deref());
        let fits = self.portal.passwords.verify(&keys, password, hash).await?;
        match account.filter(|_| fits) {
            Some(account) => {
                self.begin(&account).await?;
                self.portal
                    .audit(
                        &caller(&account),
                        "session.sign_in",
                        account.id.as_str(),
                        json!({}),
                    )
                    .await
            }
            None => Err(Code::SignInRefused.into()),
        }
    }

    async fn sign_out(&self) -> Result<(), Fault> {
        if !stays_a_device(&self.session).await? {
            return self.session.flush().await.map_err(session_fault);
        }
        for key in [ACCOUNT, SEEN] {
            self.session.remove_value(key).await.map_err(session_fault)?;
        }
        self.session.cycle_id().await.map_err(session_fault)?;
        self.session.save().await.map_err(session_fault)
    }

    async fn link(&self, secret: &str) -> Result<LinkFor, Fault> {
        let key = format!("link {}", self.address);
        self.portal.passwords.may_try(&key)?;
        let hash = crate::secrets::digest(secret.as_bytes());
        let Some((link, account)) = self.portal.db.link(&hash, self.portal.clock.now()).await? else {
            self.portal.passwords.failed(&key);
            return Err(Code::LinkInvalid.into());
        };
        let (name, email) = if link.first {
            (String::new(), String::new())
        } else {
            (account.name, account.email)
        };
        Ok(LinkFor {
            first: link.first,
            name,
            email,
            role: account.role,
        })
    }

    async fn accept_link(&self, secret: &str, name: &str, email: &str, password: &str) -> Result<(), Fault> {
        let to = self.link(secret).await?;
        let (name, email) = if to.first {
            (name.trim().to_owned(), email.trim().to_owned())
        } else {
            (to.name, to.email)
        };
        let mut fields = super::accounts::check_person(&name, &email);
        if let Err(code) = Passwords::check_quality(password) {
            fields.push(FieldFault {
                field: "password".into(),
                code,
            });
        }
        if !fields.is_empty() {
            return Err(Fault::fields(fields));
        }
        let hash = self.portal.passwords.hash(password).await?;
        let digest = crate::secrets::digest(secret.as_bytes());
        let id = self
            .portal
            .db
            .use_link(&digest, self.portal.clock.now(), &name, &email, &hash)
            .await
            .map_err(|error| match error {
                store::StoreError::NotFound => Fault::new(Code::LinkInvalid),
                store::StoreError::Taken(code) => Fault::field("email", code),
                other => other.into(),
            })?;
        let account = self.portal.db.account(&id).await?.ok_or(Code::LinkInvalid)?;
        self.begin(&account).await?;
        self.portal
            .audit(
                &caller(&account),
                "session.accept_link",
                account.id.as_str(),
                json!({}),
            )
            .await
    }
}
