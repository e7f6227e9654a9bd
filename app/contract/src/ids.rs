//! Identifiers as types, so that one cannot stand in for another.

use crate::{Code, Fault};
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The id as text: a UUIDv7 in its hyphenated form, but for the names of the built-in groups.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    )+};
}

uuid_id!(
    /// Somebody who signs in.
    AccountId,
    /// A device that Pomona knows.
    DeviceId,
    /// A group of people or of devices.
    GroupId,
    /// Apple's organizational unit, as Pomona's own id (Apple's is the `uId`).
    LocationId,
    /// A job at Apple that Pomona carries out: an assignment or a revocation.
    OperationId,
    /// A migration of user licences to devices.
    MoveId,
    /// Somebody whom the organisation knows: who uses devices and is given licences.
    PersonId,
    /// A saved plan.
    PlanId,
    /// Somebody's wish for an app on their device.
    RequestId,
    /// What a directory shows to write people and groups by SCIM.
    ScimTokenId,
    /// An uploaded content token.
    TokenId,
);

/// An asset of one location: an app or a book identified at Apple by `adamId` and `pricingParam`. A small integer, since
/// a location can have a million licences that name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AssetId(pub i64);

impl fmt::Display for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A device's serial number as Apple types it: upper case, 8 to 14 letters and digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Serial(String);

impl Serial {
    /// Trims and upper-cases `text`; refused are an empty text, other signs than letters and digits, and lengths that no
    /// Apple serial number has.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let serial = text.trim().to_ascii_uppercase();
        let fits = (8..=14).contains(&serial.len()) && serial.bytes().all(|b| b.is_ascii_alphanumeric());
        if fits {
            Ok(Self(serial))
        } else {
            Err(Fault::new(Code::SerialInvalid).with("serial", text.trim()))
        }
    }

    /// In the place of the serial number that a device in user enrolment does not tell (D1): made of its person and its
    /// name, so that it is the same device when it is imported again. Such a device takes no device licence (A3), so that
    /// this never reaches Apple.
    pub fn absent(user_name: &str, name: &str) -> Self {
        Self(format!(
            "~{}/{}",
            user_name.trim().to_lowercase(),
            name.trim().to_lowercase()
        ))
    }

    /// The device does not tell one: this stands in its place.
    pub fn is_absent(&self) -> bool {
        self.0.starts_with('~')
    }

    /// For people to read.
    pub fn shown(&self) -> &str {
        shown_key(&self.0)
    }

    /// A serial number that Apple or our own storage named: taken as it is.
    pub fn known(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As it is stored; people read [`Serial::shown`].
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a person or a device is called by, user name or serial number, for people to read.
pub fn shown_key(key: &str) -> &str {
    if key.starts_with('~') { "–" } else { key }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d1_what_stands_for_a_missing_serial_is_none_and_is_not_shown() {
        let absent = Serial::absent(" Anna.Berg", "Anna’s iPhone ");
        assert_eq!(absent, Serial::absent("anna.berg", "anna’s iphone"));
        assert!(absent.is_absent() && absent.shown() == "–");
        assert!(Serial::parse(absent.as_str()).is_err());
        let told = Serial::known("C02Y402HLCM6");
        assert!(!told.is_absent() && told.shown() == "C02Y402HLCM6");
    }

    #[test]
    fn a_serial_is_trimmed_and_upper_cased() {
        assert_eq!(Serial::parse(" c02y402hlcm6\t").unwrap().as_str(), "C02Y402HLCM6");
    }

    #[test]
    fn what_is_no_serial_is_refused() {
        for text in [
            "",
            "   ",
            "C02",
            "C02Y402HLCM6C02Y402",
            "C02Y-402HLCM",
            "C02Y402HLCMÅ",
            "C02Y 402HLCM",
        ] {
            assert_eq!(
                Serial::parse(text).unwrap_err().code,
                Code::SerialInvalid,
                "{text:?}"
            );
        }
    }
}
