//! Licences, their ledger, and taking them back: L1, L2, R1.

pub mod calls;
mod confirm;
mod ledger;
mod list;
mod macs;
mod meant;
mod move_calls;
mod moves;
mod preview;
mod revoke;
mod row;
mod selection;
mod state;
mod why;

pub use ledger::{ledger_page, query as ledger_query};
pub use list::{list_page, query as list_query};
pub use macs::{MacCard, macs_page, query as macs_query};
pub use moves::move_page;
pub use revoke::revoke_page;
#[cfg(feature = "ssr")]
pub use selection::parse;
pub use selection::{read_licenses, revoke_found, revoke_one, revoke_person, value};
pub use state::{StateTag, label as state_words};
pub(crate) use why::{hold_field, reason_field};
