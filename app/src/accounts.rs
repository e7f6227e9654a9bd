//! People who sign in (Z1), and what their roles let them do (Z2).

mod add;
pub mod calls;
mod link;
mod list;
mod once;
mod roles;
mod row;

pub use add::add_page;
pub use list::list_page;
