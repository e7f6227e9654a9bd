//! Content tokens and their sync: T1 to T8, S1.

pub mod calls;
mod create;
mod delete;
mod detail;
mod edit;
mod list;
mod owner;
mod possible;
mod renew;
mod state;
mod sync;
mod take_control;

pub use create::CreatePage;
pub use delete::DeletePage;
pub use detail::DetailPage;
pub use edit::EditPage;
pub use list::ListPage;
pub use renew::RenewPage;
pub use state::{StateTag, account_type};
pub use take_control::TakeControlPage;
