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
                 pass it on. {organisation} does not learn your Apple Account."
            ),
        ),
        Locale::Sv => (
            format!("Appar och böcker från {organisation}"),
            format!(
                "Hej {name}!\n\n{organisation} ger dig appar och böcker från Apple. För att få dem öppnar du länken på \
                 din enhet, loggar in med ditt Apple-konto och godkänner:\n\n{link}\n\nLänken är bara din: skicka den inte \
                 vidare. {organisation} får inte veta vilket Apple-konto du har."
            ),
        ),
        Locale::Nl => (
            format!("Apps en boeken van {organisation}"),
            format!(
                "Hallo {name},\n\n{organisation} geeft u apps en boeken van Apple. Open deze koppeling op uw apparaat, log \
                 in met uw Apple Account en ga akkoord om ze te ontvangen:\n\n{link}\n\nDe koppeling is alleen voor u: geef \
                 haar niet door. {organisation} komt uw Apple Account niet te weten."
            ),
        ),
    }
}

/// An app that somebody has lost.
pub struct Lost<'a> {
    pub app: &'a str,
    /// None: on all devices.
    pub device: Option<&'a str>,
    /// The day on which it stops, at the latest, as `2030-11-08`.
    pub until: String,
}

/// Subject and text of what tells that apps were withdrawn (R5).
pub fn withdrawn(language: Locale, name: &str, lost: &[Lost<'_>]) -> (String, String) {
    let (subject, hello, before, until, after) = match language {
        Locale::En => (
            "Apps were withdrawn from you",
            format!("Hello {name},"),
            "Your organisation has taken back the licences of these apps:",
            "works until at the latest",
            "Save what you made with them before. If you still need an app, ask for it on the check-in page of your device.",
        ),
        Locale::Sv => (
            "Appar har återkallats från dig",
            format!("Hej {name}!"),
            "Din organisation har återkallat licenserna för de här apparna:",
            "fungerar senast till",
            "Spara det du har gjort med dem innan dess. Behöver du en app ändå, be om den på enhetens incheckningssida.",
        ),
        Locale::Nl => (
            "Apps zijn van u ingetrokken",
            format!("Hallo {name},"),
            "Uw organisatie heeft de licenties van deze apps teruggehaald:",
            "werkt uiterlijk tot",
            "Bewaar eerst wat u ermee hebt gemaakt. Hebt u een app toch nodig, vraag er dan om op de incheckpagina van uw apparaat.",
        ),
    };
    let lines: Vec<String> = lost
        .iter()
        .map(|one| {
            let device = one
                .device
                .map(|device| format!(" ({device})"))
                .unwrap_or_default();
            format!("- {}{device}: {until} {}", one.app, one.until)
        })
        .collect();
    let text = format!("{hello}\n\n{before}\n\n{}\n\n{after}", lines.join("\n"));
    (subject.to_owned(), text)
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

    #[test]
    fn r5_what_was_withdrawn_is_named_with_device_and_day_in_each_language() {
        let lost = [
            Lost {
                app: "Keynote",
                device: Some("Anna's iPad"),
                until: "2030-11-08".to_owned(),
            },
            Lost {
                app: "Pages",
                device: None,
                until: "2030-11-09".to_owned(),
            },
        ];
        for language in Locale::ALL {
            let (subject, text) = withdrawn(language, "Anna", &lost);
            assert!(!subject.is_empty() && text.contains("Anna"));
            let lines: Vec<_> = text.lines().filter(|line| line.starts_with("- ")).collect();
            assert!(lines[0].contains("Keynote (Anna's iPad)") && lines[0].ends_with("2030-11-08"));
            assert!(lines[1].starts_with("- Pages:") && lines[1].ends_with("2030-11-09"));
        }
    }
}
