//! Lists as files (C6, L2).

mod accounts;
mod activity;
mod assignments;
mod catalog;
mod drift;
mod licenses;
mod pages;
mod people;
mod reclaim;
mod requests;
mod tokens;

pub use accounts::accounts;
pub use activity::{activity, items, told};
pub use assignments::{change, plan, waiting};
pub use catalog::apps;
pub use drift::{drift, drift_licenses};
pub use licenses::{ledger, licenses, macs};
pub use people::{devices, groups, members, people};
pub use reclaim::{kept, orphans, reclaim};
pub use requests::requests;
pub use tokens::tokens;
