//! The answer when no page can be made: readable for a person, typed for a program, never a stack trace.

use app::{
    i18n::{Locale, cause, remedy},
    preferences,
    settings::Theme,
    t,
    ui::Mark,
};
use axum::{
    Json,
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use contract::{Code, Fault};
use leptos::prelude::{Owner, RenderHtml, provide_context};
use std::any::Any;

/// Who is told that something went wrong: a person who reads pages, in some language, or a program.
#[derive(Clone, Copy, Default)]
pub struct Reader {
    person: bool,
    locale: Locale,
    theme: Theme,
}

impl From<&HeaderMap> for Reader {
    fn from(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        let (locale, theme) = preferences(headers);
        Self {
            person: accept.is_some_and(|accept| accept.contains("text/html")),
            locale,
            theme,
        }
    }
}

/// The fault as a page for a person, else as JSON.
pub fn respond(reader: impl Into<Reader>, fault: &Fault) -> Response {
    let status = StatusCode::from_u16(fault.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let reader = reader.into();
    if !reader.person {
        return (status, Json(fault)).into_response();
    }
    (status, Html(page(reader, fault))).into_response()
}

/// Says in our own words what a library below refused without any: a body that is too large, an address that is none, a
/// query that cannot be read, a panic.
pub async fn readable(request: Request, next: Next) -> Response {
    let reader = Reader::from(request.headers());
    let response = next.run(request).await;
    let kind = response.headers().get(header::CONTENT_TYPE);
    let ours = kind.is_some_and(|kind| !kind.as_bytes().starts_with(b"text/plain"));
    let status = response.status();
    let code = match status {
        StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::BAD_REQUEST
        | StatusCode::METHOD_NOT_ALLOWED
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::UNPROCESSABLE_ENTITY => Code::RequestInvalid,
        StatusCode::INTERNAL_SERVER_ERROR => Code::Internal,
        _ => return response,
    };
    if ours {
        return response;
    }
    let allowed = response.headers().get(header::ALLOW).cloned();
    let mut answer = respond(reader, &code.into());
    *answer.status_mut() = status;
    if let Some(allowed) = allowed {
        answer.headers_mut().insert(header::ALLOW, allowed);
    }
    answer
}

/// A library panicked over a request: the client learns that something failed ([`readable`] says it), the log what.
pub fn after_panic(panic: Box<dyn Any + Send>) -> Response {
    let words = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = words.unwrap_or("unknown"), "a request panicked");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

fn page(Reader { locale, theme, .. }: Reader, fault: &Fault) -> String {
    let (cause, remedy, brand, mark) = Owner::new().with(|| {
        provide_context(locale);
        let words = [cause(fault), remedy(fault)].map(|words| escape(&words));
        let [cause, remedy] = words;
        (cause, remedy, t!(brand), Mark().to_html())
    });
    let (lang, theme, code) = (locale.as_str(), theme.as_str(), fault.code.as_str());
    format!(
        "<!DOCTYPE html><html lang=\"{lang}\" data-theme=\"{theme}\"><head><meta charset=\"utf-8\">\
         <title>{brand}</title><meta name=\"viewport\" content=\"width=device-width\">\
         <link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">\
         <link rel=\"stylesheet\" href=\"/problem.css\"></head>\
         <body><main><p class=\"brand\">{mark} {brand}</p><h1>{cause}</h1><p>{remedy}</p><p><code>{code}</code></p>\
         <p><a href=\"/\">{brand}</a></p></main></body></html>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_reads_a_page_and_a_program_reads_json() {
        let fault = Fault::new(Code::TokenAlreadyHere).with("name", "<script>");
        let person = [
            (header::ACCEPT, "text/html".parse().unwrap()),
            (header::ACCEPT_LANGUAGE, "sv".parse().unwrap()),
        ];
        let answer = respond(&person.into_iter().collect::<HeaderMap>(), &fault);
        assert_eq!(answer.status(), StatusCode::CONFLICT);
        assert!(
            answer.headers()[header::CONTENT_TYPE]
                .to_str()
                .unwrap()
                .starts_with("text/html")
        );
        let answer = respond(Reader::default(), &fault);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/json");
        assert!(!page(Reader::default(), &fault).contains("<script>"));
    }

    #[test]
    fn the_page_is_in_the_chosen_language_and_theme_before_the_browser_s() {
        let headers = |cookie: &str| {
            let pairs = [(header::ACCEPT_LANGUAGE, "sv"), (header::COOKIE, cookie)];
            let headers: HeaderMap = pairs
                .map(|(name, text)| (name, text.parse().unwrap()))
                .into_iter()
                .collect();
            page(Reader::from(&headers), &Code::NotAllowed.into())
        };
        let chosen = headers("a=b; pomona_locale=nl; pomona_theme=dark");
        assert!(
            chosen.contains("<html lang=\"nl\" data-theme=\"dark\">"),
            "{chosen}"
        );
        assert!(chosen.contains("class=\"mark\""), "{chosen}");
        assert!(headers("").contains("<html lang=\"sv\" data-theme=\"auto\">"));
    }
}
