//! Operations: what Pomona does at Apple, while it runs and afterwards.

pub mod calls;
mod detail;
mod estimate;
mod items;
mod list;
mod live;
mod people;
mod progress;
mod reversal;
mod undo;
mod words;

pub use detail::{detail_page, query as items_query};
pub use list::{list_page, query as list_query};
pub use people::{people_page, query as people_query};
pub use undo::undo_page;
pub use words::{OperationTag, name};
