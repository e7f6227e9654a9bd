//! The SCIM 2.0 service (RFC 7643, RFC 7644), by which a directory keeps people and groups up to date (D3). Users are
//! people; Groups are groups of people without a rule, and their members who was put into them.

mod discovery;
mod error;
mod everything;
mod filter;
mod groups;
mod names;
mod patch;
mod path;
mod query;
mod select;
mod users;

use super::Web;
use crate::portal::directory::Directory;
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use error::ScimError;

/// Where the service is.
pub const PATH: &str = "/scim/v2";

/// The largest body: a group of 200,000 members.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

pub fn routes(web: &Web) -> Router<Web> {
    Router::new()
        .route("/ServiceProviderConfig", get(discovery::config))
        .route("/ResourceTypes", get(discovery::resource_types))
        .route("/ResourceTypes/{name}", get(discovery::resource_type))
        .route("/Schemas", get(discovery::schemas))
        .route("/Schemas/{id}", get(discovery::schema))
        .route("/Users", get(users::list).post(users::create))
        .route(
            "/Users/{id}",
            get(users::read)
                .put(users::replace)
                .patch(users::patch)
                .delete(users::delete),
        )
        .route("/.search", post(everything::search))
        .route("/Users/.search", post(users::search))
        .route("/Groups", get(groups::list).post(groups::create))
        .route("/Groups/.search", post(groups::search))
        .route(
            "/Groups/{id}",
            get(groups::read)
                .put(groups::replace)
                .patch(groups::patch)
                .delete(groups::delete),
        )
        .fallback(|| async { ScimError::not_found() })
        .method_not_allowed_fallback(|| async { ScimError::method() })
        .layer(axum::extract::DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn_with_state(web.clone(), authorise))
}

/// Lets in whoever shows a token of ours, as that directory.
async fn authorise(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    match directory(&web, request.headers()).await {
        Ok(directory) => {
            request.extensions_mut().insert(directory);
            next.run(request).await
        }
        Err(error) => error.into_response(),
    }
}

async fn directory(web: &Web, headers: &HeaderMap) -> Result<Directory, ScimError> {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, secret)| secret.trim());
    let secret = given.ok_or_else(ScimError::token)?;
    Ok(web.portal.directory(secret).await?)
}

/// The address of one of our resources.
fn location(web: &Web, kind: &str, id: &str) -> String {
    format!("{}{PATH}/{kind}/{id}", web.public.origin)
}
