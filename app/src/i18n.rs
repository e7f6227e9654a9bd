//! The words of the screens in three languages: `t!(key)` and `t!(key, name = value)`, checked when compiled. The
//! server holds all languages, the browser reads the dictionary that the page names before it hydrates.

mod date;
mod fill;
mod locale;
mod number;
mod words;

#[cfg(feature = "hydrate")]
mod load;

pub use date::{day, iso, moment, relative, took};
pub use fill::Arg;
pub use locale::Locale;
#[cfg(feature = "ssr")]
pub use locale::{Dictionary, dictionary};
pub use number::{number, percent};
pub use words::{apple_cause, apple_remedy, cause, countries, country, field_words, mdm, own_words, remedy};

#[cfg(feature = "hydrate")]
pub use load::load;

/// A text's place in the dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub(crate) u16);

/// One constant or struct for each key of `locales/en.json`, made by `build.rs`.
#[allow(non_upper_case_globals, non_camel_case_types, missing_docs)]
pub mod keys {
    #[cfg(feature = "ssr")]
    use super::Dictionary;
    use super::{
        Arg, Key,
        fill::{fill, plural},
    };

    include!(concat!(env!("OUT_DIR"), "/keys.rs"));
}

/// The text for a key in the reader's language.
pub fn text(key: Key) -> &'static str {
    #[cfg(feature = "ssr")]
    let texts = Some(Locale::current().dictionary().texts);
    #[cfg(all(feature = "hydrate", not(feature = "ssr")))]
    let texts = load::texts();
    #[cfg(not(any(feature = "hydrate", feature = "ssr")))]
    let texts: Option<&'static [&'static str]> = None;
    texts
        .and_then(|texts| texts.get(usize::from(key.0)).copied())
        .unwrap_or_default()
}

/// The same in a language.
#[cfg(feature = "ssr")]
pub fn text_in(locale: Locale, key: Key) -> &'static str {
    let text = locale.dictionary().texts.get(usize::from(key.0));
    text.copied().unwrap_or_default()
}

/// `t!(key)` is a `&'static str`; `t!(key, name = value, …)` a `String`. A key or a name that `locales/en.json` has
/// not, or a placeholder left out, does not compile.
#[macro_export]
macro_rules! t {
    ($key:ident) => {
        $crate::i18n::text($crate::i18n::keys::$key)
    };
    ($key:ident, $($name:ident = $value:expr),+ $(,)?) => {
        $crate::i18n::keys::$key { $($name: $crate::i18n::Arg::from($value)),+ }.words()
    };
}
