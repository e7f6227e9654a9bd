//! The first page (H1): the figures that matter, what needs somebody, what is under way.

pub mod calls;
mod page;
mod sections;

pub use page::OverviewPage;
