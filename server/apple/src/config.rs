//! The client config: what Apple knows about a location, and who manages it.
//! <https://developer.apple.com/documentation/devicemanagement/clientconfigresponse>

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::lenient;
use crate::reply::{Head, MdmInfo, Missing, Reply};
use crate::service::Limits;
use crate::words::{MetadataPlatform, NotificationType};

/// A location's settings at Apple. Its unique id is in the answer's envelope.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The location's name, not unique.
    pub location_name: String,
    /// The organisation's country, ISO 3166-1 alpha-2, as Apple writes it (upper case).
    pub country: Option<String>,
    /// Whose store the metadata comes from; also tells a business from a school.
    pub default_platform: Option<MetadataPlatform>,
    /// Where the organisation manages its purchases.
    pub website_url: Option<String>,
    /// Where Apple sends notifications.
    pub notification_url: Option<String>,
    /// The secret Apple sends along with them.
    pub notification_auth_token: Option<SecretString>,
    /// The kinds of notification Apple sends, in no particular order.
    pub notification_types: Vec<NotificationType>,
}

/// Where Apple shall send notifications: address and secret go together (9710).
#[derive(Debug, Clone)]
pub struct NotificationTarget {
    /// An https address of host and path.
    pub url: String,
    /// The secret Apple sends back as bearer.
    pub auth_token: SecretString,
}

/// A change of the client config. What is `None` is left out; whether Apple keeps that as it is or forgets it is not
/// documented, so whoever changes something names all that is to be.
/// <https://developer.apple.com/documentation/devicemanagement/clientconfigrequest>
#[derive(Debug, Clone, Default)]
pub struct ClientConfigChange {
    /// The complete set of kinds wanted; it replaces the present one.
    pub notification_types: Option<Vec<NotificationType>>,
    /// Where to send notifications.
    pub notification: Option<NotificationTarget>,
    /// Claims the location; all three members must be filled (9723).
    pub mdm_info: Option<MdmInfo>,
}

/// The change as it is sent. Neither public nor printable: the secret stands in it in clear.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireClientConfigChange<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    notification_types: Option<&'a [NotificationType]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification_auth_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mdm_info: Option<&'a MdmInfo>,
}

impl ClientConfigChange {
    /// What stands in the change as it is sent.
    pub(crate) fn secrets(&self) -> Vec<&SecretString> {
        self.notification
            .iter()
            .map(|target| &target.auth_token)
            .collect()
    }

    /// The change to send, if Apple can take it. `loopback` allows an http notification address, for a
    /// stand-in.
    pub(crate) fn checked(
        &self,
        limits: &Limits,
        loopback: bool,
    ) -> Result<WireClientConfigChange<'_>, Fault> {
        if let Some(target) = &self.notification {
            check_target(target, limits, loopback)?;
        }
        if let Some(info) = &self.mdm_info {
            check_mdm_info(info, limits)?;
        }
        Ok(WireClientConfigChange {
            notification_types: self.notification_types.as_deref(),
            notification_url: self.notification.as_ref().map(|target| target.url.as_str()),
            notification_auth_token: self
                .notification
                .as_ref()
                .map(|target| target.auth_token.expose_secret()),
            mdm_info: self.mdm_info.as_ref(),
        })
    }
}

fn check_target(target: &NotificationTarget, limits: &Limits, loopback: bool) -> Result<(), Fault> {
    let secret = target.auth_token.expose_secret();
    if target.url.is_empty() || secret.is_empty() {
        return Err(Fault::argument(
            9710,
            "the notification address and its secret go together",
        ));
    }
    if beyond(&target.url, limits.max_notification_length) || beyond(secret, limits.max_notification_length) {
        return Err(Fault::argument(
            9711,
            "the notification address or its secret is too long",
        ));
    }
    let secure = Url::parse(&target.url)
        .is_ok_and(|url| url.scheme() == "https" || loopback && url.scheme() == "http");
    if secure {
        Ok(())
    } else {
        Err(Fault::argument(
            9712,
            "the notification address is not an https address",
        ))
    }
}

fn check_mdm_info(info: &MdmInfo, limits: &Limits) -> Result<(), Fault> {
    if info.id.is_empty() || info.name.is_empty() || info.metadata.is_empty() {
        Err(Fault::argument(
            9723,
            "id, name and metadata of the managing service are all needed",
        ))
    } else if beyond(&info.id, limits.max_mdm_id_length) {
        Err(Fault::argument(
            9724,
            "the id of the managing service is too long",
        ))
    } else if beyond(&info.name, limits.max_mdm_name_length) {
        Err(Fault::argument(
            9725,
            "the name of the managing service is too long",
        ))
    } else if beyond(&info.metadata, limits.max_mdm_metadata_length) {
        Err(Fault::argument(
            9713,
            "the metadata of the managing service is too long",
        ))
    } else {
        Ok(())
    }
}

