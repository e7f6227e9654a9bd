//! The first page (H1): the figures that matter, what needs somebody, what is under way.

mod alerts;
pub mod calls;
mod page;
mod rules;
mod sections;

pub use page::overview_page;
pub use rules::alerts_page;
