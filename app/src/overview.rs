//! The first page (H1): the figures that matter, what needs somebody, what is under way.

mod alerts;
pub mod calls;
mod page;
mod rules;
mod sections;

pub use page::OverviewPage;
pub use rules::AlertsPage;
