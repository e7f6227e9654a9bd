//! When to try again, and after how long: exponential back-off with jitter, never less than Apple asks.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

use crate::fault::{Fault, Outcome};
use crate::settings::RetryBounds;

impl RetryBounds {
    /// How long to wait before the attempt after number `attempt` (from 1), or `None` when the fault is to
    /// be handed to the caller: it is permanent, the bounds are reached, or sending again could do twice
    /// what is wanted once. `jitter` is from 0 up to 1.
    pub(crate) fn delay_after(&self, attempt: u32, fault: &Fault, jitter: f64) -> Option<Duration> {
        let again = fault.kind.is_temporary() && fault.outcome == Outcome::NotProcessed;
        if !again || attempt >= self.attempts {
            return None;
        }
        let asked = fault.retry_after.unwrap_or(Duration::ZERO);
        (asked <= self.longest_wait).then(|| asked.max(self.back_off(attempt, jitter)))
    }

    /// Half of the doubled delay for certain, the other half by chance.
    fn back_off(&self, attempt: u32, jitter: f64) -> Duration {
        let doubled = self
            .first_delay
            .saturating_mul(2u32.saturating_pow(attempt.saturating_sub(1)));
        let chance = if jitter.is_finite() {
            jitter.clamp(0.0, 1.0)
        } else {
            1.0
        };
        let thousandths = 500 + (chance * 500.0) as u32;
        (doubled.min(self.max_delay) / 1000).saturating_mul(thousandths)
    }
}

/// More than any maintenance takes: who asks for a longer pause is asked again after this one, so that a wrong answer, such
/// as a proxy's, stops nobody for a year.
const LONGEST_ASKED: Duration = Duration::from_secs(24 * 60 * 60);

/// `Retry-After` in either form, at most [`LONGEST_ASKED`]; a fraction of a second is a whole one. A date is measured against
/// the answer's own `Date`, so that neither our clock nor its error matters; where there is none, by our clock.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    asked_after(headers, our_clock)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the answer to a call is measured by the time at which it came"
)]
fn our_clock() -> Timestamp {
    Timestamp::now()
}

