//! The help desk's one box (H2, first form): a serial number, a device's name, a person, an app, or an Apple error number.

use crate::{
    Caller, Fault, OperationId, Permission, Serial, TokenId, UnixMillis,
    activity::OperationRow,
    catalog::AssetRow,
    devices::DeviceRow,
    licenses::{DeviceErrand, LedgerRow, LicenseRow},
    people::PersonRow,
    tokens::{AccountType, TokenRow, TokenState},
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// What the box found. A group that found nothing is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Of the device with exactly this serial number, or of the only device that fits.
    pub card: Option<DeviceCard>,
    /// Other devices; at most [`Found::MOST`].
    pub devices: Vec<DeviceRow>,
    /// For whoever may see people; at most [`Found::MOST`].
    #[serde(default)]
    pub people: Vec<PersonRow>,
    /// Apps and books; at most [`Found::MOST`].
    pub assets: Vec<AssetRow>,
    /// More devices, people or apps fit than are shown.
    pub more_devices: bool,
    #[serde(default)]
    pub more_people: bool,
    pub more_assets: bool,
    /// Of a text that is a number from 9000 to 9999.
    pub error: Option<ErrorCard>,
}

impl Found {
    /// Rows of one group.
    pub const MOST: usize = 10;

    /// Nothing fits at all.
    pub fn is_empty(&self) -> bool {
        let listed = self.devices.is_empty() && self.people.is_empty() && self.assets.is_empty();
        self.card.is_none() && listed && self.error.is_none()
    }
}

/// A device, its licences, and what is to be done about each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceCard {
    pub serial: Serial,
    /// None if the serial number has licences but no device with it is known here.
    pub device: Option<DeviceRow>,
    /// Its own, and the user licences of the active person whose it is alone (A2). What needs somebody first; at most
    /// [`DeviceCard::MOST`].
    pub licenses: Vec<ExplainedLicense>,
    /// There are more licences than shown.
    pub more: bool,
    /// What it is to do, by the app's name.
    #[serde(default)]
    pub errands: Vec<DeviceErrand>,
    /// The tokens of the locations that these licences are of.
    pub tokens: Vec<TokenRow>,
}

impl DeviceCard {
    /// Licences that are shown.
    pub const MOST: usize = 100;
}

/// A licence with its state's cause, and the next safe step if there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainedLicense {
    pub row: LicenseRow,
    pub cause: Cause,
    /// To be offered to whoever [`Step::needs`] is given.
    pub step: Option<Step>,
}

/// Why a licence is in its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Apple has confirmed it.
    Confirmed,
    /// Apple has it; nobody here gave it (S6).
    GivenElsewhere,
    /// No licence is left; so many holders wait for the app.
    NoneLeft { waiting: i64 },
    /// It waits although licences are free.
    FreeAgain { free: i64 },
    /// Sent, or about to be.
    UnderWay,
    /// To be taken back: sent, or about to be.
    Leaving,
    /// The token's state stops everything at Apple.
    Token { token: TokenState },
    /// The operation has stopped.
    Stopped { fault: Option<Fault> },
    /// Apple refused, for the reason in [`LicenseRow::error`].
    Refused,
    /// It failed without a number from Apple.
    Failed,
}

/// The next safe step: a page on which nothing happens yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Replace an expired, revoked or unknown token with a new file.
    RenewToken { token: TokenId },
    /// Look at a token that another MDM has taken, or that is there twice.
    MendToken { token: TokenId },
    /// Sync the token, so that Apple's side is read again.
    SyncToken { token: TokenId },
    /// Plan the same licence once more.
    TryAgain,
    /// Plan the waiting licence, now that one is free.
    GiveNow,
    /// Take a stopped operation up again.
    Resume { operation: OperationId },
    /// At Apple, for so many that wait.
    Buy { account_type: AccountType, waiting: i64 },
}

impl Step {
    /// Who may take it.
    pub fn needs(&self) -> Permission {
        match self {
            Step::RenewToken { .. } | Step::MendToken { .. } => Permission::ManageTokens,
            Step::SyncToken { .. } => Permission::SyncTokens,
            Step::Resume { .. } => Permission::ResumeOperations,
            Step::TryAgain | Step::GiveNow | Step::Buy { .. } => Permission::AssignLicenses,
        }
    }
}

/// What an Apple error number means to a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// A passing failure at Apple.
    Passing,
    /// Apple asks for patience.
    Wait,
    /// The token must be replaced.
    Token,
    /// The token may not do this.
    Forbidden,
    /// Somebody else manages the location.
    Ownership,
    /// The request will never succeed as it is.
    Request,
    /// Too few licences.
    Shortage,
    /// Program and Apple do not understand each other.
    Protocol,
}

/// An Apple error number. Its cause and remedy are in `app/locales` under `apple_<number>_cause` and
/// `apple_<number>_remedy`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorCard {
    /// Apple's `errorNumber`.
    pub number: u32,
    /// None if the number is not known here.
    pub kind: Option<ErrorKind>,
    /// The HTTP status that it comes with, where Apple documents one.
    pub http_status: Option<u16>,
    /// What has it at this moment.
    pub now: Troubled,
    /// Syncs that failed with it since [`ErrorCard::since`].
    pub failed_syncs: i64,
    /// How many licences failed with it since [`ErrorCard::since`]; counted up to [`ErrorCard::MOST`].
    pub failed: i64,
    /// A week ago.
    pub since: UnixMillis,
    /// The last of them, newest first; at most [`Found::MOST`].
    pub last: Vec<LedgerRow>,
}

/// What stands still, or failed, for an error number of Apple until something is done about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Troubled {
    /// Tokens whose state it is, or whose last sync it failed.
    pub tokens: i64,
    /// Some of them, by name; at most [`Found::MOST`].
    pub first_tokens: Vec<TokenRow>,
    /// Operations that stand still or wait for their next try because of it.
    pub operations: i64,
    /// The newest of them; at most [`Found::MOST`].
    pub first_operations: Vec<OperationRow>,
    /// Licences that have it; counted up to [`ErrorCard::MOST`].
    pub licenses: i64,
}

impl ErrorCard {
    /// What is counted, up to here.
    pub const MOST: i64 = 10_000;
}

/// The box itself, for whoever has [`crate::Permission::UseHelpDesk`].
#[async_trait]
pub trait HelpDesk: Send + Sync {
    /// An empty text finds nothing.
    async fn search(&self, caller: &Caller, text: &str) -> Result<Found, Fault>;
}
