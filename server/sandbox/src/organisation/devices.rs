//! Generated devices; a demo imports them so that the serials at Apple have devices behind them.

use serde::Serialize;

use super::Organisation;
use crate::random::mix;

/// A device's operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Platform {
    /// iPhone.
    #[serde(rename = "iOS")]
    Ios,
    /// iPad.
    #[serde(rename = "iPadOS")]
    IpadOs,
    /// Mac.
    #[serde(rename = "macOS")]
    MacOs,
    /// Apple TV.
    #[serde(rename = "tvOS")]
    TvOs,
}

impl Platform {
    /// The name that assets use, which know no iPadOS.
    pub fn asset_platform(self) -> &'static str {
        match self {
            Self::Ios | Self::IpadOs => "iOS",
            Self::MacOs => "macOS",
            Self::TvOs => "tvOS",
        }
    }
}

/// A device of an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GeneratedDevice {
    /// Index of its location.
    pub location: u32,
    /// Name.
    pub name: String,
    /// 10 or 12 characters, unique within the organisation.
    pub serial_number: String,
    /// Operating system.
    pub platform: Platform,
    /// Model.
    pub model: &'static str,
    /// Version of the operating system.
    pub os_version: String,
}

/// Characters of serials: no vowels and none that are mistaken for another, but for A, E and Y.
const ALPHABET: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'L', 'M',
    'N', 'P', 'Q', 'R', 'T', 'V', 'W', 'X', 'Y', 'Z', 'B',
];

/// The n-th serial of a seed; no two of the first 2^30 are alike.
pub fn serial_number(seed: u64, index: u32) -> String {
    let roll = mix(seed ^ 0x5e41a1, 0);
    // Multiplying by an odd number permutes 30 bits, which six characters write.
    let body = (u64::from(index).wrapping_mul(0x2545_f491) ^ roll) & 0x3fff_ffff;
    let plant = ["C0", "DM", "F9", "GG", "H4", "L3"];
    let plant = plant
        .get(usize::try_from(roll % 6).unwrap_or(0))
        .copied()
        .unwrap_or("C0");
    let tail = mix(seed, u64::from(index));
    let tail_length = if tail.is_multiple_of(3) { 4 } else { 2 };
    let mut serial = plant.to_owned();
    serial.extend((0..6).filter_map(|place| character(body >> (5 * place))));
    serial.extend((0..tail_length).filter_map(|place| character(tail >> (5 * place + 8))));
    serial
}

fn character(bits: u64) -> Option<char> {
    ALPHABET.get(usize::try_from(bits & 31).ok()?).copied()
}

impl Organisation {
    /// All devices, in the order of their locations.
    pub fn devices(&self) -> impl Iterator<Item = GeneratedDevice> + '_ {
        (0..self.devices).map(|index| self.device(index))
    }

    /// The devices of a location.
    pub fn devices_of(&self, location: u32) -> impl Iterator<Item = GeneratedDevice> + '_ {
        let start = self.first_device(location);
        let end = self.first_device(location + 1);
        (start..end).map(|index| self.device(index))
    }

    /// How many devices a location has.
    pub(super) fn device_count_at(&self, location: u32) -> u32 {
        self.first_device(location + 1) - self.first_device(location)
    }

    /// Devices are spread evenly, so that a location's are consecutive.
    fn first_device(&self, location: u32) -> u32 {
        let first = u64::from(self.devices) * u64::from(location) / u64::from(self.locations.max(1));
        u32::try_from(first).unwrap_or(self.devices)
    }

    /// The last location whose first device is not behind this one.
    fn location_of_device(&self, index: u32) -> u32 {
        let locations = u64::from(self.locations.max(1));
        let location = ((u64::from(index) + 1) * locations - 1) / u64::from(self.devices.max(1));
        u32::try_from(location).unwrap_or(0)
    }

    fn device(&self, index: u32) -> GeneratedDevice {
        let roll = mix(self.seed ^ 0xdef1ce, u64::from(index));
        let (platform, name, model) = match roll % 20 {
            0..=10 => (
                Platform::IpadOs,
                "iPad",
                ["iPad (10th generation)", "iPad Air (M3)"],
            ),
            11..=13 => (
                Platform::Ios,
                "iPhone",
                ["iPhone SE (3rd generation)", "iPhone 16e"],
            ),
            14..=18 => (Platform::MacOs, "Mac", ["MacBook Air (M3)", "Mac mini (M4)"]),
            _ => (Platform::TvOs, "Apple TV", ["Apple TV 4K", "Apple TV 4K (Wi-Fi)"]),
        };
        let major = if (roll >> 8).is_multiple_of(4) { 18 } else { 26 };
        // macOS 15 is the sibling of iOS 18.
        let major = if platform == Platform::MacOs && major == 18 {
            15
        } else {
            major
        };
        let [first, second] = model;
        GeneratedDevice {
            location: self.location_of_device(index),
            name: format!("{name} {:05}", index + 1),
            serial_number: serial_number(self.seed, index),
            platform,
            model: if (roll >> 16).is_multiple_of(2) {
                first
            } else {
                second
            },
            os_version: format!("{major}.{}", (roll >> 24) % 6),
        }
    }
}
