//! Groups of people or of devices (D2).

mod add;
mod built_in;
pub mod calls;
mod delete;
mod detail;
mod editor;
mod list;
mod members;
mod nested;
mod words;

pub use add::add_page;
pub(crate) use built_in::group_name;
pub use detail::detail_page;
pub(crate) use list::table;
pub use list::{list_page, query as list_query};
pub(crate) use words::called;
#[cfg(feature = "ssr")]
pub use words::{built_in_called, value_called};
