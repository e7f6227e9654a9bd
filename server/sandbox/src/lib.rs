//! A stateful stand-in for Apple's App and Book Management API v2, for tests, benches and demos: organisations with
//! fictional apps, asynchronous events, notifications, the store's metadata, and faults to order.
//!
//! Written from Apple's documentation alone; it shares no code with any client, so that the two check each other.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use sandbox::{Organisation, Sandbox, SandboxSettings};
//! let sandbox = Sandbox::start(SandboxSettings::with([Organisation::demo()])).await?;
//! let location = &sandbox.control().locations()[0].uid;
//! let token = sandbox.control().issue_token(location)?;
//! // Send `Authorization: Bearer {token}` to sandbox.base_url().
//! # Ok(()) }
//! ```

mod api;
mod catalogue;
mod clock;
mod control;
mod events;
mod faults;
mod index;
mod log;
mod organisation;
mod plausible;
mod random;
mod receiving;
mod routes;
mod saved;
mod server;
mod settings;
mod storefront;
mod wire;
mod world;

pub use catalogue::Product;
pub use clock::Clock;
pub use control::{
    AcceptedEvent, AssetState, AssignmentState, Control, ControlError, Invited, LocationChange,
    LocationState, LocationSummary, NewLocation, NotificationState, OrganisationSummary, Purchase,
    TokenRequest, TokenState, UserState,
};
pub use faults::{
    FailureGrouping, Faults, ForeignClaim, Limits, PageWrite, RandomFault, RandomFaults, Repeated, Timing,
    TokenExpiration,
};
pub use log::{BodySummary, Outcome, Record};
pub use organisation::{GeneratedDevice, GeneratedProduct, Organisation, Platform, serial_number};
pub use saved::SaveError;
pub use server::{Sandbox, StartError};
pub use settings::SandboxSettings;
pub use wire::{
    ErrorInfo, ErrorNumber, ErrorResponse, EventState, EventType, MdmInfo, NotificationType, PricingParam,
    ProductType, UserStatus,
};
pub use world::{AssetKey, OrganisationKind, TokenRole};
