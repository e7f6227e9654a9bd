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

#[cfg(feature = "ssr")]
mod server {
    use super::Once;
    use http::{HeaderValue, header, request::Parts};
    use leptos::prelude::use_context;
    use leptos_axum::ResponseOptions;

    pub fn set(once: Once, value: &str, seconds: u32) {
        let Once { name, path } = once;
        let cookie = format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Strict");
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
