//! Links that open a device's check-in page, what that page shows, and what is asked for there (P1, P2, P4).

use crate::Result;
use async_trait::async_trait;
use contract::{
    AssetId, DeviceId, OperationId, Page, PersonId, RequestId, Serial, UnixMillis,
    checkin::{OwnRequest, RequestQuery, RequestRow, RequestState},
    devices::DeviceRow,
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

#[derive(Clone, Debug)]
pub struct NewRequest {
    pub id: RequestId,
    pub device: DeviceId,
    pub asset: AssetId,
    pub reason: String,
    pub made_at: UnixMillis,
}

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

/// An app that an assignment offers.
#[derive(Clone, Debug)]
pub struct OfferedApp {
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
}

/// An app as a device's user finds it.
#[derive(Clone, Debug)]
pub struct FoundApp {
    pub id: AssetId,
    pub name: String,
    pub publisher: String,
    pub icon: Option<String>,
    /// `iOS,macOS`; empty while unknown.
    pub platforms: String,
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
    /// Devices whose primary user has this user name or e-mail address, by name; at most 50.
    async fn devices_of_user(&self, email: &str) -> Result<Vec<DeviceRow>>;
    /// The device licences of this serial number, and the user licences of the active person whose device it is alone, by
    /// the app's name; at most 500.
    async fn own_licenses(&self, serial: &Serial) -> Result<Vec<OwnLicense>>;
    /// The active person whose device this is alone.
    async fn device_person(&self, device: &DeviceId) -> Result<Option<PersonId>>;
    /// Apps and books that an assignment offers to the device's user (A4), with a licence that neither the device nor the
    /// person has or waits for, by name; at most 200. Whether the whole plan agrees is found out when one is asked for.
    async fn offered(&self, device: &DeviceId) -> Result<Vec<OfferedApp>>;
    /// Apps whose device licence this serial number lost since then, and has not got back, by name.
    async fn withdrawn(&self, serial: &Serial, since: UnixMillis) -> Result<Vec<WithdrawnApp>>;
    /// Shown apps with device licences whose name or publisher contains `text`, of which this serial number has none and
    /// waits for none, by name.
    async fn apps_to_ask_for(&self, serial: &Serial, text: &str, limit: u32) -> Result<Vec<FoundApp>>;
    /// [`contract::Code::RequestOpen`] if the same is asked for already.
    async fn insert_request(&self, request: &NewRequest) -> Result<()>;
    /// The newest first.
    async fn own_requests(&self, device: &DeviceId, limit: u32) -> Result<Vec<OwnRequest>>;
    /// Open ones oldest first, the others newest first.
    async fn request_list(&self, query: &RequestQuery) -> Result<Page<RequestRow>>;
    async fn request(&self, id: &RequestId) -> Result<Option<RequestRow>>;
    /// Answers whether it was still open; nothing is written if not.
    async fn answer_request(&self, id: &RequestId, answer: &Answer) -> Result<bool>;
}
