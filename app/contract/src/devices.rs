//! Devices: D1, and D3 as far as "by hand" and CSV go.

use crate::{Caller, DeviceId, Fault, Page, PageQuery, Serial, UnixMillis, csv::CsvPreview};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Platform {
    #[default]
    #[serde(rename = "ios")]
    IOs,
    #[serde(rename = "ipados")]
    IPadOs,
    #[serde(rename = "macos")]
    MacOs,
    #[serde(rename = "tvos")]
    TvOs,
    #[serde(rename = "visionos")]
    VisionOs,
}

impl Platform {
    pub const ALL: [Platform; 5] = [
        Platform::IOs,
        Platform::IPadOs,
        Platform::MacOs,
        Platform::TvOs,
        Platform::VisionOs,
    ];

    /// The name in storage, forms and CSV.
    pub fn as_str(self) -> &'static str {
        match self {
            Platform::IOs => "ios",
            Platform::IPadOs => "ipados",
            Platform::MacOs => "macos",
            Platform::TvOs => "tvos",
            Platform::VisionOs => "visionos",
        }
    }

    /// Apple's own spelling.
    pub fn label(self) -> &'static str {
        match self {
            Platform::IOs => "iOS",
            Platform::IPadOs => "iPadOS",
            Platform::MacOs => "macOS",
            Platform::TvOs => "tvOS",
            Platform::VisionOs => "visionOS",
        }
    }

    /// Any case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|platform| platform.as_str().eq_ignore_ascii_case(text.trim()))
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceOwnership {
    #[default]
    Corporate,
    Personal,
}

impl DeviceOwnership {
    pub fn as_str(self) -> &'static str {
        match self {
            DeviceOwnership::Corporate => "corporate",
            DeviceOwnership::Personal => "personal",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Corporate, Self::Personal]
            .into_iter()
            .find(|own| own.as_str().eq_ignore_ascii_case(text.trim()))
    }
}

/// How a device came under management (A3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Enrolment {
    #[default]
    Device,
    /// The person's own device, with a Managed Apple Account beside the private one.
    User,
    /// A Shared iPad.
    Shared,
}

impl Enrolment {
    pub const ALL: [Enrolment; 3] = [Enrolment::Device, Enrolment::User, Enrolment::Shared];

    pub fn as_str(self) -> &'static str {
        match self {
            Enrolment::Device => "device",
            Enrolment::User => "user",
            Enrolment::Shared => "shared",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|enrolment| enrolment.as_str().eq_ignore_ascii_case(text.trim()))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRow {
    pub id: DeviceId,
    pub name: String,
    pub serial: Serial,
    pub platform: Platform,
    pub model: String,
    pub os_version: String,
    pub ownership: DeviceOwnership,
    pub supervised: bool,
    pub enrolment: Enrolment,
    /// In single-app mode.
    pub kiosk: bool,
    /// The App Store is blocked.
    pub store_blocked: bool,
    pub user_name: String,
    pub licenses: i64,
    pub added_at: UnixMillis,
    /// The last check-in, if there was any.
    pub seen_at: Option<UnixMillis>,
    /// When it was wiped, or left management.
    pub left_at: Option<UnixMillis>,
}

/// A device as a form or a CSV line gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceForm {
    pub name: String,
    pub serial: String,
    pub platform: Platform,
    pub model: String,
    pub os_version: String,
    pub ownership: DeviceOwnership,
    pub supervised: bool,
    pub enrolment: Enrolment,
    /// In single-app mode.
    pub kiosk: bool,
    /// The App Store is blocked.
    pub store_blocked: bool,
    pub user_name: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceSort {
    #[default]
    Name,
    Serial,
    Added,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceQuery {
    /// In the name, the user's name or the model, or the beginning of the serial number.
    pub search: String,
    pub platform: Option<Platform>,
    pub sort: DeviceSort,
    pub page: PageQuery,
}

#[async_trait]
pub trait Devices: Send + Sync {
    async fn list(&self, caller: &Caller, query: DeviceQuery) -> Result<Page<DeviceRow>, Fault>;
    async fn detail(&self, caller: &Caller, id: &DeviceId) -> Result<DeviceRow, Fault>;
    /// It was wiped or is out of management, or is back: while it is gone, assignments give it nothing.
    async fn set_gone(&self, caller: &Caller, id: &DeviceId, gone: bool) -> Result<(), Fault>;
    /// Browsers that are this device's are so no longer; a new link opens its check-in page again.
    async fn sign_out(&self, caller: &Caller, id: &DeviceId) -> Result<(), Fault>;
    async fn add(&self, caller: &Caller, form: DeviceForm) -> Result<DeviceId, Fault>;
    async fn preview_csv(&self, caller: &Caller, text: &str) -> Result<CsvPreview, Fault>;
    /// Imports the good lines; answers the same as the preview.
    async fn import_csv(&self, caller: &Caller, text: &str) -> Result<CsvPreview, Fault>;
}
