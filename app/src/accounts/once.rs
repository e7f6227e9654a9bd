//! A one-time link on its way to the next page, for plain forms: they are answered by a redirect, which carries nothing.
//! It travels in a cookie that scripts cannot read, that lives two minutes and that the next page takes away.

use contract::accounts::Invited;

#[cfg(feature = "ssr")]
pub(super) use server::keep;

/// The link that the form before this page made, if it did; only while a page is rendered.
pub(super) fn take() -> Option<Invited> {
    #[cfg(feature = "ssr")]
    return server::take();
    #[cfg(not(feature = "ssr"))]
    None
}

#[cfg_attr(not(feature = "ssr"), allow(dead_code))]
fn write(invited: &Invited) -> String {
    format!("{}:{}:{}", invited.id, invited.expires_at, invited.link)
}

#[cfg_attr(not(feature = "ssr"), allow(dead_code))]
fn read(text: &str) -> Option<Invited> {
    let mut parts = text.splitn(3, ':');
    let (id, expires_at, link) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
    link.starts_with("/welcome/").then(|| Invited {
        id: id.into(),
        link: link.to_owned(),
        expires_at,
    })
}

#[cfg(feature = "ssr")]
mod server {
    use super::{Invited, read, write};
    use http::{HeaderValue, header, request::Parts};
    use leptos::prelude::use_context;
    use leptos_axum::ResponseOptions;

    const NAME: &str = "pomona_link";

    fn set(value: &str, seconds: u32) {
        let cookie =
            format!("{NAME}={value}; Path=/settings/accounts; Max-Age={seconds}; HttpOnly; SameSite=Strict");
        if let (Some(response), Ok(cookie)) =
            (use_context::<ResponseOptions>(), HeaderValue::from_str(&cookie))
        {
            response.append_header(header::SET_COOKIE, cookie);
        }
    }

    pub fn keep(invited: &Invited) {
        if crate::call::is_plain_form() {
            set(&write(invited), 120);
        }
    }

    pub fn take() -> Option<Invited> {
        let request = use_context::<Parts>()?;
        let cookies = request
            .headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let mut pairs = cookies
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        let (_, value) = pairs.find(|(name, _)| *name == NAME)?;
        set("", 0);
        read(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_comes_out_as_it_went_in_and_leads_nowhere_else() {
        let invited = Invited {
            id: "0192-a".into(),
            link: "/welcome/a-b_c".to_owned(),
            expires_at: 42,
        };
        assert_eq!(read(&write(&invited)), Some(invited));
        assert_eq!(read("0192-a:42:https://evil.example"), None);
        assert_eq!(read("nonsense"), None);
    }
}
