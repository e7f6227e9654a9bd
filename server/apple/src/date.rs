//! Apple's dates, in every spelling seen, as unix milliseconds.

use jiff::Timestamp;

/// Unix milliseconds of an ISO 8601 date with an offset: `+0000`, `+00:00` or `Z`, with or without
/// fractional seconds. `None` for anything else, also for a date without offset.
pub(crate) fn unix_millis(text: &str) -> Option<i64> {
    text.trim()
        .parse::<Timestamp>()
        .ok()
        .map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_one_moment_is_the_same() {
        for text in [
            "2030-11-08T22:33:22+0000",
            "2030-11-08T22:33:22+00:00",
            "2030-11-08T22:33:22Z",
            "2030-11-08T22:33:22.000Z",
            "2030-11-08T15:33:22-0700",
            "2030-11-09T00:33:22+02:00",
            " 2030-11-08T22:33:22.0+0000\n",
        ] {
            assert_eq!(unix_millis(text), Some(1_920_407_602_000), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_moment_is_none() {
        for text in [
            "",
            "2030-11-08",
            "2030-11-08T22:33:22",
            "tomorrow",
            "1920407602000",
            "2030-13-08T22:33:22Z",
        ] {
            assert_eq!(unix_millis(text), None, "{text}");
        }
    }
}
