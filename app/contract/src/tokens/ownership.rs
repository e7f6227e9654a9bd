//! T5: who manages a location.

use serde::{Deserialize, Serialize};

/// Who manages a location, by Apple's `mdmInfo`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ownership {
    Nobody,
    ThisPomona,
    Other { name: String, metadata: String },
}

/// What is left of an MDM that speaks the older of Apple's interfaces only. It keeps a text of its own, the
/// `clientContext`, and does not see `mdmInfo`; once a newer MDM manages the location Apple writes
/// [`IN_USE`] there. Carried over into `mdmInfo` by a migration, either text shows here.
/// <https://developer.apple.com/documentation/devicemanagement/upgrading-to-the-new-management-api>
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OlderMdm {
    /// Its `clientContext` names the host.
    Host(String),
    /// All that is known is that some newer MDM has managed the location.
    Unnamed,
}

/// What Apple writes into a `clientContext` that a newer MDM has made void.
pub const IN_USE: &str = "token being used in v2";

impl OlderMdm {
    /// None unless the owner's name or metadata is one of the older interface's texts.
    pub fn of(name: &str, metadata: &str) -> Option<Self> {
        let is_in_use = |text: &str| text.trim().eq_ignore_ascii_case(IN_USE);
        if is_in_use(name) || is_in_use(metadata) {
            return Some(OlderMdm::Unnamed);
        }
        [metadata, name].into_iter().find_map(host).map(OlderMdm::Host)
    }
}

impl Ownership {
    /// The other MDM's name for people: its own, or the host of one of the older interface. None if there is no other.
    pub fn other(&self) -> Option<String> {
        match self {
            Ownership::Nobody | Ownership::ThisPomona => None,
            Ownership::Other { name, metadata } => Some(match OlderMdm::of(name, metadata) {
                Some(OlderMdm::Host(host)) => host,
                _ if name.trim().is_empty() => metadata.clone(),
                _ => name.clone(),
            }),
        }
    }
}

/// Of a `clientContext`: `{"hostname": "…", "guid": "…"}`. Read by hand: the browser has no other use for a reader of JSON.
fn host(text: &str) -> Option<String> {
    let text = text.trim().strip_prefix('{')?;
    if !text.contains("\"guid\"") {
        return None;
    }
    let (_, rest) = text.split_once("\"hostname\"")?;
    let value = rest
        .trim_start()
        .strip_prefix(':')?
        .trim_start()
        .strip_prefix('"')?;
    let (host, _) = value.split_once('"')?;
    Some(host.to_owned()).filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn other(name: &str, metadata: &str) -> Ownership {
        Ownership::Other {
            name: name.into(),
            metadata: metadata.into(),
        }
    }

    #[test]
    fn an_owner_of_the_older_interface_is_known_by_its_texts() {
        let context = r#"{"guid":"5c0d","hostname":"mdm.school.example"}"#;
        assert_eq!(
            OlderMdm::of("", context),
            Some(OlderMdm::Host("mdm.school.example".into()))
        );
        assert_eq!(
            OlderMdm::of("Token being used in v2", ""),
            Some(OlderMdm::Unnamed)
        );
        assert_eq!(OlderMdm::of("Contoso MDM", "mdm.contoso.example"), None);
        assert_eq!(OlderMdm::of("Contoso MDM", r#"{"version":2}"#), None);
        assert_eq!(other("", context).other().as_deref(), Some("mdm.school.example"));
    }

    #[test]
    fn another_mdm_is_called_by_its_name_and_else_by_what_it_wrote() {
        assert_eq!(
            other("Contoso MDM", "host").other().as_deref(),
            Some("Contoso MDM")
        );
        assert_eq!(
            other(" ", "mdm.contoso.example").other().as_deref(),
            Some("mdm.contoso.example")
        );
        assert_eq!(Ownership::Nobody.other(), None);
    }
}
