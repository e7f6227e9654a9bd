//! Tells people by mail that an app was withdrawn (R5): once, a while after, so that what is undone or given in another way
//! meanwhile alarms nobody. The check-in page shows it at once.

use super::Engine;
use crate::{
    clock::{day, new_id},
    mail::{Lost, Outbox, withdrawn},
};
use contract::{UnixMillis, licenses::GRACE};
use store::{
    StoreError,
    mails::NewMail,
    withdrawals::{Telling, Withdrawal},
};

/// How long after.
const AFTER: UnixMillis = 10 * 60 * 1000;
/// What is older was missed while no mail was set up.
const OLDEST: UnixMillis = 2 * 24 * 60 * 60 * 1000;

impl Engine {
    /// Looks again and again until stopped. Without mail there is nobody to tell.
    pub(super) async fn tell(&self) {
        let Some(outbox) = &self.outbox else { return };
        while !self.stop.is_cancelled() {
            if let Err(error) = self.tell_all(outbox).await {
                self.storage
                    .failed("who is to be told of withdrawn apps is unknown", &error);
            }
            tokio::select! {
                () = tokio::time::sleep(self.settings.tell) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    async fn tell_all(&self, outbox: &Outbox) -> Result<(), StoreError> {
        loop {
            let now = self.clock.now();
            let Some(telling) = self.db.withdrawals(now - OLDEST, now - AFTER).await? else {
                return Ok(());
            };
            let mails = mails(outbox, &telling, now);
            if self.db.tell_withdrawals(&telling, &mails, now).await? && !mails.is_empty() {
                tracing::info!(mails = mails.len(), "people are told of withdrawn apps");
                outbox.bell.ring();
            }
        }
    }
}

/// One mail a person.
fn mails(outbox: &Outbox, telling: &Telling, now: UnixMillis) -> Vec<NewMail> {
    let people = telling
        .withdrawals
        .chunk_by(|one, other| one.person == other.person);
    people
        .filter_map(|own| {
            let first = own.first()?;
            let lost: Vec<Lost> = own.iter().map(lost).collect();
            let (subject, body) = withdrawn(outbox.language, &first.name, &lost);
            Some(NewMail {
                id: new_id(now),
                about: format!("withdrawn/{}/{}", first.person, telling.to),
                recipient: first.email.clone(),
                subject,
                body,
            })
        })
        .collect()
}

fn lost(one: &Withdrawal) -> Lost<'_> {
    Lost {
        app: &one.app,
        device: one.device.as_deref(),
        until: day(one.at + GRACE),
    }
}
