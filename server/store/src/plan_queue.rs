//! Assets that wait to be planned, since something changed that their plans depend on.

use crate::{Result, locations::Fence};

use async_trait::async_trait;
use contract::{AssetId, LocationId, UnixMillis};

/// An asset to be planned, with the stamp of the newest cause.
pub type Queued = (AssetId, i64);

#[async_trait]
pub trait PlanQueue: Send + Sync {
    /// Has the assets planned that groups with other members are assigned; answers whether there were such groups.
    async fn queue_changed_groups(&self) -> Result<bool>;
    /// Those of the location that may be planned now, at most `limit`; not those whose counts are in doubt.
    async fn assets_to_plan(&self, location: &LocationId, now: UnixMillis, limit: u32)
    -> Result<Vec<Queued>>;
    /// These have been planned, as far as nothing has come since.
    async fn planned(&self, fence: &Fence, queued: &[Queued]) -> Result<()>;
    /// This asset waits until then, with those that were refused what they drew from it (A12), or all of the location do.
    async fn plan_later(&self, fence: &Fence, asset: Option<AssetId>, not_before: UnixMillis) -> Result<()>;
}
