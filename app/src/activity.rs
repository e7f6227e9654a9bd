//! Operations: what Pomona does at Apple, while it runs and afterwards.

pub mod calls;
mod detail;
mod estimate;
mod items;
mod list;
mod live;
mod progress;
mod words;

pub use detail::DetailPage;
pub use list::ListPage;
pub use words::{OperationTag, name};
