//! Text as both databases order and find it alike: folded here, compared byte by byte there.

use unicode_normalization::UnicodeNormalization;

/// For `sort_name` and `search` columns, and for what is searched for.
pub fn fold(text: &str) -> String {
    composed(storable(text.trim())).to_lowercase()
}

/// The text with each letter and its marks as one sign where there is one (NFC): an `å` of macOS is then the `å` of others.
pub fn composed(text: String) -> String {
    match text.is_ascii() {
        true => text,
        false => text.nfc().collect(),
    }
}

/// A `search` column: what is found in one part is not found across two.
pub fn searchable(parts: &[&str]) -> String {
    parts.iter().map(|part| fold(part)).collect::<Vec<_>>().join("\n")
}

/// All texts that begin with `prefix` are from `prefix` on and before this one. None if there is no such end.
pub fn prefix_end(prefix: &str) -> Option<String> {
    let mut end: Vec<char> = prefix.chars().collect();
    while let Some(last) = end.pop() {
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            end.push(next);
            return Some(end.into_iter().collect());
        }
    }
    None
}

/// From where to where the texts that begin with `prefix` lie; the end is outside.
pub fn prefix_range(prefix: &str) -> (String, String) {
    let end = prefix_end(prefix).unwrap_or_else(|| format!("{prefix}\u{10ffff}"));
    (prefix.to_owned(), end)
}

/// What `LIKE` finds `text` with, wherever it stands.
pub fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for sign in text.chars() {
        if matches!(sign, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(sign);
    }
    pattern.push('%');
    pattern
}

/// Text without the one sign that PostgreSQL cannot store.
pub fn storable(text: &str) -> String {
    text.replace('\0', "")
}

/// Apple's artwork for 64 points, on a screen of two pixels a point.
pub fn icon(template: &str) -> String {
    template
        .replace("{w}", "128")
        .replace("{h}", "128")
        .replace("{f}", "png")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_prefix_ends_where_it_should(prefix in "\\PC{1,4}", rest in "\\PC{0,4}", other in "\\PC{0,8}") {
            let end = prefix_end(&prefix).unwrap();
            let longer = format!("{prefix}{rest}");
            prop_assert!(longer < end);
            let inside = other >= prefix && other < end;
            prop_assert_eq!(inside, other.starts_with(&prefix));
        }
    }

    #[test]
    fn a_pattern_takes_every_sign_as_it_is() {
        assert_eq!(containing(r"50%_a\"), r"%50\%\_a\\%");
    }

    #[test]
    fn letters_are_found_in_whichever_form_they_are_written() {
        assert_eq!(fold(" A\u{30a}se "), "åse");
        assert_eq!(composed("O\u{308}berg".to_owned()), "Öberg");
        assert_eq!(composed("\u{e5}".to_owned()), "å");
    }

    #[test]
    fn the_last_sign_has_no_end() {
        assert_eq!(prefix_end("\u{10ffff}"), None);
        assert_eq!(prefix_end("a\u{10ffff}"), Some("b".to_owned()));
        assert_eq!(prefix_end(""), None);
    }
}
