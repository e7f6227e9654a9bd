//! The tests of storage. Each runs on SQLite and, if POMONA_TEST_POSTGRES_URL names a server, on PostgreSQL too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod accounts;
mod assignments;
mod audit;
mod catalog;
mod checkin;
mod checks;
mod deletion;
mod devices;
mod drift;
mod groups;
mod lapsed;
mod ledger;
mod licenses;
mod limits;
mod line;
mod locations;
mod mails;
mod moves;
mod notifications;
mod operations;
mod overview;
mod owners;
mod parts;
mod people;
mod plans;
mod random;
mod reclaim;
mod replicas;
mod revisions;
mod scim;
mod search;
mod server;
mod sessions;
mod settings;
mod setup;
mod standing;
mod sync;
mod taken_back;
mod tokens;
mod told;
mod undo;
mod users;
