//! Drift: what only Apple or only Pomona knows of (S5, S6).

pub mod calls;
mod holders;
mod list;
mod scope;
mod settle;

pub use holders::HoldersPage;
pub use list::ListPage;
pub use settle::SettlePage;
