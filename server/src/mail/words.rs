//! What mails say, in three languages. They are not among the pages' texts, which every browser loads.

use app::i18n::Locale;

/// What an invitation to join the programme tells.
pub struct Invitation<'a> {
    pub name: &'a str,
    /// The organisation, or the location.
    pub organisation: &'a str,
    /// Where the person joins, at Apple.
    pub link: &'a str,
}

/// Subject and text of the invitation to join the programme (M2).
pub fn invitation(language: Locale, invitation: &Invitation<'_>) -> (String, String) {
    let Invitation {
        name,
        organisation,
        link,
    } = invitation;
    match language {
        Locale::En => (
            format!("Apps and books from {organisation}"),
            format!(
                "Hello {name},\n\n{organisation} gives you apps and books from Apple. To receive them, open this link \
                 on your device, sign in with your Apple Account and accept:\n\n{link}\n\nThe link is yours alone: do not \
                 pass it on. {organisation} does not learn your Apple Account.\n"
            ),
        ),
        Locale::Sv => (
            format!("Appar och böcker från {organisation}"),
            format!(
                "Hej {name}!\n\n{organisation} ger dig appar och böcker från Apple. För att få dem öppnar du länken på \
                 din enhet, loggar in med ditt Apple-konto och godkänner:\n\n{link}\n\nLänken är bara din: skicka den inte \
                 vidare. {organisation} får inte veta vilket Apple-konto du har.\n"
            ),
        ),
        Locale::Nl => (
            format!("Apps en boeken van {organisation}"),
            format!(
                "Hallo {name},\n\n{organisation} geeft u apps en boeken van Apple. Open deze koppeling op uw apparaat, log \
                 in met uw Apple Account en ga akkoord om ze te ontvangen:\n\n{link}\n\nDe koppeling is alleen voor u: geef \
                 haar niet door. {organisation} komt uw Apple Account niet te weten.\n"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_has_name_organisation_and_link_in_each_language() {
        for language in Locale::ALL {
            let told = Invitation {
                name: "Anna",
                organisation: "Skolan",
                link: "https://buy.itunes.apple.com/x?inviteCode=46bc&mt=8",
            };
            let (subject, text) = invitation(language, &told);
            assert!(subject.contains("Skolan"));
            assert!(text.contains("Anna") && text.contains("Skolan"));
            assert!(
                text.lines().any(|line| line == told.link),
                "the link stands alone in its line"
            );
        }
    }
}
