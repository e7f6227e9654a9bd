//! Bodies of answers about assets, assignments, users and events.

use serde::Serialize;

use super::{ErrorResponse, EventState, EventType, MdmInfo, PricingParam, ProductType, UserStatus};

/// What every authenticated answer carries.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mdm_info: Option<MdmInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_expiration_date: Option<String>,
    pub(crate) u_id: String,
}

/// `EventResponse`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventAccepted {
    pub(crate) event_id: String,
    #[serde(flatten)]
    pub(crate) envelope: Envelope,
}

/// `StatusResponse`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventStatusAnswer {
    pub(crate) event_status: EventState,
    pub(crate) event_type: EventType,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) failures: Vec<ErrorResponse>,
    pub(crate) num_completed: usize,
    pub(crate) num_requested: usize,
    #[serde(flatten)]
    pub(crate) envelope: Envelope,
}

/// Where a page stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageHead {
    pub(crate) current_page_index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_page_index: Option<usize>,
    pub(crate) size: usize,
    pub(crate) total_pages: usize,
    pub(crate) version_id: String,
    #[serde(flatten)]
    pub(crate) envelope: Envelope,
}

/// An asset with its counts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AssetRow<'a> {
    pub(crate) adam_id: &'a str,
    pub(crate) assigned_count: u32,
    pub(crate) available_count: u32,
    pub(crate) device_assignable: bool,
    pub(crate) pricing_param: PricingParam,
    pub(crate) product_type: ProductType,
    pub(crate) retired_count: u32,
    pub(crate) revocable: bool,
    pub(crate) supported_platforms: &'a [&'static str],
    pub(crate) total_count: u32,
}

/// An unlimited asset, in `unlimitedAssets`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnlimitedRow<'a> {
    pub(crate) adam_id: &'a str,
    pub(crate) assigned_count: u32,
    pub(crate) device_assignable: bool,
    pub(crate) pricing_param: PricingParam,
    pub(crate) product_type: ProductType,
    pub(crate) revocable: bool,
    pub(crate) supported_platforms: &'a [&'static str],
}

/// An assignment: of a device or of a user.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AssignmentRow<'a> {
    pub(crate) adam_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id_hash: Option<&'a str>,
    pub(crate) pricing_param: PricingParam,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) serial_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_status: Option<UserStatus>,
}

/// `ResponseUser`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserRow {
    pub(crate) client_user_id: std::sync::Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) invite_code: Option<String>,
    /// None of a user that does not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<UserStatus>,
}
