//! The limits that service/config publishes and the sandbox enforces (apple-api.md §1.2).

use serde::{Deserialize, Serialize};

use crate::wire::{ErrorNumber, MdmInfo};

/// Apple's published limits by default, under Apple's names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Limits {
    /// Assets in a manage request.
    pub max_assets: usize,
    /// Users in a manage request.
    pub max_client_user_ids: usize,
    /// Serials in a manage request.
    pub max_serial_numbers: usize,
    /// Users in a revoke request.
    pub max_revoke_client_user_ids: usize,
    /// Serials in a revoke request.
    pub max_revoke_serial_numbers: usize,
    /// Users in a create, update or retire request.
    pub max_users: usize,
    /// Characters of the notification URL or token, each.
    pub max_notification_length: usize,
    /// Characters of `mdmInfo.name`.
    pub max_mdm_name_length: usize,
    /// Characters of `mdmInfo.metadata`.
    pub max_mdm_metadata_length: usize,
    /// Characters of `mdmInfo.id`.
    pub max_mdm_id_length: usize,
    /// Subscriptions in a request; announced only, as there are none here.
    pub max_subscriptions: usize,
    /// Users in a request about subscriptions; announced only.
    pub max_subscription_client_user_ids: usize,
}

impl Default for Limits {
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
            max_subscriptions: 25,
            max_subscription_client_user_ids: 1000,
        }
    }
}

impl Limits {
    /// The rules of `mdmInfo` in the order of their numbers; what is missing counts as empty.
    ///
    /// # Errors
    /// 9713, 9723, 9724 or 9725.
    pub(crate) fn check_mdm_info(&self, info: &MdmInfo) -> Result<(), ErrorNumber> {
        let MdmInfo { id, name, metadata } = info;
        let too_long = |text: &str, limit| text.chars().count() > limit;
        let rules = [
            (9713, too_long(metadata, self.max_mdm_metadata_length)),
            (9723, [id, name, metadata].into_iter().any(String::is_empty)),
            (9724, too_long(id, self.max_mdm_id_length)),
            (9725, too_long(name, self.max_mdm_name_length)),
        ];
        match rules.into_iter().find(|(_, broken)| *broken) {
            Some((number, _)) => Err(ErrorNumber(number)),
            None => Ok(()),
        }
    }

    /// All limits under their names.
    pub(super) fn named(&self) -> [(&'static str, usize); 12] {
        [
            ("maxAssets", self.max_assets),
            ("maxClientUserIds", self.max_client_user_ids),
            ("maxSerialNumbers", self.max_serial_numbers),
            ("maxRevokeClientUserIds", self.max_revoke_client_user_ids),
            ("maxRevokeSerialNumbers", self.max_revoke_serial_numbers),
            ("maxUsers", self.max_users),
            ("maxNotificationLength", self.max_notification_length),
            ("maxMdmNameLength", self.max_mdm_name_length),
            ("maxMdmMetadataLength", self.max_mdm_metadata_length),
            ("maxMdmIdLength", self.max_mdm_id_length),
            ("maxSubscriptions", self.max_subscriptions),
            (
                "maxSubscriptionClientUserIds",
                self.max_subscription_client_user_ids,
            ),
        ]
    }
}
