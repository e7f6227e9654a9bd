//! Dates, moments and durations. No clock and no time zone here, so that both sides write the same: moments are in UTC
//! until the browser, once it runs, says how long ago they were.

use super::{Locale, number, number::decimal};
use crate::t;
use contract::{DAY, HOUR, MINUTE, UnixMillis};

const SECOND: i64 = 1_000;

/// Year, month (1 to 12) and day of a moment in UTC, by Howard Hinnant's `civil_from_days`.
fn civil(at: UnixMillis) -> (i64, i64, i64) {
    let days = at.div_euclid(DAY) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// For `<time datetime>`.
pub fn iso(at: UnixMillis) -> String {
    let (year, month, day) = civil(at);
    format!("{year:04}-{month:02}-{day:02}T{}Z", clock(at, true))
}

fn clock(at: UnixMillis, seconds: bool) -> String {
    let of_day = at.rem_euclid(DAY);
    let (hours, minutes) = (of_day / HOUR, of_day % HOUR / MINUTE);
    if seconds {
        format!("{hours:02}:{minutes:02}:{:02}", of_day % MINUTE / SECOND)
    } else {
        format!("{hours:02}:{minutes:02}")
    }
}

/// "7 Jan 2027".
pub fn day(at: UnixMillis) -> String {
    let (year, month, day) = civil(at);
    words(year, month, day)
}

/// "2027-01-07" as people read it; anything else as it is.
pub fn written_day(text: &str) -> String {
    let mut parts = text.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    match (
        parts.next().flatten(),
        parts.next().flatten(),
        parts.next().flatten(),
    ) {
        (Some(year), Some(month @ 1..=12), Some(day)) => words(year, month, day),
        _ => text.to_owned(),
    }
}

fn words(year: i64, month: i64, day: i64) -> String {
    let months = t!(time_months);
    let month = usize::try_from(month - 1)
        .ok()
        .and_then(|place| months.split(' ').nth(place))
        .unwrap_or_default();
    format!("{day} {month} {year}")
}

/// "7 Jan 2027, 13:48", followed by the zone's name.
pub fn moment(at: UnixMillis, zone: &str) -> String {
    format!(
        "{}, {}{}{zone}",
        day(at),
        clock(at, false),
        if zone.is_empty() { "" } else { " " }
    )
}

/// "2 min ago", "in 47 days".
pub fn relative(at: UnixMillis, now: UnixMillis) -> String {
    let past = at <= now;
    let away = (now - at).abs();
    match (away, past) {
        (..MINUTE, _) => t!(time_now).to_owned(),
        (MINUTE..HOUR, true) => t!(time_minutes_ago, count = away / MINUTE),
        (MINUTE..HOUR, false) => t!(time_in_minutes, count = away / MINUTE),
        (HOUR..DAY, true) => t!(time_hours_ago, count = away / HOUR),
        (HOUR..DAY, false) => t!(time_in_hours, count = away / HOUR),
        (_, true) if away < 30 * DAY => t!(time_days_ago, count = away / DAY),
        (_, false) if away < 365 * DAY => t!(time_in_days, count = away / DAY),
        _ => day(at),
    }
}

/// How long something took: "2.1 s", "3 min 20 s".
pub fn took(millis: i64) -> String {
    let seconds = millis / SECOND;
    if millis < 10 * SECOND {
        let tenth = millis % SECOND / 100;
        t!(
            time_seconds,
            seconds = format!("{seconds}{}{tenth}", decimal(Locale::current()))
        )
    } else if millis < MINUTE {
        t!(time_seconds, seconds = number(seconds))
    } else {
        t!(
            time_minutes_seconds,
            minutes = seconds / 60,
            seconds = seconds % 60
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{DAY, civil, iso};

    #[test]
    fn days_become_dates_across_leap_years_and_before_1970() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(-1), (1969, 12, 31));
        assert_eq!(civil(19_782 * DAY), (2024, 2, 29));
        assert_eq!(civil(20_825 * DAY), (2027, 1, 7));
    }

    #[test]
    fn a_moment_is_written_as_machines_read_it() {
        assert_eq!(iso(1_799_329_685_000), "2027-01-07T13:48:05Z");
    }
}
