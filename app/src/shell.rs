//! The document around the application: language, theme, scripts with the request's nonce, icons.

use crate::{
    App,
    i18n::Locale,
    live,
    package::{Program, Style},
    settings::Theme,
};
use http::{HeaderMap, header, request::Parts};
use leptos::prelude::*;
use leptos_meta::MetaTags;

/// What the server renders for each page.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let (locale, theme) = own_preferences();
    provide_context(locale);
    provide_context(theme);
    view! {
        <!DOCTYPE html>
        <html lang=locale.as_str() data-theme=theme.as_str() data-live=live::position()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="robots" content="noindex"/>
                <Style options=options.clone()/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="manifest" href=manifest()/>
                <link rel="apple-touch-icon" href="/apple-touch-icon.png" sizes="180x180"/>
                <meta id="dictionary" name="dictionary" content=locale.url()/>
                <AutoReload options=options.clone()/>
                <Program options/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// P5: what is installed from the check-in page opens that page, and not the administrators' sign-in.
fn manifest() -> &'static str {
    let path = use_context::<Parts>().map(|request| request.uri.path().to_owned());
    let of_checkin = |path: &str| path == "/checkin" || path.starts_with("/checkin/");
    match path.is_some_and(|path| of_checkin(&path)) {
        true => "/checkin.webmanifest",
        false => "/manifest.webmanifest",
    }
}

/// Those of the request whose page this is.
fn own_preferences() -> (Locale, Theme) {
    use_context::<Parts>().map_or_else(Default::default, |request| preferences(&request.headers))
}

/// From the cookies that [`crate::settings`] sets, else from the browser's languages.
pub fn preferences(headers: &HeaderMap) -> (Locale, Theme) {
    let read = |name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let cookies = read(header::COOKIE);
    let cookie = |name: &str| {
        cookies
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, _)| *key == name)
    };
    let locale = cookie("pomona_locale")
        .and_then(|(_, value)| Locale::parse(value))
        .or_else(|| Locale::accepted(read(header::ACCEPT_LANGUAGE)))
        .unwrap_or_default();
    let theme = cookie("pomona_theme")
        .and_then(|(_, value)| Theme::parse(value))
        .unwrap_or_default();
    (locale, theme)
}
