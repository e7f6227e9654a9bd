//! The contract's traits, as this server keeps them: permission first, then the rule, then the audit line.

mod accounts;
mod activity;
mod assignments;
mod catalog;
mod checkin;
pub mod client;
pub mod csv;
mod devices;
pub mod directory;
mod drift;
mod groups;
mod licenses;
mod moves;
mod notifications;
mod operations;
mod overview;
pub mod passwords;
mod people;
mod reclaim;
mod requests;
mod scim_tokens;
mod search;
mod serials;
pub mod session;
mod tokens;
mod users;

pub use accounts::fresh_link;

use crate::{
    clock::SharedClock,
    engine::{Wake, live::Live},
    mail::Outbox,
    moment::{self, Moment},
    portal::passwords::Passwords,
    secrets::Vault,
    storage_watch::StorageWatch,
};
use apple::Apple;
use contract::{Caller, Fault};
use serde_json::Value;
use std::sync::Arc;
use store::{
    Db, StoreError,
    audit::{AuditLine, audited},
};

/// What the implementations share. Cheap to clone.
#[derive(Clone)]
pub struct Portal {
    pub db: Db,
    pub apple: Apple,
    pub vault: Arc<Vault>,
    pub clock: SharedClock,
    pub live: Live,
    pub wake: Wake,
    pub passwords: Passwords,
    /// How this installation names itself to Apple (`mdmInfo`).
    pub identity: apple::MdmInfo,
    /// Where Apple can send notifications: scheme, host and port; none if there is no such address (S4).
    pub receiver: Option<String>,
    /// Where people reach Pomona: scheme, host and port.
    pub origin: String,
    /// Where mails are left to be sent; none: no mail is set up.
    pub outbox: Option<Outbox>,
    /// When a page was asked for that is being made; none for whatever is not a page.
    pub moment: Option<Arc<Moment>>,
    /// Whether what is to be written down can be.
    pub storage: StorageWatch,
    /// The stand-in Apple is inside (O3).
    pub demo: bool,
}

/// Of many that an audit line is about, so many are named.
const NAMED: usize = 100;

fn first_named<T>(all: &[T]) -> &[T] {
    all.get(..NAMED).unwrap_or(all)
}

impl Portal {
    /// What many pages of a moment show is read once for all of them; `what` names it.
    async fn once<T: Clone + Send + Sync + 'static>(
        &self,
        what: &str,
        read: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        moment::once(self.moment.as_deref(), what.as_bytes(), read).await
    }

    /// Does it, and writes down who did what (Z3) in the same transaction. `details` must hold no secret. Whatever was
    /// done, a group's members above all, may leave the engine something to do: it has a look.
    async fn audited<T, E>(
        &self,
        caller: &Caller,
        action: &str,
        object: &str,
        details: Value,
        act: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Fault>
    where
        Fault: From<E>,
    {
        self.with_line(self.line(caller, action, object, details), act)
            .await
    }

    async fn with_line<T, E>(
        &self,
        line: AuditLine,
        act: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Fault>
    where
        Fault: From<E>,
    {
        let (done, left) = audited(line, act).await;
        let done = done?;
        if let Some(line) = left {
            self.db.append_audit(&line).await?;
        }
        self.wake.ring();
        Ok(done)
    }

    /// The same for what is known only once it was done.
    async fn audit(&self, caller: &Caller, action: &str, object: &str, details: Value) -> Result<(), Fault> {
        self.wake.ring();
        let line = self.line(caller, action, object, details);
        Ok(self.db.append_audit(&line).await?)
    }

    fn line(&self, caller: &Caller, action: &str, object: &str, details: Value) -> AuditLine {
        AuditLine {
            at: self.clock.now(),
            account: Some(caller.id.clone()),
            actor: caller.name.clone(),
            address: client::address(),
            action: action.to_owned(),
            object: object.to_owned(),
            details,
        }
    }
}
