//! The check-in page: what somebody sees of the device in their hand, and what they ask for (P1, P2, P4).

use crate::{
    AssetId, Caller, DeviceId, Fault, OperationId, Page, PageQuery, RequestId, Serial, UnixMillis,
    assignments::{LicenseKind, Prompts, Reason},
    catalog::ProductType,
    devices::Platform,
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Opens the check-in page of one device, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentLink {
    pub device: DeviceId,
    /// The path of the page, with the secret in it.
    pub link: String,
    /// The whole address as a QR code: what is dark, as the `d` of an SVG path, and how many modules a side has.
    pub code: String,
    pub modules: i64,
    /// A day after it was made.
    pub expires_at: UnixMillis,
}

/// The device that a link or a session is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnDevice {
    pub id: DeviceId,
    pub name: String,
    pub serial: Serial,
    pub platform: Platform,
    pub model: String,
}

/// Where an app of this device is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppState {
    /// Offered to this device's user (A4): it can be had now, or waited for.
    Available { free: bool },
    /// The device has its licence, or its user.
    Licensed,
    /// Its user has the licence, and has not joined yet.
    NotJoined,
    /// Asked for at Apple, not confirmed.
    OnItsWay,
    /// No licence is free; `place` counts from 1.
    Waiting { place: i64, of: i64 },
    /// Taken back; on the device it goes on to work until then, at the latest.
    Withdrawn { until: UnixMillis },
    /// Taken back and no longer meant for the device, which nothing removes it from without an MDM: it goes on to work until
    /// then, at the latest.
    NotMeant { until: UnixMillis },
    /// To be taken back, not confirmed.
    Leaving,
    /// Apple refused; somebody has to look at it.
    Failed,
    /// It is meant for this device, which cannot have it.
    Cannot { reason: Reason },
}

/// An app or a book as the page of a device shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnApp {
    pub id: AssetId,
    pub name: String,
    pub publisher: String,
    pub icon: Option<String>,
    pub product: ProductType,
    pub state: AppState,
    /// The licence that it is or would be.
    pub kind: LicenseKind,
    /// What the device's user will be asked (A9), if anything is to come.
    pub prompts: Option<Prompts>,
    /// It is to be installed, once an MDM is attached to do it.
    #[serde(default)]
    pub to_install: bool,
    /// Since when it is held, waited for or asked for, or when it was withdrawn; 0 where there is no licence to tell
    /// of.
    pub since: UnixMillis,
    /// How it stands for each of the person's Apple Accounts, if there are several (A2): `state` is the best of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<OwnAccount>,
}

/// One of the Apple Accounts of the device's user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnAccount {
    /// The Managed Apple Account; empty for the one that accepts the invitation.
    pub managed: String,
    pub state: AppState,
}

/// What has become of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// Nobody has answered.
    #[default]
    Open,
    /// The licence was given then, or was there already.
    Approved,
    Refused,
}

names! {
    RequestState { Open = "open", Approved = "approved", Refused = "refused" }
}

/// A request as the one who made it sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnRequest {
    pub asset_name: String,
    pub icon: Option<String>,
    pub state: RequestState,
    pub made_at: UnixMillis,
    /// Why it was refused, in somebody's words; may be empty.
    pub answer: String,
}

impl OwnRequest {
    /// Letters of its reason.
    pub const LONGEST_REASON: i64 = 500;
}

/// Where the device's user joins, so that user licences can be used (M2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnInvitation {
    pub location_name: String,
    /// Apple's page.
    pub link: String,
}

/// The check-in page of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnPage {
    pub device: OwnDevice,
    /// Invitations that wait to be accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invitations: Vec<OwnInvitation>,
    /// First what has a licence or waits for one, then what assignments bring, then what was withdrawn; each by name.
    pub apps: Vec<OwnApp>,
    /// The newest first; at most [`OwnPage::REQUESTS`].
    pub requests: Vec<OwnRequest>,
    /// Why no app can be asked for, if none can.
    #[serde(default)]
    pub cannot_ask: Option<Reason>,
}

impl OwnPage {
    /// Requests shown.
    pub const REQUESTS: u32 = 20;
}

/// What `/checkin` shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckInView {
    /// The browser is this device's.
    Device(OwnPage),
    /// Somebody is signed in: their devices, to choose from.
    Choose(Vec<OwnDevice>),
    /// Neither: the page says how it is opened.
    Stranger,
}

/// An app that can be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    pub id: AssetId,
    pub name: String,
    pub publisher: String,
    pub icon: Option<String>,
    /// Apple counts one as available that is not on its way to somebody. It may be kept for a group (A12).
    pub free: bool,
}

