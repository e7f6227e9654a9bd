//! Apple's JSON as the sandbox reads and writes it (apple-api.md §1). Written from the reference, shared with no client.

mod answers;
mod config;
mod error;
mod requests;

pub(crate) use answers::{
    AssetRow, AssignmentRow, Envelope, EventAccepted, EventStatusAnswer, PageHead, UnlimitedRow, UserRow,
};
pub(crate) use config::{ClientConfig, ServiceConfig};
pub(crate) use error::listed;
pub use error::{ErrorInfo, ErrorNumber, ErrorResponse};
pub(crate) use requests::{AssetChoice, ClientConfigChange, ManageAssets, ManageUsers, RequestUser};

use serde::{Deserialize, Serialize};

/// Who manages a location, as the last MDM to say so said it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MdmInfo {
    /// Unique identifier that the MDM uses for the organisation.
    pub id: String,
    /// Free text.
    pub metadata: String,
    /// The MDM's name, shown to people in conflicts.
    pub name: String,
}

/// What Apple tells a notification URL about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NotificationType {
    /// A try, sent while client/config is set.
    TestNotification,
    /// Licences were assigned or released.
    AssetManagement,
    /// Users were created, changed or retired.
    UserManagement,
    /// A user accepted the invitation.
    UserAssociated,
    /// Licences were bought, transferred or refunded.
    AssetCount,
    /// Accepted, never sent.
    SubscriptionManagement,
    /// Accepted, never sent.
    SubscriptionCount,
    /// Accepted, never sent: only the name is documented.
    UnlimitedAsset,
}

/// Quality of a product; part of an asset's identity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PricingParam {
    /// Standard quality, also where a request leaves it out.
    #[default]
    Stdq,
    /// High quality.
    Plus,
}

/// App or book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProductType {
    /// An app.
    App,
    /// A book.
    Book,
}

/// The kind of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum EventType {
    /// Licences are assigned.
    Associate,
    /// Licences are released, by asset.
    Disassociate,
    /// All revocable licences of holders are released.
    Revoke,
    /// Users are created.
    Create,
    /// Users are changed.
    Update,
    /// Users are retired.
    Retire,
}

/// How far an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum EventState {
    /// Accepted, or being processed.
    Pending,
    /// All tasks succeeded.
    Complete,
    /// At least one task failed.
    Failed,
}

/// A user's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserStatus {
    /// Created, no Apple Account yet.
    Registered,
    /// Linked with an Apple Account.
    Associated,
    /// No longer in use.
    Retired,
    /// Retired, and its Apple Account linked to a newer user of the same name.
    Deleted,
}
