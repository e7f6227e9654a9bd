//! Content tokens and their sync: T1 to T3, S1.

pub mod calls;
mod create;
mod detail;
mod edit;
mod list;
mod state;
mod sync;

pub use create::CreatePage;
pub use detail::DetailPage;
pub use edit::EditPage;
pub use list::ListPage;
pub use state::{StateTag, account_type};
