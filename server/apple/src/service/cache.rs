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

/// How hard the config is tried to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// As every other call.
    Full,
    /// Once and not for long, since there is an old one.
    Brief,
}

#[derive(Debug, Clone)]
struct Known {
    config: Arc<ServiceConfig>,
    good_until: Instant,
}

impl ServiceCache {
    /// The config, fresh or read now with `fetch`. Where there is an old one, one caller tries briefly to read a new one,
    /// and nobody else waits for that.
    pub(crate) async fn get<F>(&self, fetch: impl FnOnce(Effort) -> F) -> Result<Arc<ServiceConfig>, Fault>
    where
        F: Future<Output = Result<ServiceConfig, Fault>>,
    {
        if let Some(config) = self.fresh() {
            return Ok(config);
        }
        let _turn = match (self.last(), self.refreshing.try_lock()) {
            (_, Ok(turn)) => turn,
            (Some(old), Err(_)) => return Ok(old),
            (None, Err(_)) => self.refreshing.lock().await,
        };
        if let Some(config) = self.fresh() {
            return Ok(config);
        }
        let Some(old) = self.last() else {
            let config = fetch(Effort::Full).await?;
            return Ok(self.keep(Arc::new(config), FRESH));
        };
        match fetch(Effort::Brief).await {
            Ok(config) => Ok(self.keep(Arc::new(config), FRESH)),
            Err(fault) => {
                warn!("the service config could not be read, the old one is used: {fault}");
                let pause = fault.retry_after.unwrap_or_default().max(AFTER_FAILURE);
                Ok(self.keep(old, pause))
            }
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
                .get(|_| async move { Ok(config(n)) })
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
        let fail = |_| async { Err(Fault::protocol("down")) };
        assert!(cache.get(fail).await.is_err());
        assert!(cache.get(|_| async { Ok(config(1)) }).await.is_ok());
        tokio::time::advance(FRESH).await;
        assert_eq!(cache.get(fail).await.map(|c| c.limits.max_assets), Ok(1));
        tokio::time::advance(AFTER_FAILURE).await;
        assert_eq!(
            cache
                .get(|_| async { Ok(config(2)) })
                .await
                .map(|c| c.limits.max_assets),
            Ok(2)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn many_callers_cause_one_refresh() {
        let cache = ServiceCache::default();
        let fetches = AtomicU32::new(0);
        let fetch = |_| async {
            fetches.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(config(7))
        };
        let all = futures::future::join_all((0..50).map(|_| cache.get(fetch))).await;
        assert!(all.iter().all(Result::is_ok));
        assert_eq!(fetches.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_a_new_config_but_who_reads_it_and_that_one_not_for_long() {
        let cache = ServiceCache::default();
        assert!(cache.get(|_| async { Ok(config(1)) }).await.is_ok());
        tokio::time::advance(FRESH).await;
        let asked = Instant::now();
        let slow = cache.get(|effort| async move {
            assert_eq!(effort, Effort::Brief);
            tokio::time::sleep(Duration::from_secs(9)).await;
            Ok(config(2))
        });
        let other = async {
            let never = |_| async { unreachable!("one reads it already") };
            let got = cache.get(never).await.map(|c| c.limits.max_assets);
            (got, asked.elapsed())
        };
        let (read, (other, waited)) = tokio::join!(slow, other);
        assert_eq!((other, waited), (Ok(1), Duration::ZERO));
        assert_eq!(read.map(|c| c.limits.max_assets), Ok(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_config_is_asked_for_when_apple_says() {
        let cache = ServiceCache::default();
        assert!(cache.get(|_| async { Ok(config(1)) }).await.is_ok());
        tokio::time::advance(FRESH).await;
        let asked = Duration::from_secs(600);
        let busy = |_| async move {
            Err(Fault {
                retry_after: Some(asked),
                ..Fault::protocol("busy")
            })
        };
        assert!(cache.get(busy).await.is_ok());
        let read = async || {
            let read = cache.get(|_| async { Ok(config(2)) }).await;
            read.map(|c| c.limits.max_assets)
        };
        tokio::time::advance(asked - Duration::from_millis(1)).await;
        assert_eq!(read().await, Ok(1));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(read().await, Ok(2));
    }
}
