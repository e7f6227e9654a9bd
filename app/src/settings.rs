//! Settings: language and theme of the reader, and what is sent to Apple.

pub mod calls;
mod disclosure;
mod preferences;
mod theme;

pub use disclosure::disclosure_page;
pub use preferences::{Languages, Preferences, Themes};
pub use theme::Theme;
