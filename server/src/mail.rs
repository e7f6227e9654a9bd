//! E-mail: what is queued in storage leaves by SMTP, one after the other, retried until the server has taken it.
//!
//! A mail is taken by one process at a time, and marked as sent as soon as the server says so. Should Pomona die in
//! between, the mail leaves a second time with the same `Message-ID`, by which mail systems know it as the same.

mod words;

pub use words::{Invitation, Lost, invitation, withdrawn};

use crate::{clock::SharedClock, engine::Wake, storage_watch::StorageWatch};
use app::i18n::Locale;
use contract::UnixMillis;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use store::{Db, StoreError, mails::Mail};
use tokio_util::sync::CancellationToken;

/// How long a mail is this process's alone: longer than any try takes.
const TAKEN: UnixMillis = 5 * 60 * 1000;
const SEND_TIMEOUT: Duration = Duration::from_secs(60);
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: UnixMillis = 60 * 60 * 1000;
/// With the pauses between them, about two days.
const MOST_TRIES: i64 = 50;

/// How mail is sent.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// `smtps://user:password@host`, or `smtp://host?tls=required`.
    pub url: SecretString,
    /// Such as `Apps <apps@example.org>`.
    pub from: String,
    /// The language of mails.
    pub language: Locale,
    /// After a first failure; it doubles up to an hour.
    pub first_pause: Duration,
}

impl MailSettings {
    pub const FIRST_PAUSE: Duration = Duration::from_secs(30);
}

/// Why mail cannot be set up, in words for whoever starts Pomona. Never holds the password.
#[derive(Debug, thiserror::Error)]
pub enum MailFault {
    #[error("--smtp-url is not an address such as smtps://user:password@mail.example.org")]
    Url,
    #[error(
        "--mail-from is the sender of mails, such as \"Apps <apps@example.org>\"; it is needed with --smtp-url"
    )]
    From,
    #[error(
        "--smtp-url would send the password as it is: begin it with smtps://, or end it with ?tls=required"
    )]
    Password,
}

/// Where mails are left to be sent. Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    /// To be rung when something was queued.
    pub bell: Wake,
    pub language: Locale,
}

/// Sends what is queued.
pub struct Mailer {
    db: Db,
    clock: SharedClock,
    storage: StorageWatch,
    outbox: Outbox,
    from: Mailbox,
    transport: AsyncSmtpTransport<Tokio1Executor>,
    first_pause: UnixMillis,
    /// Who takes the mails.
    name: String,
}

impl Mailer {
    pub fn new(
        db: Db,
        clock: SharedClock,
        storage: StorageWatch,
        settings: &MailSettings,
    ) -> Result<Self, MailFault> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(settings.url.expose_secret())
            .map_err(|_| MailFault::Url)?
            .timeout(Some(SEND_TIMEOUT))
            .build();
        Ok(Self {
            name: crate::clock::new_id(clock.now()),
            from: settings.from.parse().map_err(|_| MailFault::From)?,
            outbox: Outbox {
                bell: Wake::default(),
                language: settings.language,
            },
            first_pause: i64::try_from(settings.first_pause.as_millis()).unwrap_or(LONGEST_PAUSE),
            transport,
            storage,
            clock,
            db,
        })
    }

    pub fn outbox(&self) -> Outbox {
        self.outbox.clone()
    }

    /// Sends until stopped.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.send_next().await {
                Ok(true) => {}
                Ok(false) => self.sleep(&stop).await,
                Err(error) => {
                    self.storage.failed("mails cannot be read or marked", &error);
                    self.sleep(&stop).await;
                }
            }
        }
    }

    /// Sends one mail; answers whether there was one.
    async fn send_next(&self) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let Some(mail) = self.db.take_mail(&self.name, now, now + TAKEN).await? else {
            return Ok(false);
        };
        let message = match self.message(&mail) {
            Ok(message) => message,
            Err(error) => {
                tracing::warn!(mail = mail.number, %error, "a mail cannot be written");
                self.db.mail_failed(mail.number, &error, None, now).await?;
                return Ok(true);
            }
        };
        let sent = self.transport.send(message).await;
        let now = self.clock.now();
        match sent {
            Ok(_) => self.mark_sent(&mail).await?,
            Err(error) => {
                let next = (!error.is_permanent() && mail.attempts + 1 < MOST_TRIES)
                    .then(|| now + pause(self.first_pause, mail.attempts));
                tracing::warn!(mail = mail.number, again = next.is_some(), %error, "a mail was not sent");
                self.db
                    .mail_failed(mail.number, &error.to_string(), next, now)
                    .await?;
            }
        }
        Ok(true)
    }

    /// The server has it: whatever storage says at first, it is marked, or it would be sent again.
    async fn mark_sent(&self, mail: &Mail) -> Result<(), StoreError> {
        const TRIES: u32 = 20;
        let mut tries = 0;
        loop {
            let marked = self.db.mail_sent(mail.number, self.clock.now()).await;
            tries += 1;
            match marked {
                Err(error) if tries < TRIES => {
                    tracing::warn!(mail = mail.number, %error, "a sent mail could not be marked");
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                marked => return marked,
            }
        }
    }

    fn message(&self, mail: &Mail) -> Result<Message, String> {
        let to: Mailbox = mail
            .recipient
            .parse()
            .map_err(|error| format!("{}: {error}", mail.recipient))?;
        let id = format!("<{}@{}>", mail.id, self.from.email.domain());
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .message_id(Some(id))
            .subject(mail.subject.clone())
            .header(ContentType::TEXT_PLAIN)
            .body(mail.body.clone())
            .map_err(|error| error.to_string())
    }

    /// Until a mail is due, or the bell rings.
    async fn sleep(&self, stop: &CancellationToken) {
        let due = self.db.next_mail().await.unwrap_or_else(|error| {
            self.storage
                .failed("when the next mail is due is unknown", &error);
            None
        });
        let wait = due.map_or(LONGEST_SLEEP, |due| {
            let left = u64::try_from(due - self.clock.now()).unwrap_or_default();
            Duration::from_millis(left.max(100)).min(LONGEST_SLEEP)
        });
        tokio::select! {
            () = self.outbox.bell.heard() => {}
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// After so many tries.
fn pause(first: UnixMillis, attempts: i64) -> UnixMillis {
    let doubled = first << attempts.clamp(0, 10);
    doubled.min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::pause;

    #[test]
    fn pauses_double_up_to_an_hour() {
        let pauses = [0, 1, 2, 9, 40].map(|attempts| pause(30_000, attempts));
        assert_eq!(pauses, [30_000, 60_000, 120_000, 3_600_000, 3_600_000]);
    }
}
