//! Migrations of user licences to devices (A10): who is how far, and what they and their devices have.

use crate::{Result, locations::Fence, operations::NewOperation};
use async_trait::async_trait;
use contract::{
    AccountId, AssetId, LocationId, MoveId, Serial, UnixMillis,
    licenses::LicenseState,
    moves::{MoveState, MoveView, Stay},
};

/// How far somebody is. Stored as small numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moving {
    ToCome,
    /// The devices get their licences.
    Assigning,
    /// The user's goes.
    Releasing,
    Done,
    Stays(Stay),
}

/// A device of somebody who moves, as far as the app goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveDevice {
    pub serial: Serial,
    pub user_enrolled: bool,
    /// Of its licence of the app.
    pub state: Option<LicenseState>,
    /// It failed since none was left, as Pomona or Apple counts.
    pub short: bool,
}

/// A holder of a user licence, with the devices whose primary user it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovePerson {
    /// Apple's `clientUserId`.
    pub holder: String,
    pub moving: Moving,
    /// Whose name that is; none if nobody here goes by it.
    pub name: Option<String>,
    /// Somebody here goes by it.
    pub known: bool,
    /// Of the user licence.
    pub user: Option<LicenseState>,
    /// By serial number; neither those that left management nor those that the app does not run on.
    pub devices: Vec<MoveDevice>,
    /// There are others, which the app does not run on: they need no licence, and keep nobody from moving.
    pub runs_elsewhere: bool,
}

/// A migration to be begun.
#[derive(Clone, Debug)]
pub struct NewMove {
    pub id: MoveId,
    pub asset: AssetId,
    pub pace: i64,
    pub account: AccountId,
    pub by: String,
    pub reason: String,
    pub created_at: UnixMillis,
    /// In the order in which they move.
    pub holders: Vec<String>,
}

/// One that is not done.
#[derive(Clone, Debug)]
pub struct RunningMove {
    pub number: i64,
    pub asset: AssetId,
    pub state: MoveState,
    pub pace: i64,
    pub account: AccountId,
    pub by: String,
    pub reason: String,
}

/// What is next of a migration, written at once.
#[derive(Clone, Debug)]
pub struct MoveStep {
    pub number: i64,
    pub operations: Vec<NewOperation>,
    /// Devices that the operations give licences, and whose user licence each stands in for: it belongs to the assignment
    /// that gave that one.
    pub given: Vec<(Serial, String)>,
    pub states: Vec<(String, Moving)>,
}

#[async_trait]
pub trait Moves: Send + Sync {
    /// All who hold a user licence of the asset, by the person's name; those unknown here last.
    async fn user_holders(&self, asset: AssetId) -> Result<Vec<MovePerson>>;
    /// [`contract::Code::MoveUnderWay`] while one of the asset is not done.
    async fn insert_move(&self, new: &NewMove) -> Result<()>;
    /// The newest of the asset.
    async fn newest_move(&self, asset: AssetId) -> Result<Option<MoveView>>;
    /// To running or stopped; [`contract::Code::ChangedMeanwhile`] for one that is done. Answers the asset.
    async fn set_move_state(&self, id: &MoveId, state: MoveState, now: UnixMillis) -> Result<AssetId>;
    /// To done, of one that is stopped, with nobody on the way; [`contract::Code::ChangedMeanwhile`] for any other. Answers
    /// the asset.
    async fn give_move_up(&self, id: &MoveId, now: UnixMillis) -> Result<AssetId>;
    /// Those of the location that run, or have somebody on the way; not while the asset's counts are in doubt, or Apple is
    /// to be asked for more of it later than now.
    async fn running_moves(&self, location: &LocationId, now: UnixMillis) -> Result<Vec<RunningMove>>;
    /// Those who are on their way, and the first of those to come, at most `limit` together.
    async fn move_people(&self, number: i64, limit: i64) -> Result<Vec<MovePerson>>;
    /// Licences that nobody holds, waits for or is to get, without those that are kept for groups nobody moves in; none if
    /// unlimited.
    async fn free_to_give(&self, asset: AssetId) -> Result<Option<i64>>;
    /// In one durable transaction. [`contract::Code::PlanLapsed`] if more would be given than there is now, or if somebody
    /// has ended it.
    async fn write_move_step(&self, fence: &Fence, step: &MoveStep) -> Result<()>;
    /// Nobody is to come. If nobody has a user licence any more, assignments that gave such give devices theirs from now
    /// on.
    async fn end_move(&self, fence: &Fence, number: i64, now: UnixMillis) -> Result<()>;
}
