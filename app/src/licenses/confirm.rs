//! What must be typed before more than one licence is taken back: the app's name where it is one app's, else the number.

use crate::confirm;
use contract::licenses::{Revocation, RevocationPreview};

/// None for a single licence.
pub(super) fn phrase(what: &Revocation, preview: &RevocationPreview) -> Option<String> {
    let number = confirm::number(preview.licenses)?;
    match (what, preview.apps.as_slice()) {
        (Revocation::Asset { .. }, [(name, _)]) => Some(name.clone()),
        _ => Some(number),
    }
}

#[cfg(any(feature = "ssr", test))]
pub(super) fn is_confirmed(what: &Revocation, preview: &RevocationPreview, typed: &str) -> bool {
    phrase(what, preview).is_none_or(|phrase| confirm::is_typed(&phrase, typed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::AssetId;

    fn preview(licenses: i64, apps: &[&str]) -> RevocationPreview {
        let apps = apps.iter().map(|name| ((*name).to_owned(), 1)).collect();
        RevocationPreview {
            licenses,
            holders: licenses,
            stay: 0,
            barred: Vec::new(),
            unknown: 0,
            given_again: 0,
            apps,
        }
    }

    #[test]
    fn one_licence_needs_no_typing() {
        let what = Revocation::Licenses { licenses: Vec::new() };
        assert!(is_confirmed(&what, &preview(1, &["Keynote"]), ""));
    }

    #[test]
    fn an_app_is_confirmed_by_its_name() {
        let what = Revocation::Asset { asset: AssetId(1) };
        let preview = preview(312, &["Keynote Present"]);
        assert!(is_confirmed(&what, &preview, " keynote present"));
        assert!(!is_confirmed(&what, &preview, "312"));
        assert!(!is_confirmed(&what, &preview, ""));
    }

    #[test]
    fn all_else_is_confirmed_by_the_number() {
        let what = Revocation::Devices { serials: Vec::new() };
        let preview = preview(1200, &["Keynote", "Pages"]);
        assert!(is_confirmed(&what, &preview, "1,200"));
        assert!(!is_confirmed(&what, &preview, "1201"));
    }
}
