//! Drift: what only Apple or only Pomona knows of (S5, S6).

pub mod calls;
mod holders;
mod list;
mod scope;
mod settle;

pub use holders::holders_page;
pub use list::list_page;
pub use settle::settle_page;
