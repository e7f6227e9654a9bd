//! Small values of this installation, by name.

use crate::Result;
use async_trait::async_trait;

#[async_trait]
pub trait Settings: Send + Sync {
    /// None: it was never set.
    async fn setting(&self, name: &str) -> Result<Option<String>>;
    async fn set_setting(&self, name: &str, value: &str) -> Result<()>;
    /// Sets it if it still is what it `was`; answers whether it did.
    async fn change_setting(&self, name: &str, was: Option<&str>, value: &str) -> Result<bool>;
    /// Sets it unless it is set; answers what is there afterwards.
    async fn init_setting(&self, name: &str, value: &str) -> Result<String>;
    /// Answers if the database answers (`/readyz`).
    async fn ping(&self) -> Result<()>;
}
