//! The page's code, named in the document's head, so that the browser fetches it along with the program.
//!
//! Leptos would do this by itself, but once the page's owner is no longer the current one: under load the names end up in
//! the heads of other requests. So it is told of no files, and finds none to name.

use crate::package::Package;
use leptos::{PrefetchLazyFn, prelude::*};
use leptos_meta::Meta;

/// Hears which lazy function makes the page.
pub struct Ahead(PrefetchLazyFn);

impl Ahead {
    /// Within the page's owner, before the page is made.
    pub fn begin() -> Self {
        let heard = PrefetchLazyFn::default();
        provide_context(heard.clone());
        Self(heard)
    }

    /// Names the files of the page's code.
    pub fn name(self) {
        let functions = self.0.0.get_value();
        for files in functions.iter().filter_map(|function| Package::code(function)) {
            // Rendered for what it registers with the head.
            _ = view! { <Meta name="code" content=files/> }.to_html();
        }
    }
}
