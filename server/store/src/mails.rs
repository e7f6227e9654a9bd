//! What is to be mailed: written in the transaction of what it tells, sent by whoever takes it, at least once.

use crate::Result;
use async_trait::async_trait;
use contract::UnixMillis;

/// A mail to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMail {
    /// A UUID: each try has it in its `Message-ID`, so that a mail that comes twice is known as one.
    pub id: String,
    /// What it is about, such as `invitation/7/code`: a second one about the same is not queued.
    pub about: String,
    pub recipient: String,
    pub subject: String,
    /// Plain text.
    pub body: String,
}

/// One that is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub number: i64,
    pub id: String,
    pub recipient: String,
    pub subject: String,
    pub body: String,
    /// Tries that failed.
    pub attempts: i64,
    pub created_at: UnixMillis,
}

#[async_trait]
pub trait Mails: Send + Sync {
    /// Answers how many were queued: not those about something that was mailed already.
    async fn queue_mails(&self, mails: &[NewMail], now: UnixMillis) -> Result<u64>;
    /// The first that is due and nobody else's, for `owner` alone until `until`. A durable commit.
    async fn take_mail(&self, owner: &str, now: UnixMillis, until: UnixMillis) -> Result<Option<Mail>>;
    /// The mail server has it. A durable commit.
    async fn mail_sent(&self, number: i64, now: UnixMillis) -> Result<()>;
    /// Not sent, with the server's words: to be tried at `not_before`, or given up.
    async fn mail_failed(
        &self,
        number: i64,
        error: &str,
        not_before: Option<UnixMillis>,
        now: UnixMillis,
    ) -> Result<()>;
    /// When the next one is due.
    async fn next_mail(&self) -> Result<Option<UnixMillis>>;
    /// Forgets those that ended before `at`.
    async fn delete_mails_before(&self, at: UnixMillis) -> Result<u64>;
}
