//! What every answer of Apple has in common: the envelope around the data, or an error in its place.

use std::fmt;

use compact_str::CompactString;
use serde::de::{DeserializeOwned, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::fault::ErrorInfo;
use crate::ids::{AdamId, AssetId, ClientUserId, Serial};
use crate::words::PricingParam;
use crate::{date, lenient};

/// Who manages a location, as the last one to say so wrote it. Apple enforces nothing: compare `id` with
/// one's own on every answer. <https://developer.apple.com/documentation/devicemanagement/mdminfo>
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize)]
pub struct MdmInfo {
    /// The managing service's unique id for the organisation.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// Anything it likes to add, such as its host name.
    pub metadata: String,
}

/// What Apple says about the location on every answer.
/// <https://developer.apple.com/documentation/devicemanagement/getting-started>
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// The location's unique id (`uId`), the same for all its tokens.
    pub uid: Option<String>,
    /// Who manages the location; `None` while nobody has claimed it.
    pub mdm_info: Option<MdmInfo>,
    /// When the token ends, in unix milliseconds; Apple may leave it out until two weeks before.
    pub token_expires_at: Option<i64>,
}

/// An answer and its envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    /// What was asked for.
    pub body: T,
    /// What Apple says about the location.
    pub envelope: Envelope,
}

impl<T> Answer<T> {
    /// The same answer around another body.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Answer<U> {
        Answer {
            body: change(self.body),
            envelope: self.envelope,
        }
    }
}

/// A key without which an answer means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Missing(pub(crate) &'static str);

/// An answer as it is on the wire: every field optional, a [`Head`] among them (flattened, so that only
/// the few fields of the envelope are buffered and long lists are read straight into their types).
pub(crate) trait Reply: DeserializeOwned {
    type Body;

    fn open(self) -> (Head, Result<Self::Body, Missing>);
}

/// The fields any answer may have. An `errorNumber` makes it an error, whatever the HTTP status.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Head {
    #[serde(deserialize_with = "lenient::error_number")]
    pub error_number: Option<u32>,
    #[serde(deserialize_with = "lenient::string")]
    pub error_message: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub error_info: Option<WireErrorInfo>,
    #[serde(deserialize_with = "lenient::string")]
    u_id: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    mdm_info: Option<WireMdmInfo>,
    #[serde(deserialize_with = "lenient::string")]
    token_expiration_date: Option<String>,
}

impl Head {
    pub(crate) fn into_envelope(self) -> Envelope {
        Envelope {
            uid: self.u_id,
            mdm_info: self.mdm_info.and_then(WireMdmInfo::into_claim),
            token_expires_at: self.token_expiration_date.as_deref().and_then(date::unix_millis),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireMdmInfo {
    #[serde(deserialize_with = "lenient::string")]
    id: Option<String>,
    #[serde(deserialize_with = "lenient::string")]
    name: Option<String>,
    #[serde(deserialize_with = "lenient::string")]
    metadata: Option<String>,
}

impl WireMdmInfo {
    /// An object without any member claims nothing.
    fn into_claim(self) -> Option<MdmInfo> {
        if self.id.is_none() && self.name.is_none() && self.metadata.is_none() {
            return None;
        }
        Some(MdmInfo {
            id: self.id.unwrap_or_default(),
            name: self.name.unwrap_or_default(),
            metadata: self.metadata.unwrap_or_default(),
        })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct WireErrorInfo {
    #[serde(deserialize_with = "lenient::list")]
    assets: Vec<WireAssetId>,
    #[serde(deserialize_with = "lenient::strings")]
    client_user_ids: Vec<String>,
    #[serde(deserialize_with = "lenient::strings")]
    serial_numbers: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireAssetId {
    #[serde(deserialize_with = "lenient::text")]
    adam_id: Option<CompactString>,
    #[serde(deserialize_with = "lenient::text")]
    pricing_param: Option<CompactString>,
}

impl From<WireErrorInfo> for ErrorInfo {
    fn from(wire: WireErrorInfo) -> Self {
        let assets = wire
            .assets
            .into_iter()
            .filter_map(|asset| asset_id(asset.adam_id, asset.pricing_param));
        Self {
            assets: assets.collect(),
            client_user_ids: wire
                .client_user_ids
                .into_iter()
                .map(|id| ClientUserId::from_apple(id.into()))
                .collect(),
            serials: wire
                .serial_numbers
                .into_iter()
                .map(|serial| Serial::from_apple(serial.into()))
                .collect(),
        }
    }
}

/// The identity of an asset; an absent `pricingParam` is standard quality.
pub(crate) fn asset_id(adam_id: Option<CompactString>, pricing: Option<CompactString>) -> Option<AssetId> {
    let pricing = pricing.as_deref().map_or(PricingParam::Stdq, PricingParam::from);
    Some(AssetId {
        adam_id: AdamId::from_apple(adam_id?),
        pricing,
    })
}

/// The name under which an answer has its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    Assets,
    Assignments,
    Users,
}

/// One record of a list; one without the fields that identify it is left out and counted.
pub(crate) trait Record: Sized + Send + 'static {
    type Wire: DeserializeOwned;
    /// Which list of an answer it is in.
    const LIST: List;

    fn from_wire(wire: Self::Wire) -> Option<Self>;
}

/// A list of records, read straight into their final type.
#[derive(Debug, Clone)]
pub(crate) struct Records<T> {
    pub items: Vec<T>,
    pub skipped: u32,
}

impl<T> Default for Records<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            skipped: 0,
        }
    }
}

impl<'de, T: Record> Deserialize<'de> for Records<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(RecordsVisitor(std::marker::PhantomData))
    }
}

struct RecordsVisitor<T>(std::marker::PhantomData<T>);

impl<'de, T: Record> Visitor<'de> for RecordsVisitor<T> {
    type Value = Records<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of records or null")
    }

    fn visit_unit<E>(self) -> Result<Records<T>, E> {
        Ok(Records::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Records<T>, A::Error> {
        let mut records = Records::default();
        while let Some(wire) = sequence.next_element::<Option<T::Wire>>()? {
            match wire.and_then(T::from_wire) {
                Some(item) => records.items.push(item),
                None => records.skipped += 1,
            }
        }
        Ok(records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(json: &str) -> Envelope {
        serde_json::from_str::<Head>(json)
            .expect("an envelope")
            .into_envelope()
    }

    #[test]
    fn absent_null_and_empty_mdm_info_all_mean_unclaimed() {
        for json in [r#"{}"#, r#"{"mdmInfo":null}"#, r#"{"mdmInfo":{}}"#] {
            assert_eq!(envelope(json), Envelope::default());
        }
    }

    #[test]
    fn the_envelope_is_read_in_any_spelling() {
        let read = envelope(
            r#"{"uId":2049025000431439,"tokenExpirationDate":"2030-11-08T22:33:22+0000",
                "mdmInfo":{"id":"a","name":"b","metadata":3,"new":[]}}"#,
        );
        assert_eq!(read.uid.as_deref(), Some("2049025000431439"));
        assert_eq!(read.token_expires_at, Some(1_920_407_602_000));
        assert_eq!(
            read.mdm_info,
            Some(MdmInfo {
                id: "a".into(),
                name: "b".into(),
                metadata: "3".into()
            })
        );
    }
}
