//! What programs that share one database (O1) tell one another at once, without keeping it.

use crate::Result;
use async_trait::async_trait;

/// Bytes that one message may have.
pub const LONGEST_MESSAGE: usize = 7_900;

/// What [`Ear::heard`] answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Message(String),
    /// Messages may have been missed.
    Gap,
}

/// Hears what is told from the moment it was had.
#[async_trait]
pub trait Ear: Send {
    /// Waits for the next message, of this program's too. After an error it may be asked again.
    async fn heard(&mut self) -> Result<Heard>;
}

#[async_trait]
pub trait Replicas: Send + Sync {
    /// None where a database belongs to one program alone.
    async fn listen(&self) -> Result<Option<Box<dyn Ear>>>;
    /// Tells everybody who listens, in this order; each message of [`LONGEST_MESSAGE`] bytes at most.
    async fn tell(&self, messages: &[String]) -> Result<()>;
}
