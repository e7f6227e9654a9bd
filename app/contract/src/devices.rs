//! Devices: D1, and D3 as far as "by hand" and CSV go.

use crate::{Caller, DeviceId, Fault, Page, PageQuery, Serial, UnixMillis, csv::CsvPreview};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Which system a device runs (D1).
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
    /// By [`Platform::as_str`].
    pub const NAMES: &[&str] = &["ios", "ipados", "macos", "tvos", "visionos"];
    /// In the order of [`Platform::NAMES`].
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

/// Where an app or a book runs, as far as Apple says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Platforms(u8);

impl Platforms {
    /// A platform that is none of [`Platform::ALL`].
    const OTHER: u8 = 1 << 7;

    /// By Apple's names. Of an asset without any nothing is known.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let names = names.into_iter().filter(|name| !name.is_empty());
        Self(names.fold(0, |all, name| {
            all | Platform::parse(name).map_or(Self::OTHER, Self::bit)
        }))
    }

    /// THE rule of what runs where: an iPad runs what an iPhone does, and while nothing is known, it may run anywhere.
    pub fn suit(self, platform: Platform) -> bool {
        let as_iphone = match platform {
            Platform::IPadOs => Self::bit(Platform::IOs),
            Platform::IOs | Platform::MacOs | Platform::TvOs | Platform::VisionOs => 0,
        };
        self.0 == 0 || self.0 & (Self::bit(platform) | as_iphone) != 0
    }

    const fn bit(platform: Platform) -> u8 {
        1 << platform as u8
    }
}

/// Whose the device is (D1); what its user is asked depends on it (A9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceOwnership {
    #[default]
    Corporate,
    Personal,
}

impl DeviceOwnership {
    /// By [`DeviceOwnership::as_str`].
    pub const NAMES: &[&str] = &["corporate", "personal"];

    /// The name in storage, forms and CSV.
    pub fn as_str(self) -> &'static str {
        match self {
            DeviceOwnership::Corporate => "corporate",
            DeviceOwnership::Personal => "personal",
        }
    }

    /// Any case.
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
    /// The device as a whole is managed.
    #[default]
    Device,
    /// The person's own device, with a Managed Apple Account beside the private one.
    User,
    /// A Shared iPad.
    Shared,
}

impl Enrolment {
    /// By [`Enrolment::as_str`].
    pub const NAMES: &[&str] = &["device", "user", "shared"];
    /// In the order of [`Enrolment::NAMES`].
    pub const ALL: [Enrolment; 3] = [Enrolment::Device, Enrolment::User, Enrolment::Shared];

    /// The name in storage, forms and CSV.
    pub fn as_str(self) -> &'static str {
        match self {
            Enrolment::Device => "device",
            Enrolment::User => "user",
            Enrolment::Shared => "shared",
        }
    }

    /// Any case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|enrolment| enrolment.as_str().eq_ignore_ascii_case(text.trim()))
    }
}

/// A device that is known here (D1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRow {
    pub id: DeviceId,
    pub name: String,
    /// What stands in its place if the device does not tell it ([`Serial::is_absent`]).
    pub serial: Serial,
    pub platform: Platform,
    pub model: String,
    /// Empty if unknown.
    pub os_version: String,
    pub ownership: DeviceOwnership,
    pub supervised: bool,
    pub enrolment: Enrolment,
    /// In single-app mode.
    pub kiosk: bool,
    /// The App Store is blocked.
    pub store_blocked: bool,
    /// The primary user's; empty if there is none.
    pub user_name: String,
    /// Device licences that it holds.
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
    /// If empty, the serial number, or the user name, is taken for it.
    pub name: String,
    /// Empty for a device in user enrolment alone, which then needs a user name (D1).
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
    /// The primary user's, of somebody who need not be known here yet; empty for none.
    pub user_name: String,
    /// As another tool saw it; what is known already only becomes later.
    pub last_check_in: Option<UnixMillis>,
}

