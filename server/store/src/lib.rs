//! Pomona's storage: one trait per slice, implemented for SQLite and for PostgreSQL in files of the same names.
//!
//! How to add something: the trait's method in `src/<slice>.rs`, then `src/sqlite/<slice>.rs` and
//! `src/postgres/<slice>.rs`, then a test in `tests/<slice>.rs`, which runs on both.

pub mod accounts;
pub mod assignments;
pub mod audit;
pub mod catalog;
pub mod checkin;
pub mod checks;
mod cursor;
pub mod devices;
pub mod drift;
mod error;
pub mod fulfilment;
pub mod graces;
pub mod groups;
pub mod import;
mod inputs;
pub mod ledger;
pub mod licenses;
pub mod locations;
pub mod mails;
mod membership;
pub mod metadata;
pub mod moves;
pub mod notifications;
mod numbers;
pub mod operations;
pub mod overview;
pub mod people;
pub mod plan_queue;
pub mod planning;
pub mod plans;
mod postgres;
mod products;
pub mod reclaim;
pub mod replicas;
pub mod revisions;
mod rows;
pub mod scim;
pub mod search;
pub mod sessions;
pub mod settings;
mod spared;
mod sqlite;
pub mod sync;
mod text;
pub mod tokens;
mod transaction;
pub mod users;
pub mod withdrawals;

pub use error::StoreError;
pub use postgres::Postgres;
pub use sqlite::{Limits, Sqlite};
use std::sync::Arc;
pub use text::{composed, fold};

/// What every method answers.
pub type Result<T> = std::result::Result<T, StoreError>;

/// All slices of one database.
pub trait Store:
    accounts::Accounts
    + assignments::Assignments
    + audit::Audit
    + catalog::Catalog
    + checkin::CheckIn
    + checks::Checks
    + devices::Devices
    + drift::Drift
    + fulfilment::Fulfil
    + graces::Graces
    + groups::Groups
    + ledger::Ledger
    + licenses::Licenses
    + locations::Locations
    + mails::Mails
    + metadata::Metadata
    + moves::Moves
    + notifications::Notifications
    + operations::Operations
    + overview::Overview
    + people::People
    + plan_queue::PlanQueue
    + planning::Planning
    + plans::Plans
    + reclaim::Reclaim
    + replicas::Replicas
    + revisions::Revisions
    + scim::Scim
    + search::Search
    + sessions::Sessions
    + settings::Settings
    + sync::Sync
    + tokens::Tokens
    + users::Users
    + withdrawals::Withdrawals
{
}

/// A database, shared.
pub type Db = Arc<dyn Store>;

/// Opens the database at `url` and brings its tables up to date: `sqlite:<path>` or a plain path, created if it is not
/// there; `sqlite::memory:` for tests; `postgres://…`.
pub async fn open(url: &str) -> Result<Db> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Arc::new(Postgres::open(url).await?));
    }
    Ok(Arc::new(Sqlite::open(url).await?))
}
