//! The one way to Apple: the HTTP client, the service config and the paces, shared by all locations.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect;

use crate::destination::{Base, Destination};
use crate::exchange::{self, Call, Credential, Exchange, Verb};
use crate::fault::{Fault, Outcome};
use crate::location::LocationClient;
use crate::pace::{Lane, PaceKey, Pacers};
use crate::reply::{Head, Reply};
use crate::service::{Effort, Endpoint, ServiceCache, ServiceConfig, WireServiceConfig};
use crate::settings::{AppleSettings, Pace, RetryBounds, SettingsFault};
use crate::token::ServerToken;

/// Longest wait for a new service config, where there is an old one.
const BRIEFLY: Duration = Duration::from_secs(10);

/// Apple's App and Book Management API. Clones are cheap and share connections, service config and paces:
/// make one per program. <https://developer.apple.com/documentation/devicemanagement/app-and-book-management>
#[derive(Clone)]
pub struct Apple {
    shared: Arc<Shared>,
    bounds: RetryBounds,
}

struct Shared {
    base: Base,
    pace: Pace,
    exchange: Exchange,
    service: ServiceCache,
    pacers: Pacers,
}

impl Apple {
    /// Sets up the client; nothing is sent yet.
    ///
    /// # Errors
    /// [`SettingsFault`] when the base address is not acceptable or the HTTP client cannot be set up.
    pub fn new(settings: AppleSettings) -> Result<Self, SettingsFault> {
        let base = Base::parse(&settings.base_url)?;
        let exchange = Exchange {
            http: http_client(&base, &settings)?,
            jitter: settings.jitter,
            max_body_bytes: settings.max_body_bytes,
        };
        Ok(Self {
            bounds: settings.retry,
            shared: Arc::new(Shared {
                base,
                pace: settings.pace,
                exchange,
                service: ServiceCache::default(),
                pacers: Pacers::default(),
            }),
        })
    }

    /// The same client with other bounds for trying again: for whoever waits for the answer.
    #[must_use]
    pub fn within(&self, bounds: RetryBounds) -> Self {
        Self {
            shared: self.shared.clone(),
            bounds,
        }
    }

    /// The same client, whose calls take at most so long.
    pub(crate) fn in_at_most(&self, most: Duration) -> Self {
        self.within(RetryBounds {
            in_all: self.bounds.in_all.min(most),
            ..self.bounds
        })
    }

    /// The client of one location. `pace_key` says whose pace it shares: every client of one location must
    /// be given the same key, best the location's `uId`.
    pub fn location(&self, token: ServerToken, pace_key: impl Into<PaceKey>) -> LocationClient {
        let key = pace_key.into();
        let metadata = self.shared.pacers.of(key.clone(), Lane::Metadata);
        LocationClient::new(
            self.clone(),
            token,
            self.shared.pacers.of(key, Lane::Management),
            metadata,
        )
    }

    /// Limits, addresses and error texts, at most five minutes old, or older while they are read anew or Apple does not
    /// answer.
    /// Succeeds whatever the state of any token: it says nothing about one.
    /// <https://developer.apple.com/documentation/devicemanagement/service-config>
    ///
    /// # Errors
    /// When it could not be read and never was before.
    pub async fn service_config(&self) -> Result<Arc<ServiceConfig>, Fault> {
        let service = &self.shared.service;
        let read = service.get(|effort| self.read_service_config(effort));
        // Whoever reads it at the moment may have more time for it than this client.
        match tokio::time::timeout(self.bounds.in_all, read).await {
            Ok(config) => config,
            Err(_) => service
                .last()
                .ok_or_else(|| exchange::no_answer(Outcome::NotProcessed)),
        }
    }

    async fn read_service_config(&self, effort: Effort) -> Result<ServiceConfig, Fault> {
        let bounds = match effort {
            Effort::Full => self.bounds,
            Effort::Brief => RetryBounds {
                attempts: 1,
                in_all: self.bounds.in_all.min(BRIEFLY),
                ..self.bounds
            },
        };
        let to = self.shared.base.service_config()?;
        let call = Call {
            verb: Verb::Read,
            to: &to,
            credential: Credential::None,
            pacer: None,
        };
        let read = self.shared.exchange.run::<WireServiceConfig>(&call, &bounds);
        let (_, config) = read.await?;
        Ok(config)
    }

    /// Sends a call within the bounds.
    pub(crate) async fn run<R: Reply>(&self, call: &Call<'_>) -> Result<(Head, R::Body), Fault> {
        self.shared.exchange.run::<R>(call, &self.bounds).await
    }

    /// The checked address of an operation.
    pub(crate) fn destination(
        &self,
        service: &ServiceConfig,
        endpoint: Endpoint,
    ) -> Result<Destination, Fault> {
        let address = service.address(endpoint)?;
        match endpoint {
            Endpoint::ContentMetadataLookup => self.shared.base.apple(address),
            _ => self.shared.base.api(address),
        }
    }

    /// Requests per second of one location; `None` for no limit.
    pub(crate) fn rate(&self, service: &ServiceConfig) -> Option<NonZeroU32> {
        match self.shared.pace {
            Pace::FromServiceConfig => NonZeroU32::new(service.limits.max_request_per_second),
            Pace::PerSecond(rate) => Some(rate),
            Pace::Off => None,
        }
    }

    /// Whether the API is a stand-in on this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.shared.base.is_loopback()
    }
}

impl std::fmt::Debug for Apple {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Apple")
            .field("base", &self.shared.base)
            .field("pace", &self.shared.pace)
            .finish_non_exhaustive()
    }
}

/// Redirects are answers to refuse, never to follow: the token must not travel with them. Nor does it go
/// through a proxy on its way to this machine.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that makes a client for calls to Apple"
)]
fn http_client(base: &Base, settings: &AppleSettings) -> Result<reqwest::Client, SettingsFault> {
    let mut builder = reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .referer(false)
        .user_agent(&settings.user_agent)
        .connect_timeout(settings.connect_timeout)
        .timeout(settings.request_timeout)
        .https_only(base.is_https());
    if base.is_loopback() {
        builder = builder.no_proxy();
    }
    builder
        .build()
        .map_err(|error| SettingsFault::Client(error.to_string()))
}
