//! Words that are found by a code at run time: what a fault and what an error number of Apple says, and countries.

use super::{Key, date::written_day, fill::fill_with, keys, number, text};
use crate::t;
use contract::{AppleError, Code, Fault};

fn find(table: &[(&str, Key)], word: &str) -> Option<&'static str> {
    let place = table.binary_search_by(|(known, _)| (*known).cmp(word)).ok()?;
    table.get(place).map(|(_, key)| text(*key))
}

fn words(table: &[(&str, Key)], code: Code, fault: Option<&Fault>) -> String {
    let text = find(table, code.as_str()).unwrap_or(code.as_str());
    fill_with(text, |name| {
        let value = fault?.with.get(name)?;
        Some(match name {
            "date" => written_day(value),
            "mdm" => mdm(value),
            "most" => value.parse().map_or_else(|_| value.clone(), number),
            _ => value.clone(),
        })
    })
}

/// What another MDM is called by ([`contract::tokens::Ownership::other`]).
pub fn mdm(called: &str) -> String {
    match contract::tokens::unnamed(called) {
        Some("") => t!(mdm_unnamed_bare).to_owned(),
        Some(id) => t!(mdm_unnamed, id = id),
        None if called.is_empty() => t!(mdm_unnamed_bare).to_owned(),
        None => t!(mdm_named, name = called),
    }
}

/// What Apple's own number says where our code says no more than that Apple refused.
fn refused(table: &[(&str, Key)], fault: &Fault) -> Option<String> {
    let apple = fault
        .apple
        .as_ref()
        .filter(|_| fault.code == Code::AppleRefused)?;
    find(table, &apple.number.to_string()).map(str::to_owned)
}

/// What is wrong.
pub fn cause(fault: &Fault) -> String {
    if let Some(words) = refused(keys::APPLE_CAUSES, fault) {
        return words;
    }
    words(keys::FAULT_CAUSES, fault.code, Some(fault))
}

/// What to do about it.
pub fn remedy(fault: &Fault) -> String {
    if let Some(words) = refused(keys::APPLE_REMEDIES, fault) {
        return words;
    }
    words(keys::FAULT_REMEDIES, fault.code, Some(fault))
}

/// What is wrong with one field, under it.
pub fn field_words(code: Code) -> String {
    words(keys::FAULT_CAUSES, code, None)
}

/// What is wrong with an item where Apple reported no error: such an error has no number, and our code as its message.
pub fn own_words(error: &AppleError) -> Option<&'static str> {
    find(keys::FAULT_CAUSES, &error.message).filter(|_| error.number == 0)
}

/// Why Apple answers with this error number; none if it is not known here.
pub fn apple_cause(number: u32) -> Option<&'static str> {
    find(keys::APPLE_CAUSES, &number.to_string())
}

/// What to do about it.
pub fn apple_remedy(number: u32) -> Option<&'static str> {
    find(keys::APPLE_REMEDIES, &number.to_string())
}

/// A country's name by its ISO code, or the code.
pub fn country(code: &str) -> String {
    find(keys::COUNTRIES, &code.to_ascii_lowercase()).map_or_else(|| code.to_owned(), str::to_owned)
}

/// All countries with an App Store: ISO code and name, by name.
pub fn countries() -> Vec<(String, &'static str)> {
    let mut all: Vec<_> = keys::COUNTRIES
        .iter()
        .map(|(code, key)| (code.to_ascii_uppercase(), text(*key)))
        .collect();
    all.sort_by_key(|(_, name)| *name);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_cause_and_a_remedy() {
        for code in Code::ALL {
            for table in [keys::FAULT_CAUSES, keys::FAULT_REMEDIES] {
                assert!(
                    table.iter().any(|(word, _)| *word == code.as_str()),
                    "{}",
                    code.as_str()
                );
            }
        }
    }

    #[test]
    fn t5_another_mdm_is_never_called_by_nothing() {
        assert_eq!(mdm("Contoso MDM"), "“Contoso MDM”");
        assert_eq!(mdm("#5f0c"), "an MDM without a name (id 5f0c)");
        for nothing in ["", "#"] {
            assert_eq!(mdm(nothing), "an MDM without a name");
        }
        let fault = Fault::new(Code::OwnedByOtherMdm).with("mdm", "#5f0c");
        assert_eq!(
            cause(&fault),
            "Another MDM manages this location: an MDM without a name (id 5f0c)."
        );
    }

    #[test]
    fn the_most_that_is_taken_at_once_is_said_as_a_number() {
        let fault = Fault::new(Code::TooManyChosen).with("most", 10_000);
        assert!(remedy(&fault).contains("10,000"), "{}", remedy(&fault));
    }

    #[test]
    fn tables_are_sorted_so_that_words_are_found() {
        let tables = [
            keys::FAULT_CAUSES,
            keys::FAULT_REMEDIES,
            keys::APPLE_CAUSES,
            keys::APPLE_REMEDIES,
            keys::COUNTRIES,
        ];
        for table in tables {
            assert!(table.is_sorted_by_key(|(word, _)| *word));
        }
    }
}
