//! `/tokens/new` in four steps (T1, T2): Basics, Settings, Scope, Review + create. Without WebAssembly all four stand
//! below each other and are one form; with it they are shown one at a time and the file is checked at once.

mod check;
mod file;
mod form;
mod review;
mod steps;
mod twin;

pub(super) use check::{Check, CheckResult, ask};
pub(super) use file::FileField;

use crate::{t, ui::PageHead};
use contract::tokens::AccountType;
use leptos::prelude::*;

pub fn create_page() -> AnyView {
    view! {
        <PageHead title=t!(create_title) sub=t!(create_sub).to_owned()/>
        <form::CreateForm/>
    }
    .into_any()
}

/// All countries with an App Store; with `own` the first choice leaves it to the organisation's own country. The `stored` one
/// is a choice wherever it is: another must not be taken in its place.
pub(super) fn country_options(own: Option<&'static str>, stored: &str) -> Vec<(String, String)> {
    let own = own.map(|words| (String::new(), words.to_owned()));
    let countries = crate::i18n::countries()
        .into_iter()
        .map(|(code, name)| (code, name.to_owned()));
    let mut options: Vec<_> = own.into_iter().chain(countries).collect();
    if !options.iter().any(|(code, _)| code == stored) {
        let words = if stored.is_empty() { "–" } else { stored };
        options.insert(0, (stored.to_owned(), words.to_owned()));
    }
    options
}

/// The choices of an account type, by their serde names.
pub(super) fn account_types() -> Vec<(String, String)> {
    AccountType::ALL
        .map(|kind| (kind.as_str().to_owned(), super::account_type(kind).to_owned()))
        .into()
}

#[cfg(test)]
mod tests {
    use super::country_options;

    #[test]
    fn the_stored_country_is_a_choice_and_no_country_is_offered_twice() {
        let codes = |own, stored| -> Vec<String> {
            let options = country_options(own, stored);
            options.into_iter().map(|(code, _)| code).collect()
        };
        for stored in ["AD", "SE", ""] {
            let codes = codes(None, stored);
            assert_eq!(codes.iter().filter(|code| *code == stored).count(), 1, "{stored}");
        }
        let own = codes(Some("own"), "");
        assert_eq!(
            (own[0].as_str(), own.iter().filter(|code| code.is_empty()).count()),
            ("", 1)
        );
    }
}
