//! T5: who manages a location.

use serde::{Deserialize, Serialize};

/// Who manages a location, by Apple's `mdmInfo`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ownership {
    /// There is no `mdmInfo`.
    Nobody,
    /// Its id is this installation's.
    ThisPomona,
    /// Its id is another: an MDM's, or another Pomona's.
    Other {
        #[serde(default)]
        id: String,
        name: String,
        metadata: String,
    },
}

/// Before the id of an MDM that gave neither name nor metadata, where it is called by that.
const UNNAMED: char = '#';

/// The id of an MDM without a name, if [`Ownership::other`] calls it so.
pub fn unnamed(mdm: &str) -> Option<&str> {
    mdm.strip_prefix(UNNAMED)
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
    /// What the other MDM is called by: its name, with its address where it gives one, as another Pomona does; the host of one
    /// of the older interface; or `#` and its id, if it says nothing else ([`unnamed`]). None if there is no other.
    pub fn other(&self) -> Option<String> {
        let Ownership::Other { id, name, metadata } = self else {
            return None;
        };
        let (id, name, metadata) = (id.trim(), name.trim(), metadata.trim());
        Some(match (OlderMdm::of(name, metadata), name, metadata) {
            (Some(OlderMdm::Host(host)), ..) => host,
            (_, "", "") => format!("{UNNAMED}{id}"),
            (_, "", said) => said.to_owned(),
            (_, name, address) if is_address(address) => format!("{name}, {address}"),
            (_, name, _) => name.to_owned(),
        })
    }
}

fn is_address(metadata: &str) -> bool {
    metadata.starts_with("https://") || metadata.starts_with("http://")
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
            id: "5f0c".into(),
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

    #[test]
    fn another_pomona_is_told_by_its_address_and_one_that_says_nothing_by_its_id() {
        let another = other("Pomona", "https://apps.quay.example").other().unwrap();
        assert_eq!(another, "Pomona, https://apps.quay.example");
        assert_eq!(unnamed(&another), None);
        for silent in [other("", ""), other(" ", "  ")] {
            assert_eq!(unnamed(&silent.other().unwrap()), Some("5f0c"));
        }
    }
}
