//! Apple's service config: limits, addresses and error texts, which may change at any time.
//! <https://developer.apple.com/documentation/devicemanagement/service-config>

mod cache;

use std::collections::HashMap;

use serde::Deserialize;

use crate::destination;
use crate::fault::Fault;
use crate::lenient;
use crate::reply::{Head, Missing, Reply};
use crate::words::NotificationType;

pub(crate) use cache::{Effort, ServiceCache};

/// The largest sizes Apple takes; `Default` holds the fallbacks for those it does not name.
/// <https://developer.apple.com/documentation/devicemanagement/serviceconfigresponse/limits>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Unique assets in an associate or disassociate request.
    pub max_assets: u32,
    /// Unique users in an associate or disassociate request.
    pub max_client_user_ids: u32,
    /// Unique serial numbers in an associate or disassociate request.
    pub max_serial_numbers: u32,
    /// Unique users in a revoke request.
    pub max_revoke_client_user_ids: u32,
    /// Unique serial numbers in a revoke request.
    pub max_revoke_serial_numbers: u32,
    /// Users in a create, update or retire request.
    pub max_users: u32,
    /// Characters of the notification address, and of its secret.
    pub max_notification_length: u32,
    /// Characters of [`MdmInfo::name`](crate::MdmInfo::name).
    pub max_mdm_name_length: u32,
    /// Characters of [`MdmInfo::metadata`](crate::MdmInfo::metadata).
    pub max_mdm_metadata_length: u32,
    /// Characters of [`MdmInfo::id`](crate::MdmInfo::id).
    pub max_mdm_id_length: u32,
    /// Requests per second of one location.
    pub max_request_per_second: u32,
}

impl Default for Limits {
    /// Fallbacks, each used only while Apple names no such limit: the sizes of Apple's published example,
    /// and a pace below it.
    fn default() -> Self {
        Self {
            max_assets: 25,
            max_client_user_ids: 1000,
            max_serial_numbers: 1000,
            max_revoke_client_user_ids: 100,
            max_revoke_serial_numbers: 100,
            max_users: 100,
            max_notification_length: 512,
            max_mdm_name_length: 100,
            max_mdm_metadata_length: 255,
            max_mdm_id_length: 100,
            max_request_per_second: 10,
        }
    }
}

impl Limits {
    fn from_named(named: &HashMap<String, u64>) -> Self {
        let fallback = Self::default();
        let limit = |name: &str, fallback: u32| {
            named
                .get(name)
                .and_then(|value| u32::try_from(*value).ok())
                .filter(|value| *value > 0)
                .unwrap_or(fallback)
        };
        Self {
            max_assets: limit("maxAssets", fallback.max_assets),
            max_client_user_ids: limit("maxClientUserIds", fallback.max_client_user_ids),
            max_serial_numbers: limit("maxSerialNumbers", fallback.max_serial_numbers),
            max_revoke_client_user_ids: limit("maxRevokeClientUserIds", fallback.max_revoke_client_user_ids),
            max_revoke_serial_numbers: limit("maxRevokeSerialNumbers", fallback.max_revoke_serial_numbers),
            max_users: limit("maxUsers", fallback.max_users),
            max_notification_length: limit("maxNotificationLength", fallback.max_notification_length),
            max_mdm_name_length: limit("maxMdmNameLength", fallback.max_mdm_name_length),
            max_mdm_metadata_length: limit("maxMdmMetadataLength", fallback.max_mdm_metadata_length),
            max_mdm_id_length: limit("maxMdmIdLength", fallback.max_mdm_id_length),
            max_request_per_second: limit("maxRequestPerSecond", fallback.max_request_per_second),
        }
    }
}

/// An operation by the name under which the service config lists its address.
/// <https://developer.apple.com/documentation/devicemanagement/serviceconfigresponse/urls>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    ClientConfig,
    GetAssets,
    GetAssignments,
    GetUsers,
    AssociateAssets,
    DisassociateAssets,
    RevokeAssets,
    CreateUsers,
    UpdateUsers,
    RetireUsers,
    EventStatus,
    ContentMetadataLookup,
}

impl Endpoint {
    fn key(self) -> &'static str {
        match self {
            Endpoint::ClientConfig => "clientConfig",
            Endpoint::GetAssets => "getAssets",
            Endpoint::GetAssignments => "getAssignments",
            Endpoint::GetUsers => "getUsers",
            Endpoint::AssociateAssets => "associateAssets",
            Endpoint::DisassociateAssets => "disassociateAssets",
            Endpoint::RevokeAssets => "revokeAssets",
            Endpoint::CreateUsers => "createUsers",
            Endpoint::UpdateUsers => "updateUsers",
            Endpoint::RetireUsers => "retireUsers",
            Endpoint::EventStatus => "eventStatus",
            Endpoint::ContentMetadataLookup => "contentMetadataLookup",
        }
    }
}

/// The service config as last read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceConfig {
    /// The largest sizes Apple takes.
    pub limits: Limits,
    /// The kinds of notification one may ask for.
    pub notification_types: Vec<NotificationType>,
    urls: HashMap<String, String>,
    error_messages: HashMap<u32, String>,
}

