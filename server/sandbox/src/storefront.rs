//! What surrounds the API: metadata of products, their icons, and the page on which a user accepts an invitation.

mod icon;
mod invitation;
mod lookup;
mod stores;

pub(crate) use icon::icon;
pub(crate) use invitation::{accept_page, show_page};
pub(crate) use lookup::lookup;

/// Text for HTML and SVG.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
