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

pub use assign::assign_page;
pub use change::{change_page, changes};
pub use edit::edit_page;
pub use explain::explain_page;
pub use groups::{asset, groups_page};
pub use plan::{outcomes, plan_page};
pub use waiting::waiting_page;
pub(crate) use words::prompts as prompt_words;

use contract::AssetId;
use leptos_router::location::Url;

/// Where it is explained why a holder has an app or not.
pub fn explain_path(asset: AssetId, holder: &str) -> String {
    format!("/explain?asset={asset}&holder={}", Url::escape(holder))
}
