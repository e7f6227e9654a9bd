//! In the browser: the dictionary that the page names, read once before hydration.

use super::Locale;
use std::sync::OnceLock;

static TEXTS: OnceLock<(Locale, &'static [&'static str])> = OnceLock::new();

/// Reads the language of `<html>` and the list at the address in `<meta id="dictionary">`.
pub async fn load() {
    let document = leptos::prelude::document();
    let locale = document
        .document_element()
        .and_then(|html| html.get_attribute("lang"))
        .and_then(|lang| Locale::parse(&lang))
        .unwrap_or_default();
    let texts = match address(&document) {
        Some(url) => fetch(&url).await.unwrap_or_default(),
        None => Vec::new(),
    };
    // The page lives as long as its texts, so they are never freed.
    let texts: Vec<&'static str> = texts.into_iter().map(|text| &*text.leak()).collect();
    _ = TEXTS.set((locale, texts.leak()));
}

pub(super) fn texts() -> Option<&'static [&'static str]> {
    TEXTS.get().map(|(_, texts)| *texts)
}

pub(super) fn locale() -> Locale {
    TEXTS.get().map(|(locale, _)| *locale).unwrap_or_default()
}

fn address(document: &web_sys::Document) -> Option<String> {
    document.get_element_by_id("dictionary")?.get_attribute("content")
}

async fn fetch(url: &str) -> Option<Vec<String>> {
    let answer = gloo_net::http::Request::get(url).send().await.ok()?;
    crate::json::read(&answer.text().await.ok()?).ok()
}
