//! A link that opens a check-in page, on its way to the next page, for plain forms.

use crate::{call::Failure, once::Once};
use contract::{DeviceId, checkin::EnrolmentLink};

const ONCE: Once = Once {
    name: "pomona_enrolment",
    path: "/devices",
};

/// Without its code, which would be too long for a cookie.
#[cfg(feature = "ssr")]
pub(super) fn keep(link: &EnrolmentLink) {
    ONCE.keep(&write(link));
}

/// The link that the form before this page made for this device, if it did; only while a page is rendered.
pub async fn take(device: DeviceId) -> Result<Option<EnrolmentLink>, Failure> {
    let Some(link) = ONCE.take().and_then(|text| read(&text, device)) else {
        return Ok(None);
    };
    #[cfg(feature = "ssr")]
    let link = {
        let services = crate::call::services()?;
        services.requests.with_code(services.caller()?, link).await?
    };
    Ok(Some(link))
}

#[cfg(feature = "ssr")]
fn write(link: &EnrolmentLink) -> String {
    format!("{}:{}:{}", link.device, link.expires_at, link.link)
}

fn read(text: &str, device: DeviceId) -> Option<EnrolmentLink> {
    let mut parts = text.splitn(3, ':');
    let (of, expires_at, link) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
    (of == device.as_str() && link.starts_with("/checkin/")).then(|| EnrolmentLink {
        device,
        link: link.to_owned(),
        code: String::new(),
        modules: 0,
        expires_at,
    })
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn a_link_comes_out_for_the_device_that_it_was_made_for_and_leads_nowhere_else() {
        let link = EnrolmentLink {
            device: "0192-a".into(),
            link: "/checkin/a-b_c".to_owned(),
            code: String::new(),
            modules: 0,
            expires_at: 42,
        };
        let text = write(&link);
        assert_eq!(read(&text, "0192-b".into()), None);
        assert_eq!(read(&text, "0192-a".into()), Some(link));
        assert_eq!(read("0192-a:42:https://evil.example", "0192-a".into()), None);
        assert_eq!(read("nonsense", "0192-a".into()), None);
    }
}
