//! A secret on its way to the next page, for plain forms: they are answered by a redirect, which carries nothing. It
//! travels in a cookie that scripts cannot read, that lives two minutes and that the next page takes away.

/// Where a secret travels.
#[derive(Clone, Copy)]
pub struct Once {
    /// Of the cookie.
    pub name: &'static str,
    /// The pages that it is sent to.
    pub path: &'static str,
}

impl Once {
    /// What the form before this page kept, if it did; only while a page is rendered.
    pub fn take(self) -> Option<String> {
        #[cfg(feature = "ssr")]
        return server::take(self);
        #[cfg(not(feature = "ssr"))]
        None
    }

    /// Of a plain form; with WebAssembly the answer itself is shown.
    #[cfg(feature = "ssr")]
    pub fn keep(self, value: &str) {
        if crate::call::is_plain_form() {
            server::set(self, value, 120);
        }
    }
}

/// Whether people reach Pomona by https: an extension of each request. Then the cookie is Secure.
#[cfg(feature = "ssr")]
#[derive(Clone, Copy, Debug)]
pub struct Https(pub bool);

#[cfg(feature = "ssr")]
mod server {
    use super::{Https, Once};
    use http::{HeaderValue, header, request::Parts};
    use leptos::prelude::use_context;
    use leptos_axum::ResponseOptions;

    pub fn set(once: Once, value: &str, seconds: u32) {
        let Once { name, path } = once;
        let secure = use_context::<Parts>()
            .and_then(|request| request.extensions.get().copied())
            .is_some_and(|Https(https)| https);
        let secure = if secure { "; Secure" } else { "" };
        let cookie =
            format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
        if let (Some(response), Ok(cookie)) =
            (use_context::<ResponseOptions>(), HeaderValue::from_str(&cookie))
        {
            response.append_header(header::SET_COOKIE, cookie);
        }
    }

    pub fn take(once: Once) -> Option<String> {
        let request = use_context::<Parts>()?;
        let cookies = request
            .headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let mut pairs = cookies
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        let (_, value) = pairs.find(|(name, _)| *name == once.name)?;
        set(once, "", 0);
        Some(value.to_owned())
    }
}

#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests {
    use super::{Https, Once, server};
    use http::{Request, header::SET_COOKIE};
    use leptos::prelude::{Owner, provide_context};
    use leptos_axum::ResponseOptions;

    /// The cookie that a request gets by http or https.
    fn cookie(https: bool) -> String {
        let (mut request, ()) = Request::new(()).into_parts();
        request.extensions.insert(Https(https));
        let response = ResponseOptions::default();
        Owner::new().with(|| {
            provide_context(request);
            provide_context(response.clone());
            let once = Once {
                name: "secret",
                path: "/settings",
            };
            server::set(once, "plum", 120);
        });
        let parts = response.0.read().unwrap();
        parts.headers[SET_COOKIE].to_str().unwrap().to_owned()
    }

    #[test]
    fn by_https_the_cookie_goes_by_https_alone() {
        let plain = "secret=plum; Path=/settings; Max-Age=120; HttpOnly; SameSite=Strict";
        assert_eq!(cookie(false), plain);
        assert_eq!(cookie(true), format!("{plain}; Secure"));
    }
}
