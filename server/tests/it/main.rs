//! Pomona against the stand-in Apple: real HTTP, a real database, the real engine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr
)]

mod acts;
mod assignments;
mod by_hand;
mod checkin;
mod checkin_apps;
mod command_line;
mod converge;
mod crash;
mod database;
mod deletion;
mod draw;
mod drift;
mod explain;
mod exports;
mod faults;
mod hearing;
mod joining;
mod keep;
mod mail;
mod main_job;
mod many;
mod moves;
mod notifications;
mod ownership;
mod patience;
mod people;
mod plain_forms;
mod reclaim;
mod renewal;
mod replicas;
mod reserved;
mod runs_on;
mod scim;
mod search;
mod shop;
mod soak;
mod stand;
mod storage;
mod sync;
mod token_files;
mod token_states;
mod tries;
mod undo;
mod users;
mod web;
