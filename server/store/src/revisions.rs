//! Whether anything was written since.

use crate::Result;
use async_trait::async_trait;

/// The state that readers saw at one moment. While it stays the same, for one open [`crate::Db`], nobody committed
/// anything, in this program or in another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision(pub(crate) String);

#[async_trait]
pub trait Revisions: Send + Sync {
    /// None where it cannot be told.
    async fn revision(&self) -> Result<Option<Revision>>;
}
