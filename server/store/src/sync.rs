//! What a full sync writes. A reader never sees half of one: new assets stay invisible, and changed counts stay
//! unwritten, until [`Sync::publish_sync`]. Known assets are touched only where [`Digest`]s say that they differ.

use crate::{Result, licenses::Digest, locations::Fence};
use async_trait::async_trait;
use contract::{
    AssetId, Fault, UnixMillis,
    catalog::ProductType,
    licenses::Holder,
    tokens::{SyncProgress, SyncState},
};
use std::collections::HashSet;

/// An asset's identity at Apple.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetKey {
    pub adam_id: String,
    pub pricing_param: String,
}

/// An asset as Apple lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppleAsset {
    pub key: AssetKey,
    pub product: ProductType,
    pub assigned: i64,
    pub available: i64,
    pub retired: i64,
    pub total: i64,
    pub unlimited: bool,
    pub device_assignable: bool,
    pub revocable: bool,
    pub platforms: Vec<String>,
}

impl AppleAsset {
    /// It has no licences, used or available.
    pub fn is_empty(&self) -> bool {
        !self.unlimited && self.assigned <= 0 && self.available <= 0
    }
}

/// An asset that is stored already.
#[derive(Clone, Debug)]
pub struct KnownAsset {
    pub id: AssetId,
    pub key: AssetKey,
    /// Of the licences that Apple had at the last look; none if operations have changed them since.
    pub digest: Option<Digest>,
}

/// The end of a sync that went well.
#[derive(Clone, Debug)]
pub struct Publish {
    pub finished_at: UnixMillis,
    /// All assets of the location, with Apple's counts.
    pub assets: Vec<(AssetId, AppleAsset)>,
    /// For each asset whose licences were compared.
    pub digests: Vec<(AssetId, Digest)>,
    /// Licences read.
    pub assignments: i64,
    pub added: i64,
    pub removed: i64,
    pub app_errors: i64,
}

/// What [`Sync::correct_licenses`] changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Corrected {
    pub added: i64,
    pub removed: i64,
}

#[async_trait]
pub trait Sync: Send + std::marker::Sync {
    /// Begins a run: state "in progress", a row in the list of runs, and what an interrupted run left (invisible assets
    /// with their licences) is removed. Answers the visible assets.
    async fn begin_sync(&self, fence: &Fence, now: UnixMillis) -> Result<Vec<KnownAsset>>;
    /// How far the run is, until it ends.
    async fn sync_progress(&self, fence: &Fence, progress: SyncProgress) -> Result<()>;
    /// Assets that were deleted here (C4): without licences they stay out of sight.
    async fn deleted_assets(&self, location: &contract::LocationId) -> Result<HashSet<AssetKey>>;
    /// Inserts assets that are not stored yet, invisible, in the order given; what was deleted is so no longer.
    async fn insert_assets(
        &self,
        fence: &Fence,
        assets: &[AppleAsset],
        now: UnixMillis,
    ) -> Result<Vec<AssetId>>;
    /// Licences of invisible assets, as read, of many pages at once; known ones are left as they are. One transaction a call;
    /// the hot path of a first sync (1,000,000 rows).
    async fn insert_found_licenses(
        &self,
        fence: &Fence,
        found: &[(AssetId, Holder)],
        now: UnixMillis,
    ) -> Result<()>;
    /// Makes one asset's licences, visible or not, what Apple has: `holders` is the whole set. In one transaction: licences that
    /// only Apple has become held with unknown origin (ledger: found), also those that waited or had failed here;
    /// licences held here that Apple no longer has are removed (ledger: gone). Requested and releasing ones are left
    /// to their operation. Keeps `digest`.
    async fn correct_licenses(
        &self,
        fence: &Fence,
        asset: AssetId,
        holders: &[Holder],
        now: UnixMillis,
    ) -> Result<Corrected>;
    /// Ends the run in one transaction: assets become visible with Apple's counts, digests are kept, assets that Apple
    /// no longer lists go (with their licences; ledger: gone), the next sync is scheduled. Rows that are the same
    /// are not rewritten (but the moment of counting is).
    async fn publish_sync(&self, fence: &Fence, publish: &Publish) -> Result<()>;
    /// Ends the run with a fault; what was visible stays as it was. The next try comes at `next_at`, unless one was asked
    /// for meanwhile, as by a renewal.
    async fn fail_sync(
        &self,
        fence: &Fence,
        fault: &Fault,
        now: UnixMillis,
        next_at: UnixMillis,
    ) -> Result<()>;
    /// The state of the location's last or running sync.
    async fn sync_state(&self, location: &contract::LocationId) -> Result<SyncState>;
}
