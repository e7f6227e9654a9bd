//! The migration assistant: user licences of an app become licences of the people's devices (A10). The way back is refused.

use crate::{AssetId, Caller, Fault, MoveId, UnixMillis};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Why a person's licence stays one of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stay {
    /// Nobody here goes by this client user id at Apple.
    UnknownUser,
    /// The person is no device's primary user.
    NoDevices,
    /// A3: one of the devices is in user enrolment, and cannot have a licence of its own.
    UserEnrolled,
    /// Apple refused a device's licence, or the return of the user's.
    Refused,
    /// The app runs on none of the devices.
    RunsElsewhere,
}

/// Who is first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveOrder {
    /// Whoever needs the fewest new licences.
    #[default]
    Fewest,
    /// By name.
    Name,
}

names! {
    MoveOrder { Fewest = "fewest", Name = "name" }
}

/// What a migration costs, before it begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveCost {
    pub asset: AssetId,
    pub asset_name: String,
    pub location_name: String,
    /// User licences that are held.
    pub users: i64,
    /// People whose licence can become licences of their devices.
    pub people: i64,
    /// Device licences that are needed for them.
    pub needed: i64,
    /// Their devices that have one already.
    pub has: i64,
    /// The most licences that are needed beside those held now, at any moment: a person's goes only after every device
    /// has its own.
    pub peak: i64,
    /// Licences free now; none if unlimited.
    pub free: Option<i64>,
    /// Who stays as they are, and why.
    pub stays: Vec<(Stay, i64)>,
}

/// How far a migration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveState {
    /// So many people at once, as [`MoveForm::pace`] says.
    Running,
    /// Whoever was begun is finished; nobody else is begun.
    Stopped,
    /// Nobody is to come, or it was ended.
    Done,
}

names! {
    MoveState { Running = "running", Stopped = "stopped", Done = "done" }
}

/// How far the newest migration of an app is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveView {
    pub id: MoveId,
    pub asset: AssetId,
    pub state: MoveState,
    /// As [`MoveForm::pace`].
    pub pace: i64,
    /// Who started it.
    pub by: String,
    pub created_at: UnixMillis,
    /// None unless it is done.
    pub ended_at: Option<UnixMillis>,
    /// People who have not been begun.
    pub to_come: i64,
    /// People whose devices are getting licences, or whose own is being taken back.
    pub under_way: i64,
    /// People whose devices have licences in place of their own.
    pub done: i64,
    /// Who stays as they are, and why.
    pub stays: Vec<(Stay, i64)>,
    /// For whom licences are lacking, while it stands still for that.
    pub waits: Option<MoveWait>,
}

/// Whose turn it is, though too few licences are free: those behind come after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveWait {
    /// The person's name.
    pub name: String,
    /// Licences beyond those that are free.
    pub missing: i64,
}

/// How a migration is to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveForm {
    pub asset: AssetId,
    pub order: MoveOrder,
    /// People at once, 1 to [`MoveForm::FASTEST`].
    pub pace: i64,
    /// For the ledger; at most 500 letters.
    pub reason: String,
}

impl MoveForm {
    /// The most people at once.
    pub const FASTEST: i64 = 1000;
    /// People at once if nobody says otherwise.
    pub const USUAL: i64 = 25;
}

/// Migrations of user licences to devices (A10): [`crate::Permission::ViewLicenses`] to see what one costs, both
/// [`crate::Permission::AssignLicenses`] and [`crate::Permission::RevokeLicenses`] for the rest.
#[async_trait]
pub trait Moves: Send + Sync {
    /// With the newest migration of the app, if there was one. [`crate::Code::BookUserOnly`],
    /// [`crate::Code::NotDeviceAssignable`], [`crate::Code::NotRevocable`].
    async fn cost(&self, caller: &Caller, form: MoveForm) -> Result<(MoveCost, Option<MoveView>), Fault>;
    /// [`crate::Code::MoveUnderWay`] while one of the app is not done, [`crate::Code::NothingChosen`] if nobody can
    /// move, the fault of the token's state where that does not allow it (T3); else as of the cost.
    async fn start(&self, caller: &Caller, form: MoveForm) -> Result<MoveId, Fault>;
    /// Nobody else is begun; whoever was is finished. [`crate::Code::NotFound`] if it is done.
    async fn stop(&self, caller: &Caller, id: &MoveId) -> Result<(), Fault>;
    /// Goes on where it was stopped. [`crate::Code::NotFound`] if it is done.
    async fn go_on(&self, caller: &Caller, id: &MoveId) -> Result<(), Fault>;
    /// Those to come keep their user licences, so that another one can begin. [`crate::Code::ChangedMeanwhile`] unless it
    /// is stopped, with nobody under way.
    async fn end(&self, caller: &Caller, id: &MoveId) -> Result<(), Fault>;
}
