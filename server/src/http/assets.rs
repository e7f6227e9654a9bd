//! Files of the front end.

use app::i18n::{Locale, dictionary};
use axum::{
    Router,
    extract::{Path, Request},
    http::{HeaderValue, StatusCode, header},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use std::path::Path as FilePath;
use tower_http::services::ServeDir;

const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The scripts, the WebAssembly and the styles. Names change with the content, but for the two entry files: they name
/// the others and keep their own name, so browsers ask each time whether they have changed.
pub fn packages<S: Clone + Send + Sync + 'static>(site: &FilePath) -> Router<S> {
    let files = ServeDir::new(site.join("pkg"))
        .precompressed_br()
        .precompressed_gzip();
    Router::new().fallback_service(files).layer(from_fn(keep))
}

async fn keep(request: Request, next: Next) -> Response {
    let file = request.uri().path().rsplit('/').next().unwrap_or_default();
    let entry = file.starts_with("pomona.") && !file.ends_with(".css");
    let mut response = next.run(request).await;
    if response.status().is_success() {
        let keep = if entry {
            HeaderValue::from_static("no-cache")
        } else {
            FOR_EVER
        };
        response.headers_mut().insert(header::CACHE_CONTROL, keep);
    }
    response
}

/// The words of one language, `<locale>-<hash>.json`.
pub async fn dictionary_file(Path(file): Path<String>) -> Response {
    let found = Locale::ALL
        .into_iter()
        .map(|locale| (locale, dictionary(locale)))
        .find(|(locale, (_, hash))| {
            file.strip_suffix(".json").and_then(|name| name.split_once('-')) == Some((locale.as_str(), hash))
        });
    match found {
        Some((_, (json, _))) => {
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
                (header::CACHE_CONTROL, FOR_EVER),
            ];
            (headers, json).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
