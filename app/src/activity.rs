//! Operations: what Pomona does at Apple, while it runs and afterwards.

pub mod calls;
mod detail;
mod estimate;
mod items;
mod list;
mod live;
mod progress;
mod reversal;
mod undo;
mod words;

pub use detail::DetailPage;
pub use list::ListPage;
pub use undo::UndoPage;
pub use words::{OperationTag, name};
