//! The address that the present request came from, for the audit and for throttling.

use std::net::IpAddr;

tokio::task_local! {
    static ADDRESS: IpAddr;
}

/// Runs `request` as coming from that address.
pub async fn from<F: Future>(address: IpAddr, request: F) -> F::Output {
    ADDRESS.scope(address, request).await
}

/// As text; none outside of a request.
pub fn address() -> Option<String> {
    ADDRESS.try_with(ToString::to_string).ok()
}
