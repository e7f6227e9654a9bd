//! People (D1), added by hand, from a CSV file or by a directory (D3).

mod add;
pub mod calls;
mod detail;
mod form;
mod import;
mod list;

pub use add::add_page;
pub use detail::detail_page;
pub use import::import_page;
pub use list::{list_page, query as list_query};
