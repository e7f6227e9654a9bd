//! Licences and their ledger: rules L1, L2, R1.

use crate::{
    AppleError, AssetId, Caller, Fault, LocationId, OperationId, Page, PageQuery, Serial, UnixMillis,
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Who has a licence. A device licence is a serial number's, a user licence a VPP user's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    Device(Serial),
    /// Apple's `clientUserId`.
    User(String),
}

impl Holder {
    /// The serial number or the client user id.
    pub fn id(&self) -> &str {
        match self {
            Holder::Device(serial) => serial.as_str(),
            Holder::User(id) => id,
        }
    }
}

/// L1: a licence's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LicenseState {
    /// For want of a free licence.
    Waiting,
    /// Written down or sent to Apple, not confirmed.
    Requested,
    Held,
    /// To be taken back, not confirmed.
    Releasing,
    Released,
    Failed,
}

impl LicenseState {
    pub const ALL: [LicenseState; 6] = [
        LicenseState::Waiting,
        LicenseState::Requested,
        LicenseState::Held,
        LicenseState::Releasing,
        LicenseState::Released,
        LicenseState::Failed,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            LicenseState::Waiting => "waiting",
            LicenseState::Requested => "requested",
            LicenseState::Held => "held",
            LicenseState::Releasing => "releasing",
            LicenseState::Released => "released",
            LicenseState::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Where a licence came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Apple had it when Pomona looked; nobody here gave it (S6).
    Unknown,
    /// Given by an operation here.
    Operation { id: OperationId, by: String },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenseRow {
    pub asset: AssetId,
    pub asset_name: String,
    pub icon: Option<String>,
    pub holder: Holder,
    /// The device's name, if it is known here.
    pub holder_name: Option<String>,
    pub state: LicenseState,
    pub since: UnixMillis,
    pub origin: Origin,
    pub location: LocationId,
    pub location_name: String,
    /// Apple's word on a failure.
    pub error: Option<AppleError>,
    /// Whether it can be taken back at all.
    pub revocable: bool,
}

/// What happened to a licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Seen at Apple, not given by Pomona.
    Found,
    /// No longer at Apple, not taken by Pomona.
    Gone,
    Queued,
    Requested,
    Held,
    Releasing,
    Released,
    Failed,
    /// Held at Apple still, but no longer known here: the token was deleted (T8).
    Forgotten,
}

impl Act {
    pub fn as_str(self) -> &'static str {
        match self {
            Act::Found => "found",
            Act::Gone => "gone",
            Act::Queued => "queued",
            Act::Requested => "requested",
            Act::Held => "held",
            Act::Releasing => "releasing",
            Act::Released => "released",
            Act::Failed => "failed",
            Act::Forgotten => "forgotten",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [
            Act::Found,
            Act::Gone,
            Act::Queued,
            Act::Requested,
            Act::Held,
            Act::Releasing,
            Act::Released,
            Act::Failed,
            Act::Forgotten,
        ]
        .into_iter()
        .find(|act| act.as_str() == text)
    }
}

/// L2: one line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    pub at: UnixMillis,
    pub act: Act,
    pub asset: AssetId,
    pub asset_name: String,
    pub holder: Holder,
    /// A person's name, or "Apple".
    pub actor: String,
    pub reason: String,
    pub operation: Option<OperationId>,
    /// Apple's `eventId`.
    pub event: Option<String>,
    pub error: Option<AppleError>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LicenseSort {
    /// By app, then holder.
    #[default]
    App,
    /// By holder, then app.
    Holder,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct LicenseQuery {
    /// The beginning of a serial number or client user id.
    pub holder: String,
    pub asset: Option<AssetId>,
    pub location: Option<LocationId>,
    pub state: Option<LicenseState>,
    pub sort: LicenseSort,
    pub page: PageQuery,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct LedgerQuery {
    pub holder: String,
    pub asset: Option<AssetId>,
    pub operation: Option<OperationId>,
    pub page: PageQuery,
}

/// R1: what is to be taken back. Books never can.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revocation {
    Licenses {
        licenses: Vec<(AssetId, Holder)>,
    },
    /// All revocable licences of these devices.
    Devices {
        serials: Vec<Serial>,
    },
    /// All licences of this app.
    Asset {
        asset: AssetId,
    },
    /// All licences of this location (T8).
    Location {
        location: LocationId,
    },
}

/// What a revocation would do, before it is confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationPreview {
    /// Licences that would be freed.
    pub licenses: i64,
    pub devices: i64,
    /// Licences of books and others that cannot be revoked, and stay.
    pub stay: i64,
    /// The apps concerned with the number of licences each, by name; at most 100.
    pub apps: Vec<(String, i64)>,
}

#[async_trait]
pub trait Licenses: Send + Sync {
    async fn list(&self, caller: &Caller, query: LicenseQuery) -> Result<Page<LicenseRow>, Fault>;
    async fn ledger(&self, caller: &Caller, query: LedgerQuery) -> Result<Page<LedgerRow>, Fault>;
    async fn preview_revocation(&self, caller: &Caller, what: Revocation)
    -> Result<RevocationPreview, Fault>;
    /// Starts one operation a location; answers the first.
    async fn revoke(&self, caller: &Caller, what: Revocation, reason: &str) -> Result<OperationId, Fault>;
}
