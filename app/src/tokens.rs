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

pub use create::create_page;
pub use delete::delete_page;
pub use detail::detail_page;
pub use edit::edit_page;
pub use list::{list_page, query as list_query};
pub use renew::renew_page;
pub use state::{StateTag, account_type};
pub use take_control::take_control_page;
