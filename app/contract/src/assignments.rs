//! Assigning device licences, with the plan first: A7, A8 as far as devices chosen by hand go.

use crate::{
    AssetId, Caller, DeviceId, Fault, OperationId, Page, PageQuery, PlanId, Serial, UnixMillis,
    devices::DeviceQuery,
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Which devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceSelection {
    /// Ticked in a list.
    Chosen { devices: Vec<DeviceId> },
    /// All that a search finds.
    Matching { query: DeviceQuery },
    /// Serial numbers as pasted: separated by spaces, commas, semicolons or lines.
    Pasted { text: String },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRequest {
    /// All of one location or of several.
    pub assets: Vec<AssetId>,
    pub devices: DeviceSelection,
}

/// Why a holder cannot have a licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Apple gives no device licences for this app or book.
    NotDeviceAssignable,
    /// No device with this serial number is known here.
    UnknownSerial,
    /// The text is no serial number.
    NotASerial,
}

/// What the plan says of one device and one app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Gets a licence now.
    Gets,
    /// Has one, or one is on its way.
    Has,
    /// No licence is left.
    Waits,
    Cannot {
        reason: Reason,
    },
}

/// How many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeCounts {
    pub gets: i64,
    pub has: i64,
    pub waits: i64,
    pub cannot: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanAsset {
    pub id: AssetId,
    pub name: String,
    pub location_name: String,
    pub icon: Option<String>,
    pub outcomes: OutcomeCounts,
    /// Licences used after the plan, of how many.
    pub used_after: i64,
    pub total: i64,
    pub unlimited: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanView {
    pub id: PlanId,
    pub made_at: UnixMillis,
    pub made_by: String,
    pub assets: Vec<PlanAsset>,
    pub outcomes: OutcomeCounts,
    /// Reasons with their numbers.
    pub reasons: Vec<(Reason, i64)>,
    /// Calls to Apple that it takes.
    pub calls: i64,
    /// The data has changed since: it is not applied as it stands.
    pub lapsed: bool,
    /// Already applied, by this operation.
    pub applied: Option<OperationId>,
}

/// Which outcomes to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeFilter {
    #[default]
    All,
    Gets,
    Has,
    Waits,
    Cannot,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanLine {
    pub asset_name: String,
    /// A serial number, or what was pasted in its place.
    pub serial: Serial,
    pub device_name: Option<String>,
    pub outcome: Outcome,
}

#[async_trait]
pub trait Assignments: Send + Sync {
    async fn plan(&self, caller: &Caller, request: PlanRequest) -> Result<PlanId, Fault>;
    async fn view(&self, caller: &Caller, id: &PlanId) -> Result<PlanView, Fault>;
    async fn lines(
        &self,
        caller: &Caller,
        id: &PlanId,
        filter: OutcomeFilter,
        page: PageQuery,
    ) -> Result<Page<PlanLine>, Fault>;
    /// Applies the plan as shown: [`crate::Code::PlanLapsed`] if the data has changed since. Applying twice answers the
    /// same operation.
    async fn apply(&self, caller: &Caller, id: &PlanId) -> Result<OperationId, Fault>;
}
