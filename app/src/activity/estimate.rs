//! How long something under way will still take, from how it went while the page was open.

use contract::UnixMillis;

/// Before this nothing is said: too little has been seen.
const SOON: i64 = 10_000;

/// A moment, and how much was settled by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub at: UnixMillis,
    pub settled: i64,
}

/// Milliseconds left, once ten seconds have been seen and something has moved; nothing when all is settled.
pub fn left(first: Seen, now: Seen, total: i64) -> Option<i64> {
    let (elapsed, moved, open) = (
        now.at - first.at,
        now.settled - first.settled,
        total - now.settled,
    );
    (elapsed >= SOON && moved > 0 && open > 0).then(|| open.saturating_mul(elapsed) / moved)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seen(seconds: i64, settled: i64) -> Seen {
        Seen {
            at: seconds * 1_000,
            settled,
        }
    }

    #[test]
    fn the_rest_takes_as_long_as_what_was_seen() {
        assert_eq!(left(seen(0, 0), seen(20, 100), 400), Some(60_000));
        assert_eq!(left(seen(100, 50), seen(120, 100), 200), Some(40_000));
    }

    #[test]
    fn nothing_is_said_too_early_without_movement_or_at_the_end() {
        assert_eq!(left(seen(0, 0), seen(9, 100), 400), None);
        assert_eq!(left(seen(0, 10), seen(30, 10), 400), None);
        assert_eq!(left(seen(0, 0), seen(30, 400), 400), None);
        assert_eq!(left(seen(0, 100), seen(30, 50), 400), None);
    }
}
