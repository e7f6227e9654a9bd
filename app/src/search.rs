//! `/search?q=`: where the search box of the frame leads. A serial number goes to its licences, all else to the apps.

use crate::ui::address;
use contract::Serial;
use leptos::prelude::*;
use leptos_router::{LazyRoute, components::Redirect, lazy_route, location::Url};

pub struct SearchPage;

#[lazy_route]
impl LazyRoute for SearchPage {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        let text = address().with_untracked(|address| address.get("q"));
        view! { <Redirect path=target(&text)/> }.into_any()
    }
}

/// A serial number has the right length and at least one digit; most words have none.
fn target(text: &str) -> String {
    let text = text.trim();
    match Serial::parse(text) {
        Ok(serial) if text.bytes().any(|byte| byte.is_ascii_digit()) => format!("/licenses?holder={serial}"),
        _ => format!("/apps?search={}", Url::escape(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn a_serial_leads_to_its_licences_and_words_to_apps() {
        assert_eq!(target(" c02y402hlcm6 "), "/licenses?holder=C02Y402HLCM6");
        assert_eq!(target("Keynote Present"), "/apps?search=Keynote%20Present");
        assert_eq!(target("GeoSketch"), "/apps?search=GeoSketch");
    }
}
