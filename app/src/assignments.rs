//! Assigning device licences, the plan first: A7, A8.

mod apps;
mod assign;
pub mod calls;
mod cards;
mod chosen;
mod copy;
mod devices;
mod lines;
mod plan;
mod stock;

pub use assign::assign_page;
pub use plan::plan_page;
