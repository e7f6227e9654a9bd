//! Devices (D1), added by hand or from a CSV file (D3).

mod add;
mod browsers;
pub mod calls;
mod chosen;
mod detail;
mod enrol;
mod gone;
mod import;
mod licenses;
mod list;
pub(crate) mod words;

pub use add::add_page;
pub use chosen::chosen_page;
pub use detail::detail_page;
pub use enrol::enrol_page;
pub use import::import_page;
pub use licenses::{Errands, by_user};
pub use list::{list_page, query as list_query};
