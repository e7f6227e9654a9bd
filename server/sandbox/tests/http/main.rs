//! The sandbox as a client sees it, over real HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod assets;
mod assignments;
mod client_config;
mod control;
mod errors;
mod events;
mod faults;
mod harness;
mod invariant;
mod lookup;
mod notifications;
mod paging;
mod purchases;
mod receiving;
mod saving;
mod service_config;
mod users;
