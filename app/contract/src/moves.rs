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

impl Stay {
    pub const ALL: [Stay; 5] = [
        Stay::UnknownUser,
        Stay::NoDevices,
        Stay::RunsElsewhere,
        Stay::UserEnrolled,
        Stay::Refused,
    ];
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveState {
    Running,
    /// Whoever was begun is finished; nobody else is begun.
    Stopped,
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
    pub pace: i64,
    pub by: String,
    pub created_at: UnixMillis,
    pub ended_at: Option<UnixMillis>,
    pub to_come: i64,
    pub under_way: i64,
    pub done: i64,
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
    pub reason: String,
}

impl MoveForm {
    pub const FASTEST: i64 = 1000;
    pub const USUAL: i64 = 25;
}

#[async_trait]
pub trait Moves: Send + Sync {
    /// With the newest migration of the app, if there was one. [`crate::Code::BookUserOnly`],
    /// [`crate::Code::NotDeviceAssignable`], [`crate::Code::NotRevocable`].
    async fn cost(&self, caller: &Caller, form: MoveForm) -> Result<(MoveCost, Option<MoveView>), Fault>;
    /// [`crate::Code::MoveUnderWay`] while one of the app is not done, [`crate::Code::NothingChosen`] if nobody can move.
    async fn start(&self, caller: &Caller, form: MoveForm) -> Result<MoveId, Fault>;
    async fn stop(&self, caller: &Caller, id: &MoveId) -> Result<(), Fault>;
    /// Goes on where it was stopped.
    async fn go_on(&self, caller: &Caller, id: &MoveId) -> Result<(), Fault>;
    /// Those to come keep their user licences, so that another one can begin. [`crate::Code::ChangedMeanwhile`] unless it
    /// is stopped, with nobody under way.
    async fn end(&self, caller: &Caller, id: &MoveId) -> Result<(), Fault>;
}
