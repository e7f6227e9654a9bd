//! Which language the reader has: on the server from cookie or browser, in the browser from the page.

/// A language of the screens (I1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Locale {
    #[default]
    En,
    Sv,
    Nl,
}

impl Locale {
    pub const ALL: [Locale; 3] = [Locale::En, Locale::Sv, Locale::Nl];

    /// As in `<html lang>`, cookies and file names.
    pub fn as_str(self) -> &'static str {
        match self {
            Locale::En => "en",
            Locale::Sv => "sv",
            Locale::Nl => "nl",
        }
    }

    /// The language's name for itself.
    pub fn own_name(self) -> &'static str {
        match self {
            Locale::En => "English",
            Locale::Sv => "Svenska",
            Locale::Nl => "Nederlands",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|locale| locale.as_str() == text)
    }

    /// The first language of an `Accept-Language` header that we have, by its weights.
    pub fn accepted(header: &str) -> Option<Self> {
        let mut wanted: Vec<(f32, Locale)> = header
            .split(',')
            .filter_map(|part| {
                let (tag, weight) = part.split_once(";q=").unwrap_or((part, "1"));
                let language = tag.trim().split('-').next()?.to_ascii_lowercase();
                let weight: f32 = weight.trim().parse().ok()?;
                Some((weight, Self::parse(&language)?)).filter(|(weight, _)| *weight > 0.0)
            })
            .collect();
        wanted.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        wanted.first().map(|(_, locale)| *locale)
    }

    /// The language of this request, or of this page.
    pub fn current() -> Self {
        #[cfg(feature = "ssr")]
        return leptos::prelude::use_context().unwrap_or_default();
        #[cfg(all(feature = "hydrate", not(feature = "ssr")))]
        return super::load::locale();
        #[cfg(not(any(feature = "hydrate", feature = "ssr")))]
        return Self::default();
    }
}

/// One language's texts, in the order of their keys.
#[cfg(feature = "ssr")]
pub struct Dictionary {
    pub texts: &'static [&'static str],
    /// The same as the browser reads it.
    pub json: &'static str,
    /// Changes with the texts.
    pub hash: &'static str,
}

#[cfg(feature = "ssr")]
impl Locale {
    pub(crate) fn dictionary(self) -> &'static Dictionary {
        match self {
            Locale::En => &super::keys::EN,
            Locale::Sv => &super::keys::SV,
            Locale::Nl => &super::keys::NL,
        }
    }

    /// Where the server answers with [`Dictionary::json`].
    pub fn url(self) -> String {
        format!("/locales/{}-{}.json", self.as_str(), self.dictionary().hash)
    }
}

/// What the server answers for `/locales/<locale>-<hash>.json`.
#[cfg(feature = "ssr")]
pub fn dictionary(locale: Locale) -> (&'static str, &'static str) {
    let dictionary = locale.dictionary();
    (dictionary.json, dictionary.hash)
}

#[cfg(test)]
mod tests {
    use super::Locale;

    #[test]
    fn the_browser_s_first_language_that_we_have_is_taken() {
        assert_eq!(Locale::accepted("de-DE,sv-SE;q=0.8,en;q=0.9"), Some(Locale::En));
        assert_eq!(Locale::accepted("nl-BE, en;q=0.5"), Some(Locale::Nl));
        assert_eq!(Locale::accepted("sv;q=0, de"), None);
        assert_eq!(Locale::accepted(""), None);
    }
}
