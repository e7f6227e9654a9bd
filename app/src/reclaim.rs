//! Licences that nobody uses: reclaim rules, their review queue, and licences that lead to nobody (R3, L3).

pub mod calls;
mod decide;
mod kept;
mod list;
mod orphans;
mod rule;
mod rules;
mod scope;
mod words;

pub use decide::decide_page;
pub use kept::kept_page;
pub use list::list_page;
pub use orphans::{orphans_page, query as orphans_query};
pub use rule::rule_page;
pub use rules::rules_page;
pub use scope::query as list_query;
