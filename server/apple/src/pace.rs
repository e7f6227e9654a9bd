//! Requests per second of one location, shared by everyone who talks to Apple for it.
//! <https://developer.apple.com/documentation/devicemanagement/service-config> (`maxRequestPerSecond`)

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::{Instant, sleep};

use crate::fault::{Fault, FaultKind};

/// Requests are spaced this much wider than the limit, so that uneven transit does not bunch them above it.
const MARGIN: f64 = 1.05;

/// A pacer nobody holds is forgotten after this time, when its past no longer matters.
const FORGET_AFTER: Duration = Duration::from_secs(2);

/// What shares one pace: a location, best by its `uId`, so that two tokens of one location share.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PaceKey(Arc<str>);

impl From<&str> for PaceKey {
    fn from(key: &str) -> Self {
        Self(key.into())
    }
}

impl From<String> for PaceKey {
    fn from(key: String) -> Self {
        Self(key.into())
    }
}

/// Two services, two paces: the metadata look-up is not part of the API whose limit Apple states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Lane {
    Management,
    Metadata,
}

/// All pacers in use.
#[derive(Debug, Default)]
pub(crate) struct Pacers(Mutex<HashMap<(PaceKey, Lane), Arc<Pacer>>>);

impl Pacers {
    pub(crate) fn of(&self, key: PaceKey, lane: Lane) -> Arc<Pacer> {
        let mut pacers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (key, lane);
        if let Some(pacer) = pacers.get(&place) {
            return Arc::clone(pacer);
        }
        pacers.retain(|_, pacer| Arc::strong_count(pacer) > 1 || !pacer.is_idle());
        let pacer = Arc::new(Pacer::default());
        pacers.insert(place, Arc::clone(&pacer));
        pacer
    }
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>;

/// Hands out turns evenly spaced, between two pauses in the order they were asked for.
#[derive(Debug, Default)]
pub(crate) struct Pacer {
    /// Locked by whoever is next, for no longer than the space between two turns; tokio's mutex serves waiters in order.
    queue: tokio::sync::Mutex<Option<(NonZeroU32, Limiter)>>,
    times: Mutex<Times>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Times {
    last_turn: Option<Instant>,
    held_until: Option<Instant>,
}

impl Pacer {
    /// Waits until the next request may be sent, at `rate` per second (`None`: at once).
    ///
    /// # Errors
    /// A `Wait` fault when Apple asked for a pause of which more than `longest_wait` is left.
    pub(crate) async fn turn(&self, rate: Option<NonZeroU32>, longest_wait: Duration) -> Result<(), Fault> {
        loop {
            // Nobody sleeps through a pause with the queue locked: whoever comes has another longest wait.
            if let Some(left) = self.held_for() {
                if left > longest_wait {
                    return Err(no_turn(Some(left)));
                }
                sleep(left).await;
                continue;
            }
            let mut queue = self.queue.lock().await;
            if self.next(&mut queue, rate).await {
                self.times_mut(|times| times.last_turn = Some(Instant::now()));
                return Ok(());
            }
        }
    }

    /// Waits for the next turn; false when a pause came first.
    async fn next(&self, queue: &mut Option<(NonZeroU32, Limiter)>, rate: Option<NonZeroU32>) -> bool {
        loop {
            if self.held_for().is_some() {
                return false;
            }
            let Some(rate) = rate else { return true };
            if queue.as_ref().is_none_or(|(current, _)| *current != rate) {
                *queue = limiter(rate).map(|limiter| (rate, limiter));
            }
            let Some((_, limiter)) = queue.as_ref() else {
                return true;
            };
            match limiter.check() {
                Ok(()) => return true,
                Err(early) => sleep(early.wait_time_from(limiter.clock().now())).await,
            }
        }
    }

    /// Lets nobody pass for `pause`: Apple asked for it.
    pub(crate) fn hold(&self, pause: Duration) {
        let until = Instant::now() + pause;
        self.times_mut(|times| times.held_until = times.held_until.max(Some(until)));
    }

    /// What to tell who waited for a turn until its own time was over.
    pub(crate) fn too_late(&self) -> Fault {
        no_turn(self.held_for())
    }

    /// What is left of a pause.
    fn held_for(&self) -> Option<Duration> {
        let left = self.times().held_until?.duration_since(Instant::now());
        (left > Duration::ZERO).then_some(left)
    }

    fn is_idle(&self) -> bool {
        let past = |moment: Option<Instant>| moment.is_none_or(|moment| moment.elapsed() > FORGET_AFTER);
        self.held_for().is_none() && past(self.times().last_turn)
    }

