//! Numbers as each language writes them, the same on server and browser.

use super::Locale;

/// With the language's sign between thousands: 12,400 · 12 400 · 12.400.
pub fn number(value: i64) -> String {
    grouped(value, separator(Locale::current()))
}

fn separator(locale: Locale) -> char {
    match locale {
        Locale::En => ',',
        Locale::Sv => '\u{a0}',
        Locale::Nl => '.',
    }
}

fn grouped(value: i64, separator: char) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() * 2);
    if value < 0 {
        out.push('−');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

/// 68% · 68 % · 68%.
pub fn percent(value: i64) -> String {
    match Locale::current() {
        Locale::Sv => format!("{value}\u{a0}%"),
        Locale::En | Locale::Nl => format!("{value}%"),
    }
}

/// The sign before decimals.
pub(super) fn decimal(locale: Locale) -> char {
    match locale {
        Locale::En => '.',
        Locale::Sv | Locale::Nl => ',',
    }
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(0, ','), "0");
        assert_eq!(grouped(999, ','), "999");
        assert_eq!(grouped(12_400, ','), "12,400");
        assert_eq!(grouped(-1_000_000, '.'), "−1.000.000");
    }
}
