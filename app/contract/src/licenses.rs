//! Licences and their ledger: rules L1, L2, R1.

use crate::{
    AppleError, AssetId, Caller, DeviceId, Fault, LocationId, OperationId, Page, PageQuery, PersonId, Serial,
    UnixMillis, assignments::LicenseKind,
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

    pub fn kind(&self) -> LicenseKind {
        match self {
            Holder::Device(_) => LicenseKind::Device,
            Holder::User(_) => LicenseKind::User,
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

names! {
    LicenseState {
        Waiting = "waiting",
        Requested = "requested",
        Held = "held",
        Releasing = "releasing",
        Released = "released",
        Failed = "failed",
    }
}

/// Where a licence came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Apple had it when Pomona looked; nobody here gave it (S6).
    Unknown,
    /// Given or adopted by an operation here.
    Operation { id: OperationId, by: String },
    /// Never given: this group's assignment wants it, and none was left (A8).
    Assignment { group_name: String },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenseRow {
    pub asset: AssetId,
    pub asset_name: String,
    /// Apple's number of the app or book.
    pub adam_id: String,
    pub icon: Option<String>,
    pub holder: Holder,
    /// The device's or the person's name, if it is known here.
    pub holder_name: Option<String>,
    /// Whose user licence it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// The person has not accepted the invitation yet: the licence cannot be used before.
    #[serde(default)]
    pub not_joined: bool,
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
    /// Found at Apple before, and taken over by somebody here (S6).
    Adopted,
    /// Gone at Apple before, and accepted by somebody here (S5).
    LetGo,
    /// No longer waited for: no assignment wants it any more (A8).
    Withdrawn,
    /// A Mac's app is over: its licence went 30 days before (R2).
    Ended,
}

names! {
    Act {
        Found = "found",
        Gone = "gone",
        Queued = "queued",
        Requested = "requested",
        Held = "held",
        Releasing = "releasing",
        Released = "released",
        Failed = "failed",
        Forgotten = "forgotten",
        Adopted = "adopted",
        LetGo = "let_go",
        Withdrawn = "withdrawn",
        Ended = "ended",
    }
}

/// L2: one line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    pub at: UnixMillis,
    pub act: Act,
    pub asset: AssetId,
    pub asset_name: String,
    pub location_name: String,
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
    /// Those that have this error number of Apple.
    pub error: Option<u32>,
    pub sort: LicenseSort,
    pub page: PageQuery,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct LedgerQuery {
    /// The beginning of a serial number or client user id.
    pub holder: String,
    pub asset: Option<AssetId>,
    pub location: Option<LocationId>,
    pub act: Option<Act>,
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
    /// All licences of this token's location (R1, T8).
    Location {
        location: LocationId,
    },
    /// All licences at this location, of one app or of all, that Pomona did not give (S6).
    Found {
        location: LocationId,
        asset: Option<AssetId>,
    },
}

/// S6: what becomes of licences that Pomona did not give, where a revocation does not name them one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownOrigin {
    #[default]
    Stays,
    /// Somebody was asked, and wants them taken back too.
    Goes,
}

/// A revocation that was confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationForm {
    pub what: Revocation,
    #[serde(default)]
    pub unknown: UnknownOrigin,
    #[serde(default)]
    pub reason: String,
    /// R4: held back for so many minutes, up to [`RevocationForm::LONGEST_HOLD`]; 0 sends it at once.
    #[serde(default)]
    pub hold_minutes: u32,
}

impl RevocationForm {
    /// A week.
    pub const LONGEST_HOLD: u32 = 7 * 24 * 60;

    /// At once, and nothing whose origin is unknown unless it is named.
    pub fn of(what: Revocation) -> Self {
        Self {
            what,
            unknown: UnknownOrigin::Stays,
            reason: String::new(),
            hold_minutes: 0,
        }
    }
}

/// What a revocation would do, before it is confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationPreview {
    /// Licences that would be freed.
    pub licenses: i64,
    pub devices: i64,
    /// Licences of books and others that cannot be revoked, and stay.
    pub stay: i64,
    /// Licences that Pomona did not give, and that stay unless they are asked for too.
    pub unknown: i64,
    /// Of those that would be freed: what assignments would give again at once, or have waited for.
    #[serde(default)]
    pub given_again: i64,
    /// The apps concerned with the number of licences each, by name; at most 100.
    pub apps: Vec<(String, i64)>,
}

/// R2: an app on a Mac whose licence is gone. It goes on until then without updates, and Pomona cannot remove it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MacGrace {
    pub asset: AssetId,
    pub asset_name: String,
    pub icon: Option<String>,
    pub location_name: String,
    pub device: DeviceId,
    pub device_name: String,
    pub serial: Serial,
    pub revoked_at: UnixMillis,
    pub ends_at: UnixMillis,
    /// A licence is free to give.
    pub free: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct MacGraceQuery {
    /// The beginning of a serial number.
    pub holder: String,
    pub asset: Option<AssetId>,
    pub page: PageQuery,
}

/// What a device is to do with an app, once an MDM is attached (A4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceErrand {
    pub asset: AssetId,
    pub asset_name: String,
    pub errand: Errand,
}

/// Stored as a small number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Errand {
    Install,
    Uninstall,
}

/// What a device has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceLicenses {
    /// Its own licences, and the user licences of the active person whose it is alone (A2), by the app's name.
    pub licenses: Vec<LicenseRow>,
    /// By the app's name.
    pub errands: Vec<DeviceErrand>,
}

#[async_trait]
pub trait Licenses: Send + Sync {
    /// What the device with this serial number has.
    async fn of_device(&self, caller: &Caller, serial: &Serial) -> Result<DeviceLicenses, Fault>;
    async fn list(&self, caller: &Caller, query: LicenseQuery) -> Result<Page<LicenseRow>, Fault>;
    async fn ledger(&self, caller: &Caller, query: LedgerQuery) -> Result<Page<LedgerRow>, Fault>;
    /// Those that end first come first.
    async fn macs(&self, caller: &Caller, query: MacGraceQuery) -> Result<Page<MacGrace>, Fault>;
    async fn preview_revocation(
        &self,
        caller: &Caller,
        what: Revocation,
        unknown: UnknownOrigin,
    ) -> Result<RevocationPreview, Fault>;
    /// Starts one operation a location; answers the first.
    async fn revoke(&self, caller: &Caller, form: RevocationForm) -> Result<OperationId, Fault>;
}
