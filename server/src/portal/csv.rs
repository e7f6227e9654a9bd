//! Devices and people as CSV (D3), and every list as a file for spreadsheets (H4).

pub mod devices;
pub mod lines;
pub mod people;
mod records;
pub mod rows;
mod text;

pub use text::csv_text;
