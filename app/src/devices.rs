//! Devices (D1), added by hand or from a CSV file (D3).

mod add;
pub mod calls;
mod chosen;
mod detail;
mod import;
mod licenses;
mod list;
mod words;

pub use add::AddPage;
pub use chosen::ChosenPage;
pub use detail::DetailPage;
pub use import::{CsvUpload, ImportPage};
pub use list::ListPage;
