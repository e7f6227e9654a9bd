//! The check-in page: one device in somebody's hand, on a phone (P1, P2, P4).

mod ask;
pub mod calls;
mod frame;
mod link;
mod page;
mod words;

pub use ask::ask_page;
pub use link::link_page;
pub use page::page;
