//! Pomona against the stand-in Apple: real HTTP, a real database, the real engine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr
)]

mod crash;
mod faults;
mod main_job;
mod many;
mod search;
mod stand;
mod sync;
mod token_files;
mod web;
