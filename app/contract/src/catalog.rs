//! Apps and books: rules C1 to C6.

use crate::{AssetId, Caller, Fault, LocationId, Page, PageQuery, UnixMillis};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Apple's `productType`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductType {
    #[default]
    App,
    Book,
}

/// How far an asset's licences go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// No licence is used.
    Unused,
    /// Some are left.
    Enough,
    /// At most one in ten is left.
    Low,
    /// None is left.
    Out,
    /// There are as many as anybody wants.
    Unlimited,
}

names! {
    ProductType { App = "app", Book = "book" }
    Level { Unused = "unused", Enough = "enough", Low = "low", Out = "out", Unlimited = "unlimited" }
}

impl Level {
    /// From the counts of an asset, or the sums over several.
    pub fn of(total: i64, available: i64, unlimited: bool) -> Self {
        match () {
            () if unlimited => Level::Unlimited,
            () if available <= 0 => Level::Out,
            () if available == total => Level::Unused,
            () if available * 10 <= total => Level::Low,
            () => Level::Enough,
        }
    }
}

/// C3: licences of one asset at one location.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Used and available ones; retired ones come on top.
    pub total: i64,
    /// Held by somebody, as far as Apple was heard to say.
    pub used: i64,
    /// As Apple counts: those on their way and those kept for groups (A12) are among them.
    pub available: i64,
    /// No longer usable.
    pub retired: i64,
    /// Sent to Apple, not yet confirmed.
    pub pending: i64,
    /// Holders that wait for a licence.
    pub waiting: i64,
}

/// An app or a book of one location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetRow {
    pub id: AssetId,
    pub location: LocationId,
    pub location_name: String,
    pub product: ProductType,
    /// Apple's `adamId` until the metadata is known.
    pub name: String,
    /// Empty until the store has told it.
    pub publisher: String,
    /// Artwork of 64 points, if there is any.
    pub icon: Option<String>,
    /// As Apple writes them: iOS, macOS, tvOS, watchOS, visionOS.
    pub platforms: Vec<String>,
    /// A custom app, sold to this organisation alone.
    pub custom: bool,
    /// Apple sets no limit: total and available are 0.
    pub unlimited: bool,
    pub counts: Counts,
    /// How many it is assigned to; those that are excluded do not count.
    pub groups: i64,
    pub level: Level,
    /// In the store; empty until it has told it.
    pub version: String,
    /// When the counts were read from Apple.
    pub counted_at: UnixMillis,
    /// Since when the store of the token's country does not have it: not sold there, or gone (C5, T7). What is shown of it
    /// is what was known before, unless it is [`removed`](AssetRow::removed).
    pub missing_since: Option<UnixMillis>,
    /// The store describes it to those who own it still, and to nobody else: it was removed, or is unlisted.
    #[serde(default)]
    pub removed: bool,
}

/// C2: one app or book over all locations that have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductRow {
    /// The first of its assets: the one whose words are shown.
    pub first: AssetId,
    /// Apple's number of the app or book.
    pub adam_id: String,
    pub product: ProductType,
    pub name: String,
    pub publisher: String,
    /// Artwork of 64 points, if there is any.
    pub icon: Option<String>,
    /// As Apple writes them.
    pub platforms: Vec<String>,
    pub custom: bool,
    /// At one location at least.
    pub unlimited: bool,
    /// How many have it.
    pub locations: i64,
    /// Locations whose store does not have it (C5).
    pub missing: i64,
    /// The sums over all locations.
    pub counts: Counts,
    /// How many it is assigned to, each once; those that are excluded do not count.
    pub groups: i64,
    pub level: Level,
    pub version: String,
    /// When the oldest of the counts was read from Apple.
    pub counted_at: UnixMillis,
}

/// A version of an app, and when it was first seen in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRow {
    pub version: String,
    pub seen_at: UnixMillis,
}

/// C1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetDetail {
    pub row: AssetRow,
    pub adam_id: String,
    /// Apple's `pricingParam`: `STDQ`, or `PLUS` for a higher quality.
    pub pricing_param: String,
    /// Empty if the store tells none.
    pub bundle_id: String,
    /// Formatted by Apple for the store, with its currency.
    pub price: String,
    /// The main one, in the store's words; empty if it tells none.
    pub genre: String,
    /// Its page in the store.
    pub store_url: Option<String>,
    /// The oldest version of the system that it runs on; empty if the store tells none.
    pub minimum_os: String,
    /// Apple gives device licences of it.
    pub device_assignable: bool,
    /// Apple says that it can be taken back; books are not, whatever Apple says (A3).
    pub revocable: bool,
    /// Licences that were taken back from here so far (L4).
    pub revoked: i64,
    /// Of those that are available: what assignments keep for their groups (A12), so that nobody else gets it.
    #[serde(default)]
    pub reserved: i64,
    /// When the metadata was read; none if Apple had none.
    pub described_at: Option<UnixMillis>,
    /// The newest first, at most twenty.
    pub versions: Vec<VersionRow>,
}

/// By what the list is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssetSort {
    #[default]
    Name,
    Used,
    Available,
    Total,
}

/// Which apps, or which books, to list (C6).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct AssetQuery {
    pub product: ProductType,
    /// In the name, the publisher, the bundle id, or the whole `adamId`.
    pub search: String,
    pub location: Option<LocationId>,
    /// Apple's word, or empty.
    pub platform: String,
    /// Only custom apps, or only others; none: both.
    pub custom: Option<bool>,
    pub level: Option<Level>,
    /// C5: only what the store does not have.
    pub missing: bool,
    pub sort: AssetSort,
    pub page: PageQuery,
}

/// Apps and books, for whoever has [`crate::Permission::ViewCatalog`]; deleting one takes
/// [`crate::Permission::ManageCatalog`].
#[async_trait]
pub trait Catalog: Send + Sync {
    /// C2: one row for each location that has it.
    async fn list(&self, caller: &Caller, query: AssetQuery) -> Result<Page<AssetRow>, Fault>;
    /// C2: the same list with one row for each app, and its sums. [`AssetQuery::location`] leaves one location's.
    async fn products(&self, caller: &Caller, query: AssetQuery) -> Result<Page<ProductRow>, Fault>;
    /// With what the store says of it. [`crate::Code::NotFound`] also once Apple lists it no more.
    async fn detail(&self, caller: &Caller, id: AssetId) -> Result<AssetDetail, Fault>;
    /// Locations for a filter, id and name, by name: as many as a choice can hold, and always the one that is `chosen`.
    async fn locations(
        &self,
        caller: &Caller,
        chosen: Option<&LocationId>,
    ) -> Result<Vec<(LocationId, String)>, Fault>;
    /// C4: [`crate::Code::AssetInUse`] unless it has no licences, used or available. It comes back when it has some.
    async fn delete(&self, caller: &Caller, id: AssetId) -> Result<(), Fault>;
}
