//! Every address of the server, in one place.

use super::{
    assets, csp, events, exports, health, hooks, kept, limit, linger, origin, pages, problem, scim, sessions,
    trace, upload,
};
use crate::{moment::Moments, portal::Portal};
use app::{App, shell};
use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef},
    middleware::{from_fn, from_fn_with_state},
    routing::{get, post},
};
use leptos::prelude::LeptosOptions;
use leptos_axum::{AxumRouteListing, LeptosRoutes, file_and_error_handler_with_context, generate_route_list};
use std::{
    ops::Deref,
    path::PathBuf,
    sync::{Arc, LazyLock},
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceBuilder;
use tower_http::{
    CompressionLevel, catch_panic::CatchPanicLayer, compression::CompressionLayer, trace::TraceLayer,
};

/// What the web layer needs: one pointer, since each layer copies it with each request.
#[derive(Clone)]
pub struct Web(Arc<WebParts>);

impl Web {
    pub fn new(parts: WebParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for Web {
    type Target = WebParts;

    fn deref(&self) -> &WebParts {
        &self.0
    }
}

/// What [`Web`] is made of.
pub struct WebParts {
    pub portal: Arc<Portal>,
    pub leptos: LeptosOptions,
    /// Where people reach Pomona, such as `https://apps.example.org`.
    pub public: PublicAddress,
    /// Hosts that icons may come from, for the content security policy.
    pub icon_hosts: String,
    /// The folder of the built front end.
    pub site: PathBuf,
    /// The turns of devices' open pages to be looked at ([`events::LOOKS`]).
    pub looks: Semaphore,
    /// Cancelled when the server stops: ends open event streams.
    pub stop: CancellationToken,
}

/// The address that browsers use, and what it implies.
#[derive(Clone, Debug)]
pub struct PublicAddress {
    /// Scheme, host and port, without a slash at the end.
    pub origin: String,
    /// https: cookies are Secure and carry the `__Host-` prefix.
    pub secure: bool,
    /// A reverse proxy stands in front; the client's address is in `X-Forwarded-For`.
    pub proxied: bool,
}

impl FromRef<Web> for LeptosOptions {
    fn from_ref(web: &Web) -> Self {
        web.leptos.clone()
    }
}

/// The pages' paths. Leptos has all of the process's readings wait for ever while it gathers them, so that several servers
/// of one process, as in tests, must do it but once.
fn paths() -> Vec<AxumRouteListing> {
    static PATHS: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(App));
    PATHS.clone()
}

/// What is made for each request goes out compressed, quickly rather than to the last byte; live events do not. No other
/// site can have a page made for whoever is signed in (the session's cookie is `SameSite=Strict`), so that nobody learns
/// from its length what is on it.
fn compressed() -> CompressionLayer {
    CompressionLayer::new().quality(CompressionLevel::Fastest)
}

/// Builds the router.
pub fn router(web: Web) -> Router {
    let page = {
        let web = web.clone();
        move || shell(web.leptos.clone())
    };
    let kept = kept::Kept::new(Moments::new(web.portal.db.clone(), web.portal.clock.clone()));
    let with_session = Router::new()
        // The pages, by app/src/routes.rs, and the server functions that they call.
        .leptos_routes_with_context(&web, paths(), csp::provide, page)
        // Beside the server functions, which come with the pages.
        .route("/api/{*name}", post(pages::no_call))
        // The token file is checked as soon as it is chosen (T2).
        .route(
            "/upload/token-check",
            post(upload::check_token).layer(DefaultBodyLimit::max(2 * 1024 * 1024)),
        )
        // The same page as by GET, with the preview of a CSV file that a plain form sent (D3).
        .route("/devices/import", post(upload::csv))
        .route("/people/import", post(upload::csv))
        // Live changes.
        .route("/events", get(events::stream))
        // The same for a device's check-in page, which hears of itself alone (P2).
        .route("/checkin/events", get(events::of_device))
        // Lists as files.
        .route("/export/apps.csv", get(exports::apps))
        .route("/export/ledger.csv", get(exports::ledger))
        .route("/export/licenses.csv", get(exports::licenses))
        .route("/export/devices.csv", get(exports::devices))
        .route("/export/people.csv", get(exports::people))
        .route("/export/tokens.csv", get(exports::tokens))
        .route("/export/activity.csv", get(exports::activity))
        .route("/export/activity-people.csv", get(exports::told))
        .route("/export/groups.csv", get(exports::groups))
        .route("/export/requests.csv", get(exports::requests))
        .route("/export/drift.csv", get(exports::drift))
        .route("/export/drift-licenses.csv", get(exports::drift_licenses))
        .route("/export/macs.csv", get(exports::macs))
        .route("/export/accounts.csv", get(exports::accounts))
        .route("/export/waiting.csv", get(exports::waiting))
        .route("/export/plan.csv", get(exports::plan))
        .route("/export/plan-change.csv", get(exports::change))
        .route("/export/items.csv", get(exports::items))
        .route("/export/members.csv", get(exports::members))
        .route("/export/reclaim.csv", get(exports::reclaim))
        .route("/export/reclaim-kept.csv", get(exports::kept))
        .route("/export/orphans.csv", get(exports::orphans))
        // Files of public/, and a readable page for every other address.
        .fallback(file_and_error_handler_with_context::<Web, _>(csp::provide, shell))
        .layer(
            ServiceBuilder::new()
                .layer(compressed())
                .layer(from_fn(pages::tidy))
                .layer(from_fn(pages::own_refusals))
                .layer(from_fn_with_state(kept.clone(), kept::give))
                .layer(sessions::layer(&web))
                .layer(from_fn_with_state(web.clone(), sessions::attach))
                .layer(from_fn(pages::guard))
                .layer(from_fn(pages::with_parts))
                .layer(from_fn(pages::refusal_without_page))
                .layer(from_fn_with_state(kept, kept::make)),
        );
    Router::new()
        .merge(with_session)
        // The built front end: hashed names, kept for ever.
        .nest("/pkg", assets::packages(&web.site))
        .route(
            "/locales/{file}",
            get(assets::dictionary_file).layer(compressed()),
        )
        // For whoever watches the service.
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .layer(from_fn_with_state(web.clone(), origin::same_origin))
        // For Apple's notifications (S4): outside of what is for browsers.
        .route(hooks::APPLE, post(hooks::apple))
        // For directories, with a token of their own (D3).
        .nest(scim::PATH, scim::routes(&web))
        // From the network inwards; as one layer, since each is copied with every request.
        .layer(
            ServiceBuilder::new()
                .layer(TraceLayer::new_for_http().make_span_with(trace::span))
                .layer(from_fn_with_state(web.clone(), origin::client_address))
                .layer(from_fn_with_state(web.clone(), csp::headers))
                .layer(from_fn(problem::readable))
                .layer(from_fn(linger::drain))
                .layer(from_fn(limit::bodies))
                .layer(DefaultBodyLimit::disable())
                .layer(CatchPanicLayer::custom(problem::after_panic)),
        )
        .with_state(web)
}
