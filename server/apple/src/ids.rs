//! Apple's identifiers as types, so that a serial number cannot stand where a user id belongs.

use std::fmt;

use compact_str::CompactString;
use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::words::PricingParam;

/// Longest identifier accepted; every one Apple is known to send is far shorter.
const MAX_LENGTH: usize = 255;

/// Why a text cannot be an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum IdFault {
    /// Nothing is left after trimming.
    #[error("the identifier is empty")]
    Empty,
    /// More than 255 bytes.
    #[error("the identifier is longer than {MAX_LENGTH} bytes")]
    TooLong,
    /// It holds a control character, or for an `adamId` anything but digits.
    #[error("the identifier holds a character it cannot have")]
    Character,
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(CompactString);

        impl $name {
            /// Takes `text` trimmed.
            ///
            /// # Errors
            /// [`IdFault`] when it is empty, too long or holds a character it cannot have.
            pub fn new(text: &str) -> Result<Self, IdFault> {
                let allowed: fn(char) -> bool = $allowed;
                let text = text.trim();
                if text.is_empty() {
                    Err(IdFault::Empty)
                } else if text.len() > MAX_LENGTH {
                    Err(IdFault::TooLong)
                } else if !text.chars().all(allowed) {
                    Err(IdFault::Character)
                } else {
                    Ok(Self(CompactString::from(text)))
                }
            }

            /// As Apple sent it, which is not checked.
            pub(crate) fn from_apple(text: CompactString) -> Self {
                Self(text)
            }

            /// The identifier as Apple writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }
    };
}

identifier! {
    /// The store's product number of an app or book, decimal digits.
    /// <https://developer.apple.com/documentation/devicemanagement/asset>
    AdamId, |character| character.is_ascii_digit()
}

identifier! {
    /// A device's serial number: the holder of a device licence. Apple does not check that it exists.
    /// <https://developer.apple.com/documentation/devicemanagement/assignment>
    Serial, |character| !character.is_control()
}

identifier! {
    /// The id this MDM chose for a user: the holder of a user licence. Unique among the active users of a
    /// location, never changed, and best not an e-mail address, which may pass to someone else.
    /// <https://developer.apple.com/documentation/devicemanagement/requestuser>
    ClientUserId, |character| !character.is_control()
}

identifier! {
    /// The id of an asynchronous job at Apple, a UUID.
    /// <https://developer.apple.com/documentation/devicemanagement/eventresponse>
    EventId, |character| !character.is_control()
}

/// What identifies an asset of a location. <https://developer.apple.com/documentation/devicemanagement/asset>
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetId {
    /// The store's product number.
    pub adam_id: AdamId,
    /// The quality bought.
    #[serde(rename = "pricingParam")]
    pub pricing: PricingParam,
}

impl AssetId {
    /// The asset of `adam_id` in standard quality, which nearly all are.
    pub fn standard(adam_id: AdamId) -> Self {
        Self {
            adam_id,
            pricing: PricingParam::Stdq,
        }
    }
}

/// Who holds a licence: a device by its serial number or a user by the id given at registration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Holder {
    /// A device licence.
    Device(Serial),
    /// A user licence.
    User(ClientUserId),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_trimmed_and_checked() {
        assert_eq!(
            Serial::new(" C02Y402HLCM6\n").map(|serial| serial.to_string()),
            Ok("C02Y402HLCM6".into())
        );
        assert_eq!(Serial::new("  "), Err(IdFault::Empty));
        assert_eq!(Serial::new("a\u{7}b"), Err(IdFault::Character));
        assert_eq!(ClientUserId::new(&"x".repeat(256)), Err(IdFault::TooLong));
        assert_eq!(AdamId::new("40870978x"), Err(IdFault::Character));
        assert!(AdamId::new("408709785").is_ok());
    }

    #[test]
    fn an_asset_id_is_written_as_apple_writes_it() {
        let asset = AssetId::standard(AdamId::new("408709785").expect("digits"));
        assert_eq!(
            serde_json::to_string(&asset).expect("an id"),
            r#"{"adamId":"408709785","pricingParam":"STDQ"}"#
        );
    }
}
