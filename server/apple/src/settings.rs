//! How to reach Apple, and the bounds within which this crate tries.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

/// Apple's address of the API.
pub const APPLE_BASE_URL: &str = "https://vpp.itunes.apple.com/mdm/v2/";

/// A source of numbers from 0 up to 1, passed in because randomness has one place in a program.
pub type Jitter = Arc<dyn Fn() -> f64 + Send + Sync>;

/// Settings of [`Apple`](crate::Apple).
#[derive(Clone)]
pub struct AppleSettings {
    /// The API's address; https, or http on a loopback address. Usually [`APPLE_BASE_URL`].
    pub base_url: String,
    /// How this program presents itself (`User-Agent`).
    pub user_agent: String,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest wait for a whole exchange, from connecting to the last byte of the answer.
    pub request_timeout: Duration,
    /// Largest answer accepted, in bytes, after decompression.
    pub max_body_bytes: usize,
    /// How often and how long to try again.
    pub retry: RetryBounds,
    /// How fast to send, per location.
    pub pace: Pace,
    /// Spreads retries in time.
    pub jitter: Jitter,
}

impl AppleSettings {
    /// The usual settings for Apple itself, with `jitter` as the source of numbers from 0 up to 1.
    pub fn new(jitter: Jitter) -> Self {
        Self {
            base_url: APPLE_BASE_URL.to_owned(),
            user_agent: concat!("pomona/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(60),
            max_body_bytes: 16 * 1024 * 1024,
            retry: RetryBounds::default(),
            pace: Pace::FromServiceConfig,
            jitter,
        }
    }
}

impl fmt::Debug for AppleSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AppleSettings")
            .field("base_url", &self.base_url)
            .field("user_agent", &self.user_agent)
            .field("connect_timeout", &self.connect_timeout)
            .field("request_timeout", &self.request_timeout)
            .field("max_body_bytes", &self.max_body_bytes)
            .field("retry", &self.retry)
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}

/// How often and how long to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryBounds {
    /// Attempts in all, the first included; 0 counts as 1.
    pub attempts: u32,
    /// Back-off before the second attempt; it doubles with every further one.
    pub first_delay: Duration,
    /// Where the back-off stops growing.
    pub max_delay: Duration,
    /// Longest `Retry-After` waited for; when Apple asks for more, the fault goes to the caller at once, and
    /// so does every call of the location until that time has come.
    pub longest_wait: Duration,
    /// Longest time for a call in all, its attempts and the pauses between them; [`Duration::MAX`] for no bound.
    pub in_all: Duration,
}

impl Default for RetryBounds {
    fn default() -> Self {
        Self {
            attempts: 5,
            first_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
            longest_wait: Duration::from_secs(180),
            in_all: Duration::MAX,
        }
    }
}

/// How fast to send, per location.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// As Apple's service config says (`maxRequestPerSecond`).
    #[default]
    FromServiceConfig,
    /// So many requests per second, whatever Apple says.
    PerSecond(NonZeroU32),
    /// As fast as it goes: for measuring against a stand-in only.
    Off,
}

/// Why [`Apple::new`](crate::Apple::new) refuses its settings.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SettingsFault {
    /// The base address is not a URL.
    #[error("the base address {0:?} is not a URL")]
    BaseUrl(String),
    /// The base address is http, and not on this machine.
    #[error("the base address {0:?} is neither https nor http on a loopback address")]
    Insecure(String),
    /// The HTTP client could not be set up, for instance because the user agent is no header value.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
}
