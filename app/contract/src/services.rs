//! Everything a server function can call, given to it as Leptos context by `server`.

use crate::{
    Caller, Code, Fault,
    accounts::Accounts,
    activity::Activity,
    assignments::{Assignments, GroupAssignments},
    catalog::Catalog,
    checkin::{CheckIn, Requests},
    devices::Devices,
    drift::Drift,
    groups::Groups,
    licenses::Licenses,
    moves::Moves,
    overview::Overview,
    people::People,
    reclaim::Reclaim,
    scim::ScimTokens,
    search::HelpDesk,
    session::Session,
    tokens::Tokens,
    users::Users,
};
use std::sync::Arc;

/// One request's view of the server.
#[derive(Clone)]
pub struct Services {
    /// Who is signed in.
    pub caller: Option<Caller>,
    pub accounts: Arc<dyn Accounts>,
    pub activity: Arc<dyn Activity>,
    pub assignments: Arc<dyn Assignments>,
    pub catalog: Arc<dyn Catalog>,
    pub check_in: Arc<dyn CheckIn>,
    pub devices: Arc<dyn Devices>,
    pub drift: Arc<dyn Drift>,
    pub group_assignments: Arc<dyn GroupAssignments>,
    pub help_desk: Arc<dyn HelpDesk>,
    pub licenses: Arc<dyn Licenses>,
    pub moves: Arc<dyn Moves>,
    pub overview: Arc<dyn Overview>,
    pub requests: Arc<dyn Requests>,
    pub groups: Arc<dyn Groups>,
    pub people: Arc<dyn People>,
    pub reclaim: Arc<dyn Reclaim>,
    pub scim_tokens: Arc<dyn ScimTokens>,
    pub session: Arc<dyn Session>,
    pub tokens: Arc<dyn Tokens>,
    pub users: Arc<dyn Users>,
}

impl Services {
    /// The signed-in account, or [`Code::SignInNeeded`].
    pub fn caller(&self) -> Result<&Caller, Fault> {
        self.caller.as_ref().ok_or_else(|| Code::SignInNeeded.into())
    }
}
