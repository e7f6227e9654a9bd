//! What the store says about assets, apart from the syncs with Apple.

use crate::{Result, locations::Fence, sync::AssetKey};
use async_trait::async_trait;
use contract::{AssetId, UnixMillis, catalog::ProductType};

/// What the store says about an app's metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssetMetadata {
    pub name: String,
    pub publisher: String,
    /// With Apple's placeholders `{w}x{h}bb.{f}`, or complete.
    pub icon: Option<String>,
    pub bundle_id: String,
    pub version: String,
    /// Apple's number of the version: it grows.
    pub external_id: Option<i64>,
    pub price: String,
    pub genre: String,
    pub store_url: Option<String>,
    pub minimum_os: String,
    pub custom: bool,
    /// C5: the store tells it to its owners alone, although it is no custom app.
    pub removed: bool,
}

#[async_trait]
pub trait Metadata: Send + Sync {
    /// Assets, visible or not, whose metadata is missing or older than `older_than`; at most `limit`.
    async fn assets_to_describe(
        &self,
        fence: &Fence,
        older_than: UnixMillis,
        limit: u32,
    ) -> Result<Vec<(AssetId, AssetKey, ProductType, Vec<String>)>>;
    /// The store did not answer for these: they count as looked at at `at`, and keep what is known of them.
    async fn undescribed(&self, fence: &Fence, assets: &[AssetId], at: UnixMillis) -> Result<()>;
    /// All metadata is as it should be; the next look at the store is due at `next_at`.
    async fn described(&self, fence: &Fence, next_at: UnixMillis) -> Result<()>;
    /// Keeps metadata, and each version as it is first seen; `None` where the store has none: the old values stay, with
    /// the first moment at which it was so (T7, C5).
    async fn describe_assets(
        &self,
        fence: &Fence,
        described: &[(AssetId, Option<AssetMetadata>)],
        now: UnixMillis,
    ) -> Result<()>;
}
