//! Everything a person sees. Built twice: for the server (feature `ssr`) and for the browser (feature `hydrate`).

#![recursion_limit = "512"]
// What `wasm_bindgen` and `lazy` expand to.
#![cfg_attr(feature = "hydrate", allow(unsafe_code))]

pub mod accounts;
pub mod activity;
pub mod app;
pub mod assignments;
mod browser;
pub mod call;
pub mod catalog;
mod checkin;
mod confirm;
pub mod devices;
pub mod drift;
mod form;
mod frame;
pub mod groups;
pub mod i18n;
pub mod import;
pub mod json;
pub mod licenses;
pub mod live;
pub mod once;
pub mod overview;
#[cfg(feature = "ssr")]
mod package;
pub mod people;
mod reading;
pub mod reclaim;
mod refusal;
pub mod requests;
pub mod routes;
pub mod scim;
mod search;
pub mod session;
pub mod settings;
#[cfg(feature = "ssr")]
mod shell;
pub mod tokens;
pub mod ui;
mod users;

pub use app::App;
#[cfg(feature = "ssr")]
pub use shell::{preferences, shell};

/// The code of the page: hydration does not wait for any within the frame.
#[cfg(feature = "hydrate")]
async fn fetched() {
    let path = leptos::prelude::location().pathname().unwrap_or_default();
    routes::fetched(&path).await;
}

/// Called by the page's script: reads the page's dictionary, then brings the page to life.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    use leptos::prelude::*;

    wasm_bindgen_futures::spawn_local(async {
        futures::join!(i18n::load(), fetched());
        let Some(body) = document().body() else { return };
        let hydrated = ArcRwSignal::new(false);
        let context = browser::Hydrated(hydrated.clone());
        // What `hydrate_lazy` does, and then the signal that it is done.
        let page = leptos::mount::hydrate_from_async(body, move || {
            provide_context(context);
            view! { <App/> }
        });
        page.await.forget();
        hydrated.set(true);
        // For whoever drives the page by program: from now on it answers.
        if let Some(html) = leptos::prelude::document().document_element() {
            _ = html.set_attribute("data-hydrated", "");
        }
    });
}