    fn times(&self) -> Times {
        *self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn times_mut(&self, change: impl FnOnce(&mut Times)) {
        change(&mut self.times.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Nothing was sent, for a pause of which so much is left or for the requests before it.
fn no_turn(left: Option<Duration>) -> Fault {
    let why = match left {
        Some(_) => "Apple asked to wait before the next request",
        None => "too many requests of the location came before this one",
    };
    Fault {
        retry_after: left,
        ..Fault::local(FaultKind::Wait, why)
    }
}

/// One request at a time, so that no second ever holds more than `rate`.
fn limiter(rate: NonZeroU32) -> Option<Limiter> {
    let spacing = Duration::from_secs(1)
        .div_f64(f64::from(rate.get()))
        .mul_f64(MARGIN);
    Some(RateLimiter::direct_with_clock(
        Quota::with_period(spacing)?,
        TokioClock {
            start: Instant::now(),
        },
    ))
}

/// Tokio's clock, which tests can pause, as governor wants it: time since a start.
#[derive(Debug, Clone)]
struct TokioClock {
    start: Instant,
}

impl Clock for TokioClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;

    use super::*;
    use crate::fault::Outcome;

    const LONGEST: Duration = Duration::from_secs(60);

    fn rate(per_second: u32) -> Option<NonZeroU32> {
        NonZeroU32::new(per_second)
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_holds_more_turns_than_the_rate() {
        let pacer = Pacer::default();
        let start = Instant::now();
        let turns =
            join_all((0..100).map(async |_| pacer.turn(rate(15), LONGEST).await.map(|()| start.elapsed())))
                .await;
        let turns: Vec<Duration> = turns.into_iter().map(|turn| turn.expect("a turn")).collect();
        assert!(turns.is_sorted(), "turns come in the order they were asked for");
        for window in turns.windows(16) {
            assert!(window[15] - window[0] > Duration::from_secs(1));
        }
        assert!(turns[99] < Duration::from_secs(8), "and the rate is used");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_rate_nobody_waits() {
        let (pacer, start) = (Pacer::default(), Instant::now());
        for _ in 0..1000 {
            assert_eq!(pacer.turn(None, LONGEST).await, Ok(()));
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_rate_holds_at_once() {
        let pacer = Pacer::default();
        for per_second in [1, 100] {
            let start = Instant::now();
            for _ in 0..11 {
                assert_eq!(pacer.turn(rate(per_second), LONGEST).await, Ok(()));
            }
            let spacing = Duration::from_secs(1) / per_second;
            assert!(start.elapsed() >= spacing * 10 && start.elapsed() < spacing * 12);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_everyone_and_a_long_one_is_told_at_once() {
        let (pacer, start) = (Pacer::default(), Instant::now());
        pacer.hold(Duration::from_secs(30));
        pacer.hold(Duration::from_secs(10));
        let turns = join_all((0..3).map(|_| pacer.turn(None, LONGEST))).await;
        assert!(turns.iter().all(Result::is_ok));
        assert_eq!(start.elapsed().as_secs(), 30);
        pacer.hold(Duration::from_secs(61));
        let fault = pacer.turn(None, LONGEST).await.expect_err("too long to wait");
        assert_eq!(
            (fault.kind, fault.retry_after),
            (FaultKind::Wait, Some(Duration::from_secs(61)))
        );
        assert_eq!(start.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_too_long_is_told_at_once_though_somebody_waits_for_its_end_or_for_a_turn() {
        let (pacer, start) = (Pacer::default(), Instant::now());
        let impatient = async || {
            let turn = pacer.turn(rate(1), Duration::from_secs(2)).await;
            let fault = turn.expect_err("too long to wait");
            (fault.kind, fault.outcome, fault.retry_after, start.elapsed())
        };
        assert_eq!(pacer.turn(rate(1), LONGEST).await, Ok(()));
        let (patient, early, late, ()) = tokio::join!(
            pacer.turn(rate(1), LONGEST),
            // In line before the pause, behind the one who has the next turn.
            impatient(),
            async {
                sleep(Duration::from_secs(3)).await;
                impatient().await
            },
            async {
                sleep(Duration::from_millis(500)).await;
                pacer.hold(Duration::from_secs(30));
            },
        );
        assert_eq!(patient, Ok(()));
        assert_eq!(start.elapsed().as_secs(), 30);
        for (kind, outcome, left, told_after) in [early, late] {
            assert_eq!((kind, outcome), (FaultKind::Wait, Outcome::NotProcessed));
            assert_eq!(
                left.map(|left| left + told_after),
                Some(Duration::from_millis(30_500))
            );
            assert!(told_after <= Duration::from_secs(3), "{told_after:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_key_shares_one_pacer_and_an_idle_one_is_forgotten() {
        let pacers = Pacers::default();
        let first = pacers.of("a".into(), Lane::Management);
        assert!(Arc::ptr_eq(
            &first,
            &pacers.of(String::from("a").into(), Lane::Management)
        ));
        assert!(!Arc::ptr_eq(&first, &pacers.of("a".into(), Lane::Metadata)));
        assert_eq!(first.turn(rate(1), LONGEST).await, Ok(()));
        drop(first);
        pacers.of("b".into(), Lane::Management);
        let known = || {
            pacers
                .0
                .lock()
                .expect("no panic")
                .contains_key(&("a".into(), Lane::Management))
        };
        assert!(known(), "its last turn still counts");
        tokio::time::advance(FORGET_AFTER * 2).await;
        pacers.of("c".into(), Lane::Management);
        assert!(!known());
    }
}
