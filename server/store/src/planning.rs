//! What plans of assignments are worked out from.

use crate::{Result, assignments::StoredAssignment};
pub use contract::licenses::Errand;

use async_trait::async_trait;
use contract::{
    AssetId, DeviceId, GroupId, LocationId, PersonId, Serial, UnixMillis,
    assignments::Registration,
    devices::{DeviceOwnership, Enrolment, Platform},
    groups::GroupKind,
    licenses::LicenseState,
    users::AppleAccount,
};

/// A device as plans need it.
#[derive(Clone, Debug)]
pub struct PlanDevice {
    pub id: DeviceId,
    pub serial: Serial,
    /// The primary user, by position among [`PlanningData::people`].
    pub owner: Option<u32>,
    pub platform: Platform,
    pub ownership: DeviceOwnership,
    pub supervised: bool,
    pub enrolment: Enrolment,
    pub kiosk: bool,
    pub store_blocked: bool,
    /// Wiped, or out of management.
    pub gone: bool,
}

/// A person with one Apple Account, as plans need it.
#[derive(Clone, Debug)]
pub struct PlanPerson {
    pub id: PersonId,
    pub user_name: String,
    /// The Apple Account is a Managed one; of somebody who has not joined, the one that is to join.
    pub managed_account: bool,
    /// With which the person joins.
    pub account: AppleAccount,
    pub registration: Registration,
    /// What Apple calls the person; none: not thought of yet.
    pub client_user_id: Option<String>,
    /// Apple is being told of the person.
    pub joining: bool,
    /// Apple would not have the person.
    pub refused: bool,
    /// Inactive (D4).
    pub left: bool,
    /// Is to be retired at Apple, or is being retired.
    pub retiring: bool,
    pub registered_at: UnixMillis,
}

/// A licence, by the holder's position among devices or people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanLicense {
    pub position: u32,
    pub state: LicenseState,
    pub since: UnixMillis,
    /// Its place among those that wait since the same moment.
    pub turn: i64,
    pub assignment: Option<i64>,
    /// Given or adopted here.
    pub known: bool,
    /// Apple's number of the failure.
    pub error: Option<i64>,
}

/// The same app of another location, as far as the asset's assignments draw from it (A12).
#[derive(Clone, Debug)]
pub struct PlanSource {
    pub asset: AssetId,
    pub location: LocationId,
    /// Free to give to others, none if unlimited.
    pub free: Option<i64>,
    /// Device licences, sorted by position.
    pub held: Vec<PlanLicense>,
}

/// One asset's part.
#[derive(Clone, Debug, Default)]
pub struct PlanAssetData {
    pub assignments: Vec<StoredAssignment>,
    /// Of known devices, sorted by position.
    pub device_licenses: Vec<PlanLicense>,
    pub user_licenses: Vec<PlanLicense>,
    /// Positions of devices and of people that asked for it (A4), with the moment, sorted.
    pub asked_devices: Vec<(u32, UnixMillis)>,
    pub asked_people: Vec<(u32, UnixMillis)>,
    /// Positions of devices and of people whose licence is gone at Apple, undecided (S5), sorted.
    pub lost_devices: Vec<u32>,
    /// Positions of people who were migrated to licences of their devices (A10) while there were assignments that still
    /// give user licences.
    pub moved_people: Vec<u32>,
    /// Positions of devices whose licence a reclaim rule took (R3), with the moment, sorted.
    pub barred_devices: Vec<(u32, UnixMillis)>,
    pub sources: Vec<PlanSource>,
    /// Assignments of other locations' assets that gave some of the licences, sorted.
    pub foreign: Vec<i64>,
    pub lost_people: Vec<u32>,
    /// Positions of devices with what they are to do, sorted.
    pub errands: Vec<(u32, Errand)>,
    /// Licences on their way, of devices and users.
    pub requested: i64,
}

/// Everything the plans of some assets are worked out from, read at one moment.
#[derive(Clone, Debug, Default)]
pub struct PlanningData {
    /// Sorted by id.
    pub devices: Vec<PlanDevice>,
    /// Sorted by id. Whoever has two Apple Accounts (A2) is there twice.
    pub people: Vec<PlanPerson>,
    /// Sorted by id; members are positions among the devices or the people, sorted.
    pub groups: Vec<(GroupId, GroupKind, Vec<u32>)>,
    /// In the order asked for.
    pub assets: Vec<PlanAssetData>,
    /// Removed assignments, of whatever app, that another tool installed for (A13).
    pub removed_license_only: Vec<i64>,
}

#[async_trait]
pub trait Planning: Send + Sync {
    /// Of these assets, their groups and `more` ones: devices and people concerned, and what they hold. As if one of the
    /// assignments drew from the location `draw` too.
    async fn planning_data(
        &self,
        assets: &[AssetId],
        more: &[GroupId],
        draw: Option<&LocationId>,
    ) -> Result<PlanningData>;
    /// What the plans of these assets, which are of one location, are worked out from, as far as it concerns the device,
    /// its primary user and that person's devices. Neither other locations, nor what devices are to do.
    async fn own_planning_data(&self, device: &DeviceId, assets: &[AssetId]) -> Result<PlanningData>;
}
