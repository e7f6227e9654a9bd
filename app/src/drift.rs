//! Drift: what only Apple or only Pomona knows of (S5, S6).

pub mod calls;
mod holders;
mod list;
mod scope;
mod settle;

pub use holders::{holders_page, query as holders_query};
pub use list::{list_page, query as list_query};
pub use settle::settle_page;
