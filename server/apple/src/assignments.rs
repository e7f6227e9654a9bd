//! Assignments: who holds a licence of what, as Apple confirmed it.
//! <https://developer.apple.com/documentation/devicemanagement/get-assignments>

use compact_str::CompactString;
use serde::Deserialize;

use crate::ids::{AdamId, AssetId, ClientUserId, Holder, Serial};
use crate::lenient;
use crate::reply::{List, Record, asset_id};
use crate::walk::Query;
use crate::words::{PricingParam, UserStatus};

/// One licence held.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Assignment {
    /// Of what.
    pub asset: AssetId,
    /// By whom.
    pub holder: Holder,
    /// Where the user stands; only with [`AssignmentFilter::user_state`].
    pub user_status: Option<UserStatus>,
    /// A hash of the user's Apple Account; only with [`AssignmentFilter::user_state`].
    pub id_hash: Option<String>,
}

/// Which assignments are wanted; the default is all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AssignmentFilter {
    /// Only of this product.
    pub adam_id: Option<AdamId>,
    /// Only of this quality.
    pub pricing: Option<PricingParam>,
    /// Only of this holder.
    pub holder: Option<Holder>,
    /// Only what changed since this version, the first of an earlier walk. Apple does not document how it
    /// shows what was taken back since: take the answer as "something changed".
    pub since_version: Option<String>,
    /// Leave out what retired users hold.
    pub only_active_users: bool,
    /// Have the user's status and the hash of the Apple Account added.
    pub user_state: bool,
}

impl AssignmentFilter {
    pub(crate) fn query(&self) -> Query {
        let (serial, user) = match &self.holder {
            Some(Holder::Device(serial)) => (Some(serial.to_string()), None),
            Some(Holder::User(user)) => (None, Some(user.to_string())),
            None => (None, None),
        };
        let pairs = [
            ("adamId", self.adam_id.as_ref().map(ToString::to_string)),
            ("pricingParam", self.pricing.as_ref().map(ToString::to_string)),
            ("serialNumber", serial),
            ("clientUserId", user),
            ("sinceVersionId", self.since_version.clone()),
            (
                "excludeInactiveUsers",
                self.only_active_users.then(|| "true".to_owned()),
            ),
            ("includeUserState", self.user_state.then(|| "true".to_owned())),
        ];
        pairs
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
            .collect()
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct WireAssignment {
    #[serde(deserialize_with = "lenient::text")]
    adam_id: Option<CompactString>,
    #[serde(deserialize_with = "lenient::text")]
    pricing_param: Option<CompactString>,
    #[serde(deserialize_with = "lenient::text")]
    serial_number: Option<CompactString>,
    #[serde(deserialize_with = "lenient::text")]
    client_user_id: Option<CompactString>,
    #[serde(deserialize_with = "lenient::text")]
    user_status: Option<CompactString>,
    #[serde(deserialize_with = "lenient::string")]
    id_hash: Option<String>,
}

impl Record for Assignment {
    type Wire = WireAssignment;
    const LIST: List = List::Assignments;

    fn from_wire(wire: WireAssignment) -> Option<Self> {
        let holder = match (wire.serial_number, wire.client_user_id) {
            (Some(serial), _) => Holder::Device(Serial::from_apple(serial)),
            (None, Some(user)) => Holder::User(ClientUserId::from_apple(user)),
            (None, None) => return None,
        };
        Some(Assignment {
            asset: asset_id(wire.adam_id, wire.pricing_param)?,
            holder,
            user_status: wire.user_status.as_deref().map(UserStatus::from),
            id_hash: wire.id_hash,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Assignment> {
        Assignment::from_wire(serde_json::from_str(json).expect("an assignment"))
    }

    #[test]
    fn a_holder_is_a_device_or_a_user() {
        let device = read(r#"{"adamId":408709785,"pricingParam":"PLUS","serialNumber":"C02Y402HLCM6"}"#);
        let device = device.expect("an assignment");
        assert_eq!(device.asset.adam_id.as_str(), "408709785");
        assert_eq!(device.asset.pricing, PricingParam::Plus);
        assert_eq!(
            device.holder,
            Holder::Device(Serial::new("C02Y402HLCM6").expect("a serial"))
        );
        let user =
            read(r#"{"adamId":"1","serialNumber":"","clientUserId":7,"userStatus":"Retired","idHash":"x="}"#);
        let user = user.expect("an assignment");
        assert_eq!(user.holder, Holder::User(ClientUserId::new("7").expect("an id")));
        assert_eq!(user.user_status, Some(UserStatus::Retired));
        assert_eq!(user.asset.pricing, PricingParam::Stdq);
    }

    #[test]
    fn one_without_holder_or_asset_is_left_out() {
        assert_eq!(read(r#"{"adamId":"1","groupId":"g"}"#), None);
        assert_eq!(read(r#"{"serialNumber":"s"}"#), None);
    }

    #[test]
    fn the_filter_is_written_as_apple_reads_it() {
        let filter = AssignmentFilter {
            holder: Some(Holder::Device(Serial::new("S1").expect("a serial"))),
            user_state: true,
            ..Default::default()
        };
        assert_eq!(
            filter.query(),
            [
                ("serialNumber", "S1".to_owned()),
                ("includeUserState", "true".to_owned())
            ]
        );
    }
}
