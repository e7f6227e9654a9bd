//! How a sandbox starts.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::clock::Clock;
use crate::faults::Faults;
use crate::organisation::Organisation;

/// Everything that is chosen before the start.
#[derive(Clone, Debug)]
pub struct SandboxSettings {
    /// Where to listen; port 0 takes a free one. Only loopback addresses make sense: the control API asks for no password.
    pub address: SocketAddr,
    /// Of ids, tokens and codes.
    pub seed: u64,
    /// What there is at the start.
    pub organisations: Vec<Organisation>,
    /// A file that [`Control::save`](crate::Control::save) wrote. If it is there, everything is as it was then, and the
    /// organisations above are not looked at; faults and log begin anew.
    pub saved: Option<PathBuf>,
    /// Switches at the start.
    pub faults: Faults,
    /// Requests that the log keeps.
    pub log_capacity: usize,
    /// How long a request's body may take to arrive, before 408.
    pub body_patience: Duration,
    /// The time.
    pub clock: Clock,
}

impl Default for SandboxSettings {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seed: 1,
            organisations: vec![Organisation::demo()],
            saved: None,
            faults: Faults::default(),
            log_capacity: 100_000,
            body_patience: Duration::from_secs(30),
            clock: Clock::system(),
        }
    }
}

impl SandboxSettings {
    /// The defaults with these organisations.
    pub fn with(organisations: impl IntoIterator<Item = Organisation>) -> Self {
        Self {
            organisations: organisations.into_iter().collect(),
            ..Self::default()
        }
    }
}
