//! Links that open a device's check-in page, what that page shows, and what is asked for there (P1, P2, P4).

use crate::{Result, operations::NewOperation, plans::Applies};
use async_trait::async_trait;
use contract::{
    AssetId, DeviceId, OperationId, Page, PersonId, RequestId, Serial, UnixMillis,
    assignments::LicenseKind,
    checkin::{OwnRequest, RequestQuery, RequestRow, RequestState},
    devices::{DeviceRow, Platforms},
    licenses::LicenseRow,
};

/// A link that opens a device's check-in page; the secret itself is never stored.
#[derive(Clone, Debug)]
pub struct NewEnrolmentLink {
    /// SHA-256 of the secret.
    pub hash: Vec<u8>,
    pub device: DeviceId,
    pub expires_at: UnixMillis,
}

/// A request for an app, to be written down.
#[derive(Clone, Debug)]
pub struct NewRequest {
    pub id: RequestId,
    pub device: DeviceId,
    pub asset: AssetId,
    pub reason: String,
    pub made_at: UnixMillis,
}

/// How a request was decided.
#[derive(Clone, Debug)]
pub struct Answer {
    pub state: RequestState,
    pub by: String,
    pub at: UnixMillis,
    pub words: String,
    pub operation: Option<OperationId>,
}

/// A device's licence or its user's, and where it stands among those that wait for the app.
#[derive(Clone, Debug)]
pub struct OwnLicense {
    pub license: LicenseRow,
    pub publisher: String,
    pub book: bool,
    /// Place, from 1, and how many wait; none if it does not wait.
    pub place: Option<(i64, i64)>,
}

/// An app or a book that an assignment may bring the device or its user.
#[derive(Clone, Debug)]
pub struct AssignedApp {
    pub app: FoundApp,
    pub book: bool,
    /// It has been asked for, and its licence is not listed yet.
    pub asked: bool,
}

/// An app whose licence was taken back at `at`.
#[derive(Clone, Debug)]
pub struct WithdrawnApp {
    pub id: AssetId,
    pub name: String,
    pub publisher: String,
    pub icon: Option<String>,
    pub at: UnixMillis,
    pub kind: LicenseKind,
    /// The device is to remove it.
    pub removed: bool,
}

/// An app as a device's user finds it.
#[derive(Clone, Debug)]
pub struct FoundApp {
    pub id: AssetId,
    pub name: String,
    pub publisher: String,
    pub icon: Option<String>,
    /// The same in all locations.
    pub adam_id: String,
    pub platforms: Platforms,
    pub free: bool,
}

#[async_trait]
pub trait CheckIn: Send + Sync {
    /// Replaces the device's earlier links. [`crate::StoreError::NotFound`] if there is no such device.
    async fn insert_enrolment_link(&self, link: &NewEnrolmentLink) -> Result<()>;
    /// Whose link it is, if it is neither used nor expired.
    async fn enrolment_link(&self, hash: &[u8], now: UnixMillis) -> Result<Option<DeviceId>>;
    /// Uses the link up. [`crate::StoreError::NotFound`] if it is no longer good.
    async fn use_enrolment_link(&self, hash: &[u8], now: UnixMillis) -> Result<DeviceId>;
    /// Whether this is or was a link, and the device has had no newer one.
    async fn knows_enrolment_link(&self, hash: &[u8]) -> Result<bool>;
    /// A number that browsers of the device's keep: it rises when their sessions end, as they do when the device is gone or
    /// gets another primary user.
    async fn device_sessions(&self, device: &DeviceId) -> Result<i64>;
    /// Ends them. [`crate::StoreError::NotFound`]
    async fn end_device_sessions(&self, device: &DeviceId) -> Result<()>;
    /// Devices whose primary user has this user name or e-mail address, by name; at most 50.
    async fn devices_of_user(&self, email: &str) -> Result<Vec<DeviceRow>>;
    /// The device licences of this serial number, and the user licences of the active person whose device it is alone, by
    /// the app's name; at most 500.
    async fn own_licenses(&self, serial: &Serial) -> Result<Vec<OwnLicense>>;
    /// The active person whose device this is alone.
    async fn device_person(&self, device: &DeviceId) -> Result<Option<PersonId>>;
    /// Apps and books of which a group of the device, of the person whose it is alone, or of that person's devices has a
    /// required or available assignment, and of which there is no licence and none waited for, by name; at most 200. What
    /// comes of it the plan says.
    async fn assigned_apps(&self, device: &DeviceId) -> Result<Vec<AssignedApp>>;
    /// Apps whose licence this serial number or the active person whose device it is alone lost since then, and has not
    /// got back, by name.
    async fn withdrawn(&self, serial: &Serial, since: UnixMillis) -> Result<Vec<WithdrawnApp>>;
    /// Shown apps with device licences whose name or publisher contains `text`, of which neither this serial number nor the
    /// active person whose device it is alone has a licence or waits for one, by name. Those of locations whose licences
    /// the device has come first, then those with free licences.
    async fn apps_to_ask_for(&self, serial: &Serial, text: &str, limit: u32) -> Result<Vec<FoundApp>>;
    /// One of them; none if it is not.
    async fn app_to_ask_for(&self, serial: &Serial, asset: AssetId) -> Result<Option<FoundApp>>;
    /// [`contract::Code::RequestOpen`] if the same is asked for already.
    async fn insert_request(&self, request: &NewRequest) -> Result<()>;
    /// The newest first.
    async fn own_requests(&self, device: &DeviceId, limit: u32) -> Result<Vec<OwnRequest>>;
    /// Open ones oldest first, the others newest first.
    async fn request_list(&self, query: &RequestQuery) -> Result<Page<RequestRow>>;
    async fn request(&self, id: &RequestId) -> Result<Option<RequestRow>>;
    /// Answers whether it was still open; nothing is written if not.
    async fn answer_request(&self, id: &RequestId, answer: &Answer) -> Result<bool>;
    /// The answer, and in the same durable transaction the plan that it applies, as
    /// [`crate::operations::Operations::insert_operations`] does. Answers whether the request was still open; nothing is
    /// written if not.
    async fn answer_with(
        &self,
        id: &RequestId,
        answer: &Answer,
        operations: &[NewOperation],
        plan: Applies<'_>,
    ) -> Result<bool>;
}
