//! Small values of this installation, by name.

use crate::Result;
use async_trait::async_trait;

#[async_trait]
pub trait Settings: Send + Sync {
    async fn setting(&self, name: &str) -> Result<Option<String>>;
    async fn set_setting(&self, name: &str, value: &str) -> Result<()>;
    /// Sets it unless it is set; answers what is there afterwards.
    async fn init_setting(&self, name: &str, value: &str) -> Result<String>;
    /// Answers if the database answers (`/readyz`).
    async fn ping(&self) -> Result<()>;
}
