//! Serial numbers as people paste them.

use contract::Serial;
use std::collections::HashSet;

/// What stood in the text: each once, in order, as a serial number or as what is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pasted {
    Serial(Serial),
    Other(String),
}

/// Splits at blanks, commas, semicolons and lines.
pub fn read(text: &str) -> Vec<Pasted> {
    let mut seen = HashSet::new();
    text.split(|sign: char| sign.is_whitespace() || matches!(sign, ',' | ';' | '"' | '\u{feff}'))
        .filter(|word| !word.is_empty())
        .filter(|word| seen.insert(word.to_ascii_uppercase()))
        .map(|word| match Serial::parse(word) {
            Ok(serial) => Pasted::Serial(serial),
            Err(_) => Pasted::Other(word.chars().take(40).collect()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_serial_counts_once_and_what_is_none_is_kept_to_be_shown() {
        let read = read("c02y402hlcm6, C02Y402HLCM6;\n\"C02Y402HLCM7\"\tnonsense-1 ");
        let serial = |text: &str| Pasted::Serial(Serial::parse(text).unwrap());
        assert_eq!(
            read,
            [
                serial("C02Y402HLCM6"),
                serial("C02Y402HLCM7"),
                Pasted::Other("nonsense-1".into())
            ]
        );
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in ".{0,200}") {
            let words = read(&text);
            prop_assert!(words.len() <= text.len());
        }
    }
}