impl ServiceConfig {
    /// Apple's present words for an error number.
    pub fn error_message(&self, number: u32) -> Option<&str> {
        self.error_messages.get(&number).map(String::as_str)
    }

    /// The address where the holder of `invite_code` joins the programme. `None` when the service config
    /// names none, or one that is neither at Apple nor on this machine: it is given to people.
    pub fn invitation_url(&self, invite_code: &str) -> Option<String> {
        let code: String = invite_code
            .chars()
            .filter(|character| character.is_ascii_alphanumeric())
            .collect();
        let template = self
            .urls
            .get("invitationEmail")
            .filter(|address| destination::is_fit_for_people(address))?;
        Some(
            template
                .replace("%25inviteCode%25", &code)
                .replace("%inviteCode%", &code),
        )
    }

    /// The address of an operation, unchecked.
    pub(crate) fn address(&self, endpoint: Endpoint) -> Result<&str, Fault> {
        let key = endpoint.key();
        let address = self.urls.get(key).map(String::as_str);
        address.ok_or_else(|| Fault::protocol(format!("the service config names no address for {key}")))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct WireServiceConfig {
    #[serde(deserialize_with = "lenient::list")]
    error_codes: Vec<WireErrorCode>,
    limits: Option<HashMap<String, WireLimit>>,
    #[serde(deserialize_with = "lenient::strings")]
    notification_types: Vec<String>,
    urls: Option<HashMap<String, WireAddress>>,
    #[serde(flatten)]
    head: Head,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireErrorCode {
    #[serde(deserialize_with = "lenient::count")]
    error_number: Option<u32>,
    #[serde(deserialize_with = "lenient::string")]
    error_message: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(transparent)]
struct WireLimit(#[serde(deserialize_with = "lenient::long")] Option<u64>);

#[derive(Debug, Deserialize)]
#[serde(transparent)]
struct WireAddress(#[serde(deserialize_with = "lenient::string")] Option<String>);

impl Reply for WireServiceConfig {
    type Body = ServiceConfig;

    fn open(self) -> (Head, Result<ServiceConfig, Missing>) {
        let Some(urls) = self.urls else {
            return (self.head, Err(Missing("urls")));
        };
        let limits = self.limits.unwrap_or_default();
        let limits = limits
            .into_iter()
            .filter_map(|(name, limit)| Some((name, limit.0?)))
            .collect();
        let messages = self.error_codes.into_iter();
        let config = ServiceConfig {
            limits: Limits::from_named(&limits),
            notification_types: self
                .notification_types
                .iter()
                .map(|word| NotificationType::from(word.as_str()))
                .collect(),
            urls: urls
                .into_iter()
                .filter_map(|(name, address)| Some((name, address.0?)))
                .collect(),
            error_messages: messages
                .filter_map(|code| Some((code.error_number?, code.error_message?)))
                .collect(),
        };
        (self.head, Ok(config))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<ServiceConfig, Missing> {
        serde_json::from_str::<WireServiceConfig>(json)
            .expect("a reply")
            .open()
            .1
    }

    #[test]
    fn limits_are_read_and_missing_or_senseless_ones_fall_back() {
        let config = read(
            r#"{"limits":{"maxAssets":30,"maxUsers":"50","maxRequestPerSecond":0,"maxSerialNumbers":-4,"maxNew":1},
                "urls":{}}"#,
        )
        .expect("a config");
        let expected = Limits {
            max_assets: 30,
            max_users: 50,
            ..Limits::default()
        };
        assert_eq!(config.limits, expected);
    }

    #[test]
    fn a_config_without_addresses_is_none() {
        assert_eq!(read("{}"), Err(Missing("urls")));
    }

    #[test]
    fn an_address_is_known_by_its_name_or_is_a_fault() {
        let config =
            read(r#"{"urls":{"getAssets":"https://a.example/assets","getUsers":null}}"#).expect("a config");
        assert_eq!(
            config.address(Endpoint::GetAssets),
            Ok("https://a.example/assets")
        );
        assert!(config.address(Endpoint::GetUsers).is_err());
    }

    #[test]
    fn the_invitation_carries_the_code_and_nothing_but_the_code() {
        let config = read(r#"{"urls":{"invitationEmail":"https://buy.itunes.apple.com/x?inviteCode=%25inviteCode%25&mt=8"}}"#)
            .expect("a config");
        let url = config.invitation_url("46bc93ea&x=#");
        assert_eq!(
            url.as_deref(),
            Some("https://buy.itunes.apple.com/x?inviteCode=46bc93eax&mt=8")
        );
        let foreign = read(r#"{"urls":{"invitationEmail":"https://evil.example/?c=%25inviteCode%25"}}"#)
            .expect("a config");
        assert_eq!(foreign.invitation_url("46bc93ea"), None);
    }

    #[test]
    fn error_texts_are_found_by_number() {
        let config =
            read(r#"{"urls":{},"errorCodes":[{"errorMessage":"Login required.","errorNumber":9601},{}]}"#)
                .expect("a config");
        assert_eq!(config.error_message(9601), Some("Login required."));
        assert_eq!(config.error_message(9602), None);
    }
}
