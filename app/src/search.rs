//! The help desk (H2): where the frame's search box leads. One box; a card says what is the matter and what to do.

pub mod calls;
mod card;
mod error;
mod found;
mod page;
mod words;

pub use page::search_page;
