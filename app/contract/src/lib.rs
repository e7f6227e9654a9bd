//! The words that browser and server share: DTOs, validated newtypes, queries, pages, faults, permissions and one
//! trait per slice. `app` calls the traits, `server` implements them. No Leptos, no I/O, nothing heavy: this crate is
//! part of the wasm.

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