fn asked_after(headers: &HeaderMap, clock: impl Fn() -> Timestamp) -> Option<Duration> {
    let asked = header(headers, RETRY_AFTER)?;
    let seconds = match asked.parse::<f64>() {
        Ok(seconds) => seconds.ceil(),
        Err(_) => {
            let now = header(headers, DATE).and_then(http_date).unwrap_or_else(clock);
            (http_date(asked)?.as_second() - now.as_second()) as f64
        }
    };
    // What is no number of seconds, such as less than none, asks for nothing.
    (seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(LONGEST_ASKED.as_secs_f64())))
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn http_date(text: &str) -> Option<Timestamp> {
    rfc2822::parse(text).ok().map(|date| date.timestamp())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::header::HeaderValue;

    use super::*;
    use crate::fault::FaultKind;

    const BOUNDS: RetryBounds = RetryBounds {
        attempts: 4,
        first_delay: Duration::from_secs(1),
        max_delay: Duration::from_secs(3),
        longest_wait: Duration::from_secs(60),
        in_all: Duration::MAX,
    };

    fn fault(kind: FaultKind) -> Fault {
        Fault::local(kind, "it failed")
    }

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn the_back_off_doubles_up_to_its_bound() {
        let delays: Vec<_> = (1..=4)
            .map(|n| BOUNDS.delay_after(n, &fault(FaultKind::Retry), 1.0))
            .collect();
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(delays, [seconds(1), seconds(2), seconds(3), None]);
    }

    #[test]
    fn only_what_is_temporary_and_surely_not_done_is_tried_again() {
        for kind in [FaultKind::Retry, FaultKind::Wait, FaultKind::Unreachable] {
            assert!(BOUNDS.delay_after(1, &fault(kind), 0.0).is_some(), "{kind:?}");
            let unknown = Fault {
                outcome: Outcome::Unknown,
                ..fault(kind)
            };
            assert_eq!(BOUNDS.delay_after(1, &unknown, 0.0), None, "{kind:?}");
        }
        for kind in [
            FaultKind::Token,
            FaultKind::Forbidden,
            FaultKind::Ownership,
            FaultKind::Elsewhere,
            FaultKind::Argument,
            FaultKind::Shortage,
            FaultKind::Protocol,
        ] {
            assert_eq!(BOUNDS.delay_after(1, &fault(kind), 0.0), None, "{kind:?}");
        }
    }

    #[test]
    fn apple_is_given_the_time_it_asks_for_within_bounds() {
        let asking = |seconds| Fault {
            retry_after: Some(Duration::from_secs(seconds)),
            ..fault(FaultKind::Wait)
        };
        assert_eq!(
            BOUNDS.delay_after(1, &asking(60), 0.5),
            Some(Duration::from_secs(60))
        );
        assert_eq!(BOUNDS.delay_after(1, &asking(61), 0.5), None);
        assert_eq!(
            BOUNDS.delay_after(2, &asking(1), 1.0),
            Some(Duration::from_secs(2))
        );
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let clock = || http_date("Sun, 08 Nov 2026 10:02:00 GMT").unwrap();
        let read = |pairs: &[_]| asked_after(&headers(pairs), clock).map(|wait| wait.as_secs());
        assert_eq!(read(&[(RETRY_AFTER, "120")]), Some(120));
        assert_eq!(read(&[(RETRY_AFTER, "1.2")]), Some(2));
        let date = (DATE, "Sun, 08 Nov 2026 10:00:00 GMT");
        for year in ["31536000", "1e300", "inf", "Mon, 08 Nov 2027 10:00:00 GMT"] {
            assert_eq!(
                read(&[(RETRY_AFTER, year), date.clone()]),
                Some(24 * 60 * 60),
                "{year}"
            );
        }
        let date = (DATE, "Sun, 08 Nov 2026 10:00:00 GMT");
        assert_eq!(
            read(&[(RETRY_AFTER, "Sun, 08 Nov 2026 10:02:05 GMT"), date.clone()]),
            Some(125)
        );
        assert_eq!(
            read(&[(RETRY_AFTER, "Sun, 08 Nov 2026 09:00:00 GMT"), date.clone()]),
            None
        );
        // Without the answer's date our own clock counts, however wrong it is.
        for no_date in [vec![], vec![(DATE, "today")]] {
            for (at, wait) in [
                ("Sun, 08 Nov 2026 10:02:05 GMT", Some(5)),
                ("Sun, 08 Nov 2026 10:01:59 GMT", None),
                ("Mon, 08 Nov 2027 10:00:00 GMT", Some(24 * 60 * 60)),
            ] {
                let answer: Vec<_> = [(RETRY_AFTER, at)].into_iter().chain(no_date.clone()).collect();
                assert_eq!(read(&answer), wait, "{at}");
            }
        }
        assert_eq!(read(&[(RETRY_AFTER, "soon"), date]), None);
        assert_eq!(read(&[(RETRY_AFTER, "-5")]), None);
        assert_eq!(read(&[(RETRY_AFTER, "NaN")]), None);
        assert_eq!(read(&[]), None);
    }

    proptest! {
        #[test]
        fn no_bounds_and_no_jitter_make_the_delay_overflow(
            attempt in any::<u32>(), attempts in any::<u32>(), first in any::<u64>(), max in any::<u64>(),
            jitter in any::<f64>(),
        ) {
            let bounds = RetryBounds {
                attempts,
                first_delay: Duration::from_millis(first),
                max_delay: Duration::from_millis(max),
                longest_wait: Duration::ZERO,
                in_all: Duration::MAX,
            };
            if let Some(delay) = bounds.delay_after(attempt, &fault(FaultKind::Retry), jitter) {
                prop_assert!(delay <= bounds.max_delay);
            }
        }
    }
}
