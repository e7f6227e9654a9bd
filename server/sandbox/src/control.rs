//! What a test or a demo does to the sandbox from outside: the same by Rust methods and by HTTP under `/control/`;
//! only saving is not for HTTP, as it writes files.

mod claims;
mod error;
mod faults;
mod http;
mod licenses;
mod locations;
mod people;
mod requests;
mod saving;
mod state;
mod store;
mod tokens;

pub use error::ControlError;
pub(crate) use http::{Route, routes, table};
pub use licenses::Purchase;
pub use locations::{LocationChange, LocationSummary, NewLocation, OrganisationSummary};
pub use people::Invited;
pub use state::{
    AcceptedEvent, AssetState, AssignmentState, LocationState, NotificationState, TokenState, UserState,
};
pub use tokens::TokenRequest;

use std::sync::Arc;

use crate::world::{Location, World};

/// The handle. Cheap to clone; it does not keep the sandbox running.
#[derive(Clone, Debug)]
pub struct Control {
    world: Arc<World>,
}

impl Control {
    pub(crate) fn new(world: Arc<World>) -> Self {
        Self { world }
    }

    fn location(&self, uid: &str) -> Result<Arc<Location>, ControlError> {
        self.world.location(uid).ok_or(ControlError::UnknownLocation)
    }
}
