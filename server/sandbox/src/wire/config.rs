//! Answers of service/config and client/config.

use serde::Serialize;

use super::{Envelope, ErrorResponse, NotificationType, listed};
use crate::faults::{Faults, Limits};

/// `ServiceConfigResponse`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceConfig<'a> {
    error_codes: Vec<ErrorResponse>,
    limits: PublishedLimits<'a>,
    notification_types: [NotificationType; 4],
    urls: ServiceUrls,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PublishedLimits<'a> {
    #[serde(flatten)]
    limits: &'a Limits,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_request_per_second: Option<u32>,
}

/// `maxRequestPerSecond` as Apple publishes it.
const APPLES_PACE: u32 = 15;

impl<'a> ServiceConfig<'a> {
    /// The configuration of a sandbox that is reached at this origin.
    pub(crate) fn new(origin: &str, faults: &'a Faults) -> Self {
        Self {
            error_codes: listed(),
            limits: PublishedLimits {
                limits: &faults.limits,
                max_request_per_second: Some(
                    faults.announced_pace.or(faults.pace_limit).unwrap_or(APPLES_PACE),
                )
                .filter(|pace| *pace > 0),
            },
            notification_types: [
                NotificationType::AssetManagement,
                NotificationType::UserManagement,
                NotificationType::UserAssociated,
                NotificationType::AssetCount,
            ],
            urls: ServiceUrls::new(origin),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ServiceUrls {
    associate_assets: String,
    client_config: String,
    content_metadata_lookup: String,
    create_users: String,
    disassociate_assets: String,
    event_status: String,
    get_assets: String,
    get_assignments: String,
    get_users: String,
    invitation_email: String,
    retire_users: String,
    revoke_assets: String,
    update_users: String,
}

impl ServiceUrls {
    fn new(origin: &str) -> Self {
        let api = |path: &str| format!("{origin}/mdm/v2/{path}");
        Self {
            associate_assets: api("assets/associate"),
            client_config: api("client/config"),
            content_metadata_lookup: format!("{origin}/WebObjects/MZStorePlatform.woa/wa/lookup"),
            create_users: api("users/create"),
            disassociate_assets: api("assets/disassociate"),
            event_status: api("status"),
            get_assets: api("assets"),
            get_assignments: api("assignments"),
            get_users: api("users"),
            // Apple publishes the placeholder with its per cent signs encoded.
            invitation_email: format!(
                "{origin}/WebObjects/MZFinance.woa/wa/associateVPPUserWithITSAccount?inviteCode=%25inviteCode%25&mt=8"
            ),
            retire_users: api("users/retire"),
            revoke_assets: api("assets/revoke"),
            update_users: api("users/update"),
        }
    }
}

/// `ClientConfigResponse`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClientConfig {
    #[serde(rename = "countryISO2ACode")]
    pub(crate) country: String,
    pub(crate) default_platform: &'static str,
    pub(crate) location_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) notification_auth_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) notification_url: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) subscribed_notification_types: Vec<NotificationType>,
    #[serde(rename = "websiteURL")]
    pub(crate) website_url: &'static str,
    #[serde(flatten)]
    pub(crate) envelope: Envelope,
}