/// As it is.
impl From<DeviceRow> for DeviceForm {
    fn from(row: DeviceRow) -> Self {
        Self {
            name: row.name,
            serial: row.serial.to_string(),
            platform: row.platform,
            model: row.model,
            os_version: row.os_version,
            ownership: row.ownership,
            supervised: row.supervised,
            enrolment: row.enrolment,
            kiosk: row.kiosk,
            store_blocked: row.store_blocked,
            user_name: row.user_name,
            last_check_in: row.seen_at,
        }
    }
}

/// By what the list is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceSort {
    #[default]
    Name,
    Serial,
    Added,
}

/// Which devices to list, or to plan for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceQuery {
    /// In the name, the user's name or the model, or the beginning of the serial number.
    pub search: String,
    pub platform: Option<Platform>,
    pub sort: DeviceSort,
    pub page: PageQuery,
}

/// Devices, for whoever has [`crate::Permission::ViewDevices`]; changing what is known of them takes
/// [`crate::Permission::ManageDevices`], ending their browsers' sessions [`crate::Permission::EnrolDevices`].
#[async_trait]
pub trait Devices: Send + Sync {
    /// As the query sorts it.
    async fn list(&self, caller: &Caller, query: DeviceQuery) -> Result<Page<DeviceRow>, Fault>;
    /// As it is known now.
    async fn detail(&self, caller: &Caller, id: &DeviceId) -> Result<DeviceRow, Fault>;
    /// It was wiped or is out of management, or is back: while it is gone, assignments give it nothing.
    async fn set_gone(&self, caller: &Caller, id: &DeviceId, gone: bool) -> Result<(), Fault>;
    /// Browsers that are this device's are so no longer; a new link opens its check-in page again.
    async fn sign_out(&self, caller: &Caller, id: &DeviceId) -> Result<(), Fault>;
    /// By hand. [`crate::Code::FieldsInvalid`], also for a serial number that another device has
    /// ([`crate::Code::SerialTaken`]); a last check-in is not taken from the form.
    async fn add(&self, caller: &Caller, form: DeviceForm) -> Result<DeviceId, Fault>;
    /// What an import would do; nothing is written. [`crate::Code::CsvNoHeader`], [`crate::Code::CsvColumnMissing`],
    /// [`crate::Code::CsvBroken`]; what is wrong with single lines is part of the answer.
    async fn preview_csv(&self, caller: &Caller, text: &str) -> Result<CsvPreview, Fault>;
    /// Imports the good lines; answers the same as the preview, and faults as it does.
    async fn import_csv(&self, caller: &Caller, text: &str) -> Result<CsvPreview, Fault>;
}

#[cfg(test)]
mod tests {
    use super::{Platform::*, *};

    #[test]
    fn each_name_that_a_file_may_have_is_understood() {
        assert_eq!(Platform::ALL.map(Platform::as_str), *Platform::NAMES);
        assert_eq!(Enrolment::ALL.map(Enrolment::as_str), *Enrolment::NAMES);
        let own = |name: &&str| DeviceOwnership::parse(name).map(DeviceOwnership::as_str);
        assert_eq!(
            DeviceOwnership::NAMES.iter().map(own).collect::<Vec<_>>(),
            DeviceOwnership::NAMES
                .iter()
                .copied()
                .map(Some)
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn an_app_suits_the_platforms_it_lists_and_an_ipad_as_an_iphone() {
        let rows: [(&[&str], &[Platform]); 6] = [
            (&["macOS"], &[MacOs]),
            (&["iOS"], &[IOs, IPadOs]),
            (&["iPadOS"], &[IPadOs]),
            (&["iOS", "tvOS"], &[IOs, IPadOs, TvOs]),
            (&[], &Platform::ALL),
            (&["watchOS"], &[]),
        ];
        for (names, suited) in rows {
            let platforms = Platforms::of(names.iter().copied());
            for platform in Platform::ALL {
                let expected = suited.contains(&platform);
                assert_eq!(platforms.suit(platform), expected, "{names:?} {platform:?}");
            }
        }
    }
}
