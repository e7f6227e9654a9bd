//! Cheap checks between two syncs: what Apple's lists were at the last look, and assets that are to be read again.

use crate::{
    Result,
    locations::Fence,
    operations::Pair,
    sync::{AppleAsset, AssetKey, Corrected},
};
use async_trait::async_trait;
use contract::{AssetId, LocationId, UnixMillis, licenses::Holder};

/// Apple's `versionId`s of the lists as they were last read; none: not known, or no longer to be relied on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    pub assets: Option<String>,
    pub assignments: Option<String>,
}

/// When a location is looked at again, and from what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// None before the first sync.
    pub check_at: Option<UnixMillis>,
    pub versions: Versions,
}

/// A shown asset as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stock {
    pub id: AssetId,
    pub asset: AppleAsset,
    /// Apple is at work on some of its licences: its counts may already hold what is still to be confirmed.
    pub in_flight: bool,
}

/// An asset that is to be read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    pub key: AssetKey,
    /// Its holders too, even if their number is right.
    pub holders: bool,
}

#[async_trait]
pub trait Checks: Send + Sync {
    /// [`crate::StoreError::NotFound`]
    async fn watch(&self, location: &LocationId) -> Result<Watch>;
    /// After the lists were read: their versions and the next check. `counts_from` is when reading the counts began, if
    /// they all were taken over: what Apple told before is in them.
    async fn keep_watch(
        &self,
        fence: &Fence,
        versions: &Versions,
        counts_from: Option<UnixMillis>,
        check_at: UnixMillis,
    ) -> Result<()>;
    /// The next check; versions stay.
    async fn check_later(&self, fence: &Fence, check_at: UnixMillis) -> Result<()>;

    /// The shown assets of the location.
    async fn stocks(&self, fence: &Fence) -> Result<Vec<Stock>>;
    /// Of these pairs, the assets of those that are neither held nor being given or taken back.
    async fn assets_lacking(&self, fence: &Fence, pairs: &[Pair]) -> Result<Vec<AssetId>>;

    /// These assets are to be read again.
    async fn add_doubts(&self, fence: &Fence, doubts: &[Doubt], now: UnixMillis) -> Result<()>;
    /// Those that can be settled now, the longest due first: Apple is not at work on their licences. With how often each
    /// was put off by itself.
    async fn doubts(&self, fence: &Fence, now: UnixMillis, limit: u32) -> Result<Vec<(Doubt, i64)>>;
    /// The asset is put off until then, or all of the location are.
    async fn doubt_later(&self, fence: &Fence, key: Option<&AssetKey>, not_before: UnixMillis) -> Result<()>;
    /// Without a change: Apple does not list it.
    async fn drop_doubt(&self, fence: &Fence, key: &AssetKey) -> Result<()>;
    /// In one transaction: the asset as Apple lists it, its licences as [`crate::sync::Sync::correct_licenses`] if
    /// `holders` are given, and no doubt is left. `counts_from` is when reading it began.
    async fn refresh_asset(
        &self,
        fence: &Fence,
        id: AssetId,
        asset: &AppleAsset,
        holders: Option<&[Holder]>,
        counts_from: UnixMillis,
        now: UnixMillis,
    ) -> Result<Corrected>;
    /// In one transaction: an asset that was not known, shown with its holders, and no doubt is left.
    async fn add_asset(
        &self,
        fence: &Fence,
        asset: &AppleAsset,
        holders: &[Holder],
        counts_from: UnixMillis,
        now: UnixMillis,
    ) -> Result<AssetId>;
}
