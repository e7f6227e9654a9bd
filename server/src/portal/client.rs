//! The address that the present request came from.

use std::net::{IpAddr, Ipv6Addr};

/// An extension of every request, for whoever throttles: parts of a page are made in tasks of their own.
#[derive(Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

/// Whom tries are counted for: an address of IPv4, or a network of IPv6, of which whoever has one address has 2^64.
pub fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

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

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn tries_of_one_network_are_counted_together() {
        for (address, who) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2::9", "2001:db8:1:2::"),
            ("2001:db8:1:3::9", "2001:db8:1:3::"),
        ] {
            assert_eq!(counted(address.parse().unwrap()).to_string(), who);
        }
    }
}
