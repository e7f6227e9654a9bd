//! Assigning, the plan first (A7, A8): device licences to devices chosen by hand, and assignments to groups (A1 to A6).

mod apps;
mod assign;
pub mod calls;
mod cards;
mod change;
mod chosen;
mod copy;
mod devices;
mod edit;
mod explain;
mod group_calls;
mod groups;
mod lines;
mod plan;
mod stock;
mod waiting;
mod words;

pub use assign::AssignPage;
pub use change::ChangePage;
pub use edit::EditPage;
pub use explain::ExplainPage;
pub use groups::GroupsPage;
pub use plan::PlanPage;
pub use waiting::WaitingPage;

use contract::AssetId;
use leptos_router::location::Url;

/// Where it is explained why a holder has an app or not.
pub fn explain_path(asset: AssetId, holder: &str) -> String {
    format!("/explain?asset={asset}&holder={}", Url::escape(holder))
}
