//! Licences and their ledger: rules L1, L2, R1.

use crate::{
    AppleError, AssetId, Caller, DAY, DeviceId, Fault, LocationId, OperationId, Page, PageQuery, PersonId,
    Serial, UnixMillis, assignments::LicenseKind,
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

    /// Of which kind the licence is.
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
    /// Apple has it.
    Held,
    /// To be taken back, not confirmed.
    Releasing,
    /// Taken back: Apple has it no longer, and the ledger tells of it.
    Released,
    /// Apple refused it, or none was left for an assignment without a waiting list (A8).
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

/// L1: a licence, or what stands for one that is waited for, on its way, or was refused.
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
    /// Since when it is held, waited for or asked for, or failed; taking it back does not change it.
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
    /// Put on the waiting list.
    Queued,
    /// Apple has taken on to give it.
    Requested,
    /// Apple has given it.
    Held,
    /// Apple has taken on to take it back.
    Releasing,
    /// Apple has taken it back.
    Released,
    /// Neither given nor taken back: Apple refused, none was left, or the token was deleted meanwhile.
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
    /// A person's name, "Pomona" for what it does by itself, or "Apple".
    pub actor: String,
    /// May be empty.
    pub reason: String,
    /// None where no operation led to it: Apple acted, the token was deleted, or somebody left the waiting list.
    pub operation: Option<OperationId>,
    /// Apple's `eventId`.
    pub event: Option<String>,
    pub error: Option<AppleError>,
}

/// By what the list is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LicenseSort {
    /// By app, then holder.
    #[default]
    App,
    /// By holder, then app.
    Holder,
}

/// Which licences to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct LicenseQuery {
    /// The beginning of a serial number or client user id.
    pub holder: String,
    /// Those of this person and of the devices whose primary user this is.
    pub person: Option<PersonId>,
    pub asset: Option<AssetId>,
    pub location: Option<LocationId>,
    pub state: Option<LicenseState>,
    /// Those that have this error number of Apple.
    pub error: Option<u32>,
    pub sort: LicenseSort,
    pub page: PageQuery,
}

/// Which lines of the ledger to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct LedgerQuery {
    /// The beginning of a serial number or client user id.
    pub holder: String,
    /// As [`LicenseQuery::person`].
    pub person: Option<PersonId>,
    pub asset: Option<AssetId>,
    pub location: Option<LocationId>,
    pub act: Option<Act>,
    /// What this one led to.
    pub operation: Option<OperationId>,
    pub page: PageQuery,
}

/// R1: what is to be taken back. Books never can. At most 100,000 licences or devices are named one by one; licences
/// that are named go even if Pomona did not give them (S6).
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
    /// All revocable licences of this person, and of the devices whose primary user it is.
    Person {
        person: PersonId,
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
    /// Nobody was asked.
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
    /// For the ledger; at most 500 letters.
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
    /// Those who hold them: devices, and people by each of their Apple Accounts.
    pub holders: i64,
    /// Licences of books and others that cannot be revoked, and stay.
    pub stay: i64,
    /// Locations whose token allows no revoking now, by name, with the licences that stay for that reason.
    #[serde(default)]
    pub barred: Vec<(String, i64)>,
    /// Licences that Pomona did not give, and that stay unless they are asked for too.
    pub unknown: i64,
    /// Of those that would be freed: what assignments would give again at once, or have waited for.
    #[serde(default)]
    pub given_again: i64,
    /// The apps concerned with the number of licences each, by name; at most 100.
    pub apps: Vec<(String, i64)>,
}

/// So long an app goes on to work after its licence is gone (R2): Apple's 30 days.
pub const GRACE: UnixMillis = 30 * DAY;

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

/// Which of them to list.
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

/// Licences and their ledger, for whoever has [`crate::Permission::ViewLicenses`]; taking some back takes
/// [`crate::Permission::RevokeLicenses`].
#[async_trait]
pub trait Licenses: Send + Sync {
    /// What the device with this serial number has.
    async fn of_device(&self, caller: &Caller, serial: &Serial) -> Result<DeviceLicenses, Fault>;
    /// As the query sorts it.
    async fn list(&self, caller: &Caller, query: LicenseQuery) -> Result<Page<LicenseRow>, Fault>;
    /// The newest first.
    async fn ledger(&self, caller: &Caller, query: LedgerQuery) -> Result<Page<LedgerRow>, Fault>;
    /// Those that end first come first.
    async fn macs(&self, caller: &Caller, query: MacGraceQuery) -> Result<Page<MacGrace>, Fault>;
    /// Nothing is taken back. [`crate::Code::NothingChosen`] if nothing of it is held,
    /// [`crate::Code::BookNeverRevoked`] or [`crate::Code::NotRevocable`] if all of it has to stay,
    /// [`crate::Code::TooManyChosen`].
    async fn preview_revocation(
        &self,
        caller: &Caller,
        what: Revocation,
        unknown: UnknownOrigin,
    ) -> Result<RevocationPreview, Fault>;
    /// Starts one operation a location; answers the first. Faults as of the preview, [`crate::Code::OriginUnknown`],
    /// and that of the token's state where it does not allow it (T3); [`crate::Code::FieldsInvalid`] for `reason` and
    /// `hold_minutes`.
    async fn revoke(&self, caller: &Caller, form: RevocationForm) -> Result<OperationId, Fault>;
}
