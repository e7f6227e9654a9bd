//! Bodies of requests. Every field is optional here: what is missing gets Apple's own error number later.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::{NotificationType, PricingParam};

/// `ClientConfigRequest`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClientConfigChange {
    pub(crate) notification_types: Option<Vec<NotificationType>>,
    pub(crate) notification_url: Option<String>,
    pub(crate) notification_auth_token: Option<String>,
    pub(crate) mdm_info: Option<MdmInfoChange>,
}

/// `mdmInfo` as sent; incomplete ones are refused with 9723.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct MdmInfoChange {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) metadata: Option<String>,
}

/// `ManageAssetsRequest`, and `RevokeAssetsRequest`, which has no assets.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ManageAssets {
    pub(crate) assets: Option<Vec<AssetChoice>>,
    pub(crate) client_user_ids: Option<Vec<Arc<str>>>,
    pub(crate) serial_numbers: Option<Vec<Arc<str>>>,
}

/// An asset named in a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AssetChoice {
    pub(crate) adam_id: String,
    pub(crate) pricing_param: Option<PricingParam>,
}

/// `ManageUsersRequest`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ManageUsers {
    pub(crate) users: Option<Vec<RequestUser>>,
}

/// `RequestUser`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestUser {
    pub(crate) client_user_id: Arc<str>,
    pub(crate) email: Option<String>,
    pub(crate) managed_apple_id: Option<String>,
}

impl RequestUser {
    /// The Managed Apple Account; an empty one is none.
    pub(crate) fn account(&self) -> Option<&str> {
        self.managed_apple_id
            .as_deref()
            .filter(|account| !account.is_empty())
    }
}
