//! Every route, in one place.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get};

use crate::world::World;
use crate::{api, control, index, storefront};

/// Apple's API, the store, the control API and the index page.
pub(crate) fn routes(world: Arc<World>) -> Router {
    let apple = || any(api::answer).layer(DefaultBodyLimit::max(api::MAX_BODY));
    let invitation = "/WebObjects/MZFinance.woa/wa/associateVPPUserWithITSAccount";
    Router::new()
        .route("/", get(index::page))
        .route("/mdm/v2/", apple())
        .route("/mdm/v2/{*path}", apple())
        .route(
            "/WebObjects/MZStorePlatform.woa/wa/lookup",
            get(storefront::lookup),
        )
        .route("/icons/{adam_id}/{file}", get(storefront::icon))
        .route(
            invitation,
            get(storefront::show_page).post(storefront::accept_page),
        )
        .nest("/control", control::routes())
        .with_state(world)
}
