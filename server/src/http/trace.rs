//! What stands in the log about a request.

use axum::extract::{MatchedPath, Request};
use tracing::{Span, debug_span};

/// Which page or function it is for, never its address: one-time links have their secret there, and searches names.
pub fn span(request: &Request) -> Span {
    let route = request.extensions().get::<MatchedPath>();
    debug_span!(
        "request",
        method = %request.method(),
        route = route.map_or("none", MatchedPath::as_str),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::record::Record;
    use axum::{Router, body::Body, routing::get};
    use tower::{ServiceBuilder, ServiceExt};
    use tower_http::trace::TraceLayer;

    #[tokio::test]
    async fn a_request_stands_in_the_log_by_its_route_and_without_its_address() {
        let record = Record::default();
        let log = tracing_subscriber::fmt()
            .with_env_filter("trace")
            .with_writer(record.clone())
            .finish();
        let _logging = tracing::subscriber::set_default(log);
        let router: Router = Router::new()
            .route("/welcome/{secret}", get(|| async { tracing::debug!("served") }))
            .layer(ServiceBuilder::new().layer(TraceLayer::new_for_http().make_span_with(span)));
        for address in ["/welcome/s3cret?search=s3cret", "/nowhere/s3cret"] {
            let request = Request::get(address).body(Body::empty()).unwrap();
            drop(router.clone().oneshot(request).await.unwrap());
        }
        let log = record.text();
        assert!(
            log.contains("served") && log.contains("\"/welcome/{secret}\""),
            "{log}"
        );
        assert!(!log.contains("s3cret"), "{log}");
    }
}