fn beyond(text: &str, limit: u32) -> bool {
    u32::try_from(text.chars().count()).map_or(true, |length| length > limit)
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct WireClientConfig {
    #[serde(deserialize_with = "lenient::string")]
    location_name: Option<String>,
    #[serde(rename = "countryISO2ACode", deserialize_with = "lenient::string")]
    country: Option<String>,
    #[serde(deserialize_with = "lenient::string")]
    default_platform: Option<String>,
    #[serde(rename = "websiteURL", deserialize_with = "lenient::string")]
    website_url: Option<String>,
    #[serde(deserialize_with = "lenient::string")]
    notification_url: Option<String>,
    #[serde(deserialize_with = "lenient::string")]
    notification_auth_token: Option<String>,
    #[serde(deserialize_with = "lenient::strings")]
    subscribed_notification_types: Vec<String>,
    #[serde(flatten)]
    head: Head,
}

impl Reply for WireClientConfig {
    type Body = ClientConfig;

    fn open(self) -> (Head, Result<ClientConfig, Missing>) {
        let Some(location_name) = self.location_name else {
            return (self.head, Err(Missing("locationName")));
        };
        let types = self.subscribed_notification_types.iter();
        let config = ClientConfig {
            location_name,
            country: self.country,
            default_platform: self.default_platform.as_deref().map(MetadataPlatform::from),
            website_url: self.website_url,
            notification_url: self.notification_url,
            notification_auth_token: self.notification_auth_token.map(SecretString::from),
            notification_types: types.map(|word| NotificationType::from(word.as_str())).collect(),
        };
        (self.head, Ok(config))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target_of(url: &str, secret: &str) -> ClientConfigChange {
        let target = NotificationTarget {
            url: url.to_owned(),
            auth_token: SecretString::from(secret),
        };
        ClientConfigChange {
            notification: Some(target),
            ..Default::default()
        }
    }

    fn claim(id: usize, name: usize, metadata: usize) -> ClientConfigChange {
        let mdm_info = MdmInfo {
            id: "ä".repeat(id),
            name: "ä".repeat(name),
            metadata: "ä".repeat(metadata),
        };
        ClientConfigChange {
            mdm_info: Some(mdm_info),
            ..Default::default()
        }
    }

    fn number(change: &ClientConfigChange) -> Option<u32> {
        change
            .checked(&Limits::default(), false)
            .err()
            .and_then(|fault| fault.number)
    }

    #[test]
    fn only_what_is_changed_is_written() {
        let json = |change: &ClientConfigChange| {
            let body = change
                .checked(&Limits::default(), false)
                .expect("within the limits");
            serde_json::to_string(&body).expect("a change")
        };
        assert_eq!(json(&ClientConfigChange::default()), "{}");
        let change = ClientConfigChange {
            notification_types: Some(vec![NotificationType::AssetCount]),
            ..target_of("https://a.example/n", "secret")
        };
        assert_eq!(
            json(&change),
            r#"{"notificationTypes":["ASSET_COUNT"],"notificationUrl":"https://a.example/n","notificationAuthToken":"secret"}"#
        );
        assert_eq!(
            json(&claim(1, 1, 1)),
            r#"{"mdmInfo":{"id":"ä","name":"ä","metadata":"ä"}}"#
        );
    }

    #[test]
    fn what_apple_would_refuse_is_refused_with_its_number() {
        assert_eq!(number(&claim(100, 100, 255)), None);
        assert_eq!(number(&claim(0, 1, 1)), Some(9723));
        assert_eq!(number(&claim(1, 1, 0)), Some(9723));
        assert_eq!(number(&claim(101, 1, 1)), Some(9724));
        assert_eq!(number(&claim(1, 101, 1)), Some(9725));
        assert_eq!(number(&claim(1, 1, 256)), Some(9713));
        assert_eq!(number(&target_of("https://a.example/n", "s")), None);
        assert_eq!(number(&target_of("https://a.example/n", "")), Some(9710));
        assert_eq!(
            number(&target_of("https://a.example/n", &"s".repeat(513))),
            Some(9711)
        );
        assert_eq!(
            number(&target_of(&format!("https://a.example/{}", "n".repeat(500)), "s")),
            Some(9711)
        );
        assert_eq!(number(&target_of("http://a.example/n", "s")), Some(9712));
        assert_eq!(number(&target_of("a.example/n", "s")), Some(9712));
    }
}
