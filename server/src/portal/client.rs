//! The address that the present request came from.

use std::net::IpAddr;

/// An extension of every request, for whoever throttles: parts of a page are made in tasks of their own.
#[derive(Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

tokio::task_local! {
    /// For the audit.
    static ADDRESS: IpAddr;
}

/// Runs `request` as coming from that address.
pub async fn from<F: Future>(address: IpAddr, request: F) -> F::Output {
    ADDRESS.scope(address, request).await
}

/// As text; none outside of the request's own task.
pub fn address() -> Option<String> {
    ADDRESS.try_with(ToString::to_string).ok()
}
