//! The words that browser and server share: DTOs, validated newtypes, queries, pages, faults, permissions and one
//! trait per slice. `app` calls the traits, `server` implements them. No Leptos, no I/O, nothing heavy: this crate is
//! part of the wasm.
//!
//! Beside what its comment names, any method of a slice may answer [`Code::NotAllowed`] (Z2), [`Code::NotFound`] for
//! an id that leads nowhere, [`Code::CursorInvalid`] for a page, [`Code::FieldsInvalid`] for a `reason` of more than
//! 500 letters, and whatever [`Code::is_storage`]. The check-in page and signing in ask for no permission.

#[macro_use]
mod names;

pub mod accounts;
pub mod activity;
pub mod assignments;
pub mod catalog;
pub mod checkin;
pub mod csv;
pub mod devices;
pub mod drift;
pub mod fault;
pub mod groups;
pub mod ids;
pub mod licenses;
pub mod live;
pub mod moves;
pub mod overview;
pub mod page;
pub mod people;
pub mod permission;
pub mod reclaim;
pub mod scim;
pub mod search;
pub mod services;
pub mod session;
pub mod tokens;
pub mod users;

pub use fault::{AppleError, Code, Fault, FieldFault};
pub use ids::{
    AccountId, AssetId, DeviceId, GroupId, LocationId, MoveId, OperationId, PersonId, PlanId, RequestId,
    ScimTokenId, Serial, TokenId, shown_key,
};
pub use page::{Direction, Page, PageQuery};
pub use permission::{Caller, Permission, Role};
pub use services::Services;

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
pub type UnixMillis = i64;

/// Spans of time, in milliseconds.
pub const MINUTE: UnixMillis = 60_000;
/// In milliseconds, as [`MINUTE`].
pub const HOUR: UnixMillis = 60 * MINUTE;
/// In milliseconds, as [`MINUTE`].
pub const DAY: UnixMillis = 24 * HOUR;
