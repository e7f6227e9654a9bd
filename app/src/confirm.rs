//! What must be typed before more than one licence is taken away: their number, or a name.

use crate::i18n;

/// The number, as the page writes it; none for a single licence.
pub fn number(licenses: i64) -> Option<String> {
    (licenses > 1).then(|| i18n::number(licenses))
}

/// Case and blanks do not matter, nor in which language's way a number is written.
#[cfg(any(feature = "ssr", test))]
pub fn is_typed(phrase: &str, typed: &str) -> bool {
    match (digits(phrase), digits(typed)) {
        (Some(phrase), Some(typed)) => phrase == typed,
        (Some(_), None) => false,
        (None, _) => plain(phrase) == plain(typed),
    }
}

#[cfg(any(feature = "ssr", test))]
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<String>().to_lowercase()
}

/// Those of a number; none if anything else is there than what sets its thousands apart.
#[cfg(any(feature = "ssr", test))]
fn digits(text: &str) -> Option<String> {
    let apart = |sign: char| sign.is_whitespace() || matches!(sign, ',' | '.' | '’' | '\'');
    let digits: String = text.chars().filter(|sign| !apart(*sign)).collect();
    let number = !digits.is_empty() && digits.bytes().all(|sign| sign.is_ascii_digit());
    number.then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_typed_as_any_language_writes_it() {
        for typed in ["1822", "1,822", "1.822", " 1 822", "1\u{a0}822", "1’822"] {
            assert!(is_typed("1,822", typed), "{typed}");
        }
        for typed in ["", "1821", "182", "1822 licences", "-1822", ","] {
            assert!(!is_typed("1,822", typed), "{typed}");
        }
    }

    #[test]
    fn a_name_is_typed_without_regard_to_case_and_blanks() {
        assert!(is_typed("Keynote Present", " keynote  present"));
        assert!(!is_typed("Keynote Present", "keynote"));
        assert!(!is_typed("Keynote, Inc.", "Keynote Inc"));
        assert!(!is_typed("Keynote", "312"));
    }

    #[test]
    fn one_licence_needs_no_typing() {
        assert_eq!(number(1), None);
        assert_eq!(number(1822), Some("1,822".to_owned()));
    }
}
