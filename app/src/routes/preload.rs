//! The page's code, named in the document's head, so that the browser fetches it along with the program.
//!
//! Leptos would do this by itself, but once the page's owner is no longer the current one: under load the links end up in
//! the heads of other requests. So it finds none to make.

use leptos::{PrefetchLazyFn, WasmSplitManifest, prelude::*};
use leptos_meta::Link;

/// Hears which lazy function makes the page.
pub struct Ahead(PrefetchLazyFn);

impl Ahead {
    /// Within the page's owner, before the page is made.
    pub fn begin() -> Self {
        let heard = PrefetchLazyFn::default();
        provide_context(heard.clone());
        Self(heard)
    }

    /// Registers a link for each file of the page's code.
    pub fn link(self) {
        let Some(WasmSplitManifest(manifest)) = use_context() else {
            return;
        };
        let names = self.0.0.get_value();
        manifest.with_value(|(package, files, loader)| {
            for file in names.iter().filter_map(|name| files.get(*name)).flatten() {
                let href = format!("{package}/{file}.wasm");
                // Rendered for what it registers with the head.
                _ = view! { <Link rel="preload" href as_="fetch" type_="application/wasm" crossorigin="anonymous"/> }
                    .to_html();
            }
            let href = format!("{package}/{loader}");
            _ = view! { <Link rel="modulepreload" href crossorigin="anonymous"/> }.to_html();
        });
    }
}
