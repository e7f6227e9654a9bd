//! What people ask for on their check-in pages, and the answers (P4).

pub mod calls;
mod list;
pub mod once;
mod row;

pub use list::{list_page, query as list_query};
