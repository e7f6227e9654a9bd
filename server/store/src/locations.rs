//! Locations and their lease: one worker at a time does everything for a location.

use crate::Result;
use async_trait::async_trait;
use contract::{LocationId, UnixMillis};

/// Proof that this worker holds the location. Every write of a worker carries it and answers
/// [`crate::StoreError::Fenced`] if another worker took over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    pub location: LocationId,
    /// The worker's own name, new at each start.
    pub owner: String,
    /// Counts up each time the lease changes hands.
    pub epoch: i64,
}

/// A location that a worker has just leased.
#[derive(Clone, Debug)]
pub struct Leased {
    pub fence: Fence,
    pub location: Location,
    /// A sync is due or was asked for.
    pub sync_due: bool,
    /// An open batch may be sent or polled now.
    pub operations_due: bool,
    /// The store is to be asked again what it says of the assets.
    pub describe_due: bool,
}

/// A location as Apple says it is.
#[derive(Clone, Debug)]
pub struct Location {
    pub id: LocationId,
    /// Apple's `uId`.
    pub uid: String,
    pub name: String,
    /// ISO alpha-2 of the organisation's store, upper case.
    pub country: String,
    /// Apple's `defaultPlatform`: `enterprisestore` or `volumestore`.
    pub platform: String,
    /// Apple's `mdmInfo` as last seen: id, name, metadata.
    pub owner: Option<(String, String, String)>,
}

#[async_trait]
pub trait Locations: Send + Sync {
    async fn location(&self, id: &LocationId) -> Result<Option<Location>>;
    /// By Apple's `uId`.
    async fn location_by_uid(&self, uid: &str) -> Result<Option<Location>>;

    /// Leases one location that has something to do at `now` (sync queued or due, metadata due, an open batch whose
    /// `not_before` has passed) and whose lease is free or expired; the longest unattended first. What its tokens' states
    /// allow counts (the table in `contract::tokens`); a sync that was asked for always does, unless the location has two
    /// tokens.
    async fn lease_next(&self, owner: &str, now: UnixMillis, until: UnixMillis) -> Result<Option<Leased>>;
    /// The earliest moment after `now` at which some unleased location will have something to do.
    async fn next_due(&self, now: UnixMillis) -> Result<Option<UnixMillis>>;
    /// The lease lasts until then.
    async fn renew_lease(&self, fence: &Fence, until: UnixMillis) -> Result<()>;
    /// Gives the lease back: any worker may take it at once.
    async fn release_lease(&self, fence: &Fence) -> Result<()>;

    /// What Apple's answers say of the location; written only where it differs. T7: tokens whose country was the
    /// location's follow it to another one, and all metadata is read again.
    async fn note_location(&self, fence: &Fence, location: &Location) -> Result<()>;
}
