//! A one-time link on its way to the next page, for plain forms.

use crate::once::Once;
use contract::accounts::Invited;

const ONCE: Once = Once {
    name: "pomona_link",
    path: "/settings/accounts",
};

#[cfg(feature = "ssr")]
pub(super) fn keep(invited: &Invited) {
    ONCE.keep(&write(invited));
}

/// The link that the form before this page made, if it did; only while a page is rendered.
pub(super) fn take() -> Option<Invited> {
    read(&ONCE.take()?)
}

#[cfg(feature = "ssr")]
fn write(invited: &Invited) -> String {
    format!("{}:{}:{}", invited.id, invited.expires_at, invited.link)
}

fn read(text: &str) -> Option<Invited> {
    let mut parts = text.splitn(3, ':');
    let (id, expires_at, link) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
    link.starts_with("/welcome/").then(|| Invited {
        id: id.into(),
        link: link.to_owned(),
        expires_at,
    })
}

#[cfg(all(test, feature = "ssr"))]
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
