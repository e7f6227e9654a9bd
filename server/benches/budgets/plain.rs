//! The floor of the pages: this program once more, as a plain axum handler that sends a file's bytes.

use crate::Outcome;
use axum::{Router, body::Bytes, response::Html, routing::get};
use std::{ffi::OsStr, net::Ipv4Addr};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The environment's name for the file.
pub const PAGE: &str = "POMONA_BENCH_PLAIN_PAGE";

/// Serves until it is killed, with the server's own way of listening.
pub async fn serve(page: &OsStr) -> Outcome<()> {
    let page = Bytes::from(std::fs::read(page)?);
    let router = Router::new().route("/", get(move || async move { Html(page) }));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("answers at http://{}", listener.local_addr()?);
    Ok(server::http::serve(listener, router, CancellationToken::new()).await?)
}
