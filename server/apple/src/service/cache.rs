//! Keeps the service config for the five minutes Apple asks for.
//! <https://developer.apple.com/documentation/devicemanagement/serviceconfigresponse>

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tracing::warn;

use super::ServiceConfig;
use crate::fault::Fault;

/// How long a config holds.
const FRESH: Duration = Duration::from_secs(5 * 60);

/// How long an old config is used after a refresh failed, before the next try.
const AFTER_FAILURE: Duration = Duration::from_secs(30);

/// One config for all, refreshed by one caller at a time.
#[derive(Debug, Default)]
pub(crate) struct ServiceCache {
    known: Mutex<Option<Known>>,
    refreshing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone)]
struct Known {
    config: Arc<ServiceConfig>,
    good_until: Instant,
}

impl ServiceCache {
    /// The config, fresh or read now with `fetch`. If that fails and there is an old one, that one.
    pub(crate) async fn get<F>(&self, fetch: impl FnOnce() -> F) -> Result<Arc<ServiceConfig>, Fault>
    where
        F: Future<Output = Result<ServiceConfig, Fault>>,
    {
        if let Some(config) = self.fresh() {
            return Ok(config);
        }
        let _turn = self.refreshing.lock().await;
        if let Some(config) = self.fresh() {
            return Ok(config);
        }
        match (fetch().await, self.known()) {
            (Ok(config), _) => Ok(self.keep(Arc::new(config), FRESH)),
            (Err(fault), Some(old)) => {
                warn!("the service config could not be read, the old one is used: {fault}");
                Ok(self.keep(old.config, AFTER_FAILURE))
            }
            (Err(fault), None) => Err(fault),
        }
    }

    /// The config that was read last, however old.
    pub(crate) fn last(&self) -> Option<Arc<ServiceConfig>> {
        self.known().map(|known| known.config)
    }

    fn fresh(&self) -> Option<Arc<ServiceConfig>> {
        self.known()
            .filter(|known| known.good_until > Instant::now())
            .map(|known| known.config)
    }

    fn known(&self) -> Option<Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, config: Arc<ServiceConfig>, time: Duration) -> Arc<ServiceConfig> {
        let known = Known {
            config: Arc::clone(&config),
            good_until: Instant::now() + time,
        };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
        config
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn config(max_assets: u32) -> ServiceConfig {
        let mut config = ServiceConfig::default();
        config.limits.max_assets = max_assets;
        config
    }

    #[tokio::test(start_paused = true)]
    async fn a_config_holds_for_five_minutes() {
        let cache = ServiceCache::default();
        let read = async |n: u32| {
            cache
                .get(|| async move { Ok(config(n)) })
                .await
                .map(|c| c.limits.max_assets)
        };
        assert_eq!(read(1).await, Ok(1));
        tokio::time::advance(FRESH - Duration::from_millis(1)).await;
        assert_eq!(read(2).await, Ok(1));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(read(3).await, Ok(3));
    }

    #[tokio::test(start_paused = true)]
    async fn an_old_config_serves_while_apple_fails_and_is_replaced_soon_after() {
        let cache = ServiceCache::default();
        let fail = || async { Err(Fault::protocol("down")) };
        assert!(cache.get(fail).await.is_err());
        assert!(cache.get(|| async { Ok(config(1)) }).await.is_ok());
        tokio::time::advance(FRESH).await;
        assert_eq!(cache.get(fail).await.map(|c| c.limits.max_assets), Ok(1));
        tokio::time::advance(AFTER_FAILURE).await;
        assert_eq!(
            cache
                .get(|| async { Ok(config(2)) })
                .await
                .map(|c| c.limits.max_assets),
            Ok(2)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn many_callers_cause_one_refresh() {
        let cache = ServiceCache::default();
        let fetches = AtomicU32::new(0);
        let fetch = || async {
            fetches.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(config(7))
        };
        let all = futures::future::join_all((0..50).map(|_| cache.get(fetch))).await;
        assert!(all.iter().all(Result::is_ok));
        assert_eq!(fetches.load(Ordering::SeqCst), 1);
    }
}