/// What the device in somebody's hand may do. Nothing here says anything about another device.
#[async_trait]
pub trait CheckIn: Send + Sync {
    /// The device that a link is for; it stays good. [`crate::Code::EnrolmentLinkInvalid`] if it is used, expired or no
    /// link at all.
    async fn link(&self, secret: &str) -> Result<OwnDevice, Fault>;
    /// Uses the link up: from now on this browser is the device's.
    async fn open(&self, secret: &str) -> Result<(), Fault>;
    /// The same for a device whose user is signed in. [`crate::Code::SignInNeeded`], [`crate::Code::NotFound`] for
    /// somebody else's.
    async fn choose(&self, device: &DeviceId) -> Result<(), Fault>;
    /// Looking at a device's page is a check-in (P3), counted once an hour.
    async fn view(&self) -> Result<CheckInView, Fault>;
    /// Takes an app that is offered (A4): its licence now, or a place on the waiting list.
    /// [`crate::Code::CheckInNeeded`], [`crate::Code::AppRunsElsewhere`], [`crate::Code::NotOffered`].
    async fn take(&self, asset: AssetId) -> Result<(), Fault>;
    /// Apps for this device's platform that it does not have; at most 20. [`crate::Code::CheckInNeeded`],
    /// [`crate::Code::DeviceUserEnrolled`].
    async fn find(&self, text: &str) -> Result<Vec<Wanted>, Fault>;
    /// One open request for an app at a time: [`crate::Code::RequestOpen`]. [`crate::Code::CheckInNeeded`],
    /// [`crate::Code::DeviceUserEnrolled`], [`crate::Code::AppRunsElsewhere`], [`crate::Code::AppHere`];
    /// [`crate::Code::FieldsInvalid`] for a `reason` that is missing or longer than [`OwnRequest::LONGEST_REASON`].
    async fn ask(&self, asset: AssetId, reason: &str) -> Result<(), Fault>;
    /// This browser is no longer the device's.
    async fn leave(&self) -> Result<(), Fault>;
}

impl RequestRow {
    /// Letters of its answer.
    pub const LONGEST_ANSWER: usize = 500;
}

/// A request as those who answer it see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRow {
    pub id: RequestId,
    pub device: DeviceId,
    pub device_name: String,
    /// It was wiped, or left management: nothing can be given to it.
    #[serde(default)]
    pub device_gone: bool,
    pub serial: Serial,
    /// The device's primary user; empty if it has none.
    pub user_name: String,
    pub asset: AssetId,
    pub asset_name: String,
    pub icon: Option<String>,
    pub location_name: String,
    /// Licences that Apple counts as available and that are not on their way to somebody, those kept for groups (A12) among
    /// them; none if unlimited.
    pub free: Option<i64>,
    /// In the words of whoever asked.
    pub reason: String,
    pub made_at: UnixMillis,
    pub state: RequestState,
    /// Who answered, and when.
    pub answered: Option<(String, UnixMillis)>,
    /// What whoever asked is told; may be empty.
    pub answer: String,
    /// What gives the licence.
    pub operation: Option<OperationId>,
}

/// Which requests to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestQuery {
    /// The open ones come oldest first, the others newest first.
    pub state: RequestState,
    pub page: PageQuery,
}

/// Requests, for those who answer them, and the links that open the check-in page.
#[async_trait]
pub trait Requests: Send + Sync {
    /// Ends the device's earlier links. [`crate::Code::DeviceGone`].
    async fn enrolment_link(&self, caller: &Caller, device: &DeviceId) -> Result<EnrolmentLink, Fault>;
    /// A link that was made, with its code anew.
    async fn with_code(&self, caller: &Caller, link: EnrolmentLink) -> Result<EnrolmentLink, Fault>;
    /// Those in one state, as [`RequestQuery::state`] orders them.
    async fn list(&self, caller: &Caller, query: RequestQuery) -> Result<Page<RequestRow>, Fault>;
    /// Gives the licence now if one is free, else puts the device on the waiting list. Answers no operation if the
    /// device has got it in the meantime. [`crate::Code::RequestAnswered`]; [`crate::Code::DeviceGone`],
    /// [`crate::Code::DeviceUserEnrolled`], [`crate::Code::NotDeviceAssignable`], [`crate::Code::AppHere`] or
    /// [`crate::Code::AppRunsElsewhere`] if it cannot be given.
    async fn approve(&self, caller: &Caller, id: &RequestId) -> Result<Option<OperationId>, Fault>;
    /// `answer` is shown to whoever asked. [`crate::Code::RequestAnswered`]; [`crate::Code::FieldsInvalid`] for one of
    /// more than 500 letters.
    async fn refuse(&self, caller: &Caller, id: &RequestId, answer: &str) -> Result<(), Fault>;
}
