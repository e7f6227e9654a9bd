//! The web layer: what stands between the network and the pages.

mod assets;
mod csp;
mod events;
mod exports;
mod health;
mod hooks;
mod kept;
mod limit;
mod linger;
mod origin;
mod pages;
mod problem;
#[cfg(test)]
mod record;
mod router;
mod scim;
mod sessions;
mod trace;
mod upload;

pub use events::LOOKS;
pub use router::{PublicAddress, Web, WebParts, router};
pub use sessions::SessionStorage;

use std::{io, net::SocketAddr};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Serves until `stop` is cancelled, then lets requests under way end.
pub async fn serve(listener: TcpListener, app: axum::Router, stop: CancellationToken) -> io::Result<()> {
    use axum::serve::ListenerExt;
    // Without it a streamed page waits 40 ms for the client's acknowledgement.
    let listener = listener.tap_io(|socket| {
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
    });
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
}
