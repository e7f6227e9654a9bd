//! The one place that reads the time and makes ids, so that tests can set both.

use contract::UnixMillis;
use std::sync::Arc;
use uuid::{ContextV7, Timestamp, Uuid};

/// Tells the time.
pub trait Clock: std::fmt::Debug + Send + Sync {
    fn now(&self) -> UnixMillis;
}

/// The machine's own clock.
#[derive(Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    fn now(&self) -> UnixMillis {
        jiff::Timestamp::now().as_millisecond()
    }
}

/// The clock of a test, which stands still unless it is set.
#[cfg(test)]
#[derive(Debug, Default)]
pub struct SetClock(pub std::sync::atomic::AtomicI64);

#[cfg(test)]
impl Clock for SetClock {
    fn now(&self) -> UnixMillis {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}

/// A shared clock.
pub type SharedClock = Arc<dyn Clock>;

/// A fresh UUIDv7 of that moment, later than every one this thread made before.
pub fn new_id(now: UnixMillis) -> String {
    std::thread_local! {
        static CONTEXT: ContextV7 = const { ContextV7::new() };
    }
    let millis = u64::try_from(now).unwrap_or_default();
    let nanos = u32::try_from(millis % 1000).unwrap_or_default() * 1_000_000;
    CONTEXT.with(|context| Uuid::new_v7(Timestamp::from_unix(context, millis / 1000, nanos)).to_string())
}

/// The day of a moment in UTC, as `2030-11-08`.
pub fn day(at: UnixMillis) -> String {
    jiff::Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |at| at.strftime("%F").to_string())
}
