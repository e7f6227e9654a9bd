//! Drift: what Apple says and what Pomona says, where they differ (S5, S6).
//!
//! Apple is always right about who has a licence; what drifts is why. A licence that only Apple knows of was given by
//! somebody else, or before Pomona came; one that only Pomona knows of was given here and taken by somebody else.

use crate::{AssetId, Caller, Fault, LocationId, OperationId, Page, PageQuery, UnixMillis, licenses::Holder};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Which of the two knows of a licence that the other does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Apple has it; its origin is unknown here.
    #[default]
    Apple,
    /// Pomona gave it; Apple has it no longer.
    Pomona,
}

names! {
    Side { Apple = "apple", Pomona = "pomona" }
}

/// One app or book of one location on which the two differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftRow {
    pub asset: AssetId,
    pub asset_name: String,
    pub icon: Option<String>,
    pub location: LocationId,
    pub location_name: String,
    /// Licences in use by Apple's count.
    pub apple: i64,
    /// When Apple's count was read.
    pub apple_at: UnixMillis,
    /// Licences in use that were given or adopted here.
    pub pomona: i64,
    /// When that number last changed; none if nothing was ever given here.
    pub pomona_at: Option<UnixMillis>,
    /// Licences that only Apple knows of.
    pub found: i64,
    /// Licences that only Pomona knows of.
    pub lost: i64,
}

/// One licence that only one side knows of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftHolder {
    pub asset: AssetId,
    pub asset_name: String,
    pub icon: Option<String>,
    pub holder: Holder,
    /// The device's or the person's name, if it is known here.
    pub holder_name: Option<String>,
    pub location_name: String,
    /// When it was found at Apple, or found missing there.
    pub at: UnixMillis,
    /// It is being taken back, or is to be.
    pub releasing: bool,
    /// Who gave it and by which operation, of those that Pomona gave.
    pub given: Option<(OperationId, String)>,
    /// It can be taken back at all.
    pub revocable: bool,
}

/// Which apps and books to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct DriftQuery {
    /// In the app's name.
    pub search: String,
    pub location: Option<LocationId>,
    pub page: PageQuery,
}

/// Which licences to list, of one side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct DriftHolderQuery {
    pub side: Side,
    /// The beginning of a serial number or client user id.
    pub holder: String,
    pub asset: Option<AssetId>,
    pub location: Option<LocationId>,
    pub page: PageQuery,
}

/// Which of the licences that one side alone knows of: one, many or all. At most 100,000 are named one by one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "which")]
pub enum DriftScope {
    Licenses { licenses: Vec<(AssetId, Holder)> },
    Asset { asset: AssetId },
    Location { location: LocationId },
}

/// What is to become of them. Licences that only Apple knows of are given back by a revocation
/// ([`crate::licenses::Revocation::Found`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settling {
    /// Licences that only Apple knows of are taken over as they are; nothing is sent to Apple.
    Adopt,
    /// That Apple no longer has them is accepted; nothing is sent to Apple.
    LetGo,
    /// They are given again, while licences last; the others wait.
    GiveAgain,
}

impl Settling {
    /// Whose licences it is about.
    pub fn side(self) -> Side {
        match self {
            Settling::Adopt => Side::Apple,
            Settling::LetGo | Settling::GiveAgain => Side::Pomona,
        }
    }
}

/// What somebody decides about licences that one side alone knows of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    pub how: Settling,
    pub scope: DriftScope,
}

/// What a settlement would do, before it is confirmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementPreview {
    /// Licences that it is about, at all locations.
    pub licenses: i64,
    /// Apps and books that they are of; the same one of two locations counts twice.
    pub apps: i64,
    /// Of those given again: they would wait for a licence.
    pub wait: i64,
    /// Of those given again: they cannot have one.
    pub cannot: i64,
    /// Of those given again: of books, which can never be taken back (A3).
    pub books: i64,
}

/// What Apple and Pomona differ about: [`crate::Permission::ViewLicenses`] to see it,
/// [`crate::Permission::AssignLicenses`] to settle it.
#[async_trait]
pub trait Drift: Send + Sync {
    /// By app, then location.
    async fn list(&self, caller: &Caller, query: DriftQuery) -> Result<Page<DriftRow>, Fault>;
    /// By app, then holder.
    async fn holders(&self, caller: &Caller, query: DriftHolderQuery) -> Result<Page<DriftHolder>, Fault>;
    /// Nothing is settled. [`crate::Code::NothingChosen`] if there is none of it any more,
    /// [`crate::Code::TooManyChosen`].
    async fn preview(&self, caller: &Caller, what: Settlement) -> Result<SettlementPreview, Fault>;
    /// Starts one operation a location; answers the first. An adoption is done at once.
    /// [`crate::Code::ConfirmationNeeded`] for books, unless they were confirmed; [`crate::Code::NothingChosen`],
    /// [`crate::Code::TooManyChosen`], and for what is given again the fault of the token's state where that does not
    /// allow it (T3).
    async fn settle(
        &self,
        caller: &Caller,
        what: Settlement,
        reason: &str,
        confirmed: bool,
    ) -> Result<OperationId, Fault>;
}
