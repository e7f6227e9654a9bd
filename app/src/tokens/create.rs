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

/// All countries; with `own` the first choice leaves it to the organisation's own country.
pub(super) fn country_options(own: Option<&'static str>) -> Vec<(String, String)> {
    let own = own.map(|words| (String::new(), words.to_owned()));
    let countries = crate::i18n::countries()
        .into_iter()
        .map(|(code, name)| (code, name.to_owned()));
    own.into_iter().chain(countries).collect()
}

/// The choices of an account type, by their serde names.
pub(super) fn account_types() -> Vec<(String, String)> {
    [
        ("business", AccountType::Business),
        ("education", AccountType::Education),
    ]
    .map(|(value, kind)| (value.to_owned(), super::account_type(kind).to_owned()))
    .into()
}
