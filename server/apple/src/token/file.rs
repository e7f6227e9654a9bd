//! The token file a content manager downloads (`*.vpptoken`): base64 text around a JSON object.
//! <https://developer.apple.com/documentation/devicemanagement/getting-started>

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};
use thiserror::Error;

use super::ServerToken;
use crate::date;

/// Largest file looked at; real ones are below 1 KiB.
const MAX_BYTES: usize = 64 * 1024;

/// Longest piece of a wrong date that is repeated in a message.
const MAX_QUOTED_CHARS: usize = 40;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What a token file holds. Nothing in it names the location: only Apple's client config does.
#[derive(Debug, Clone)]
pub struct TokenFile {
    /// The secret to send to Apple.
    pub server_token: ServerToken,
    /// The organisation's name; all locations of one organisation share it.
    pub org_name: String,
    /// When the file says the token ends, in unix milliseconds. Apple's answers are the authority.
    pub expires_at: i64,
}

/// Why a text is not a token file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TokenFileFault {
    /// Nothing but white space.
    #[error("the file is empty")]
    Empty,
    /// More than 64 KiB: some other file.
    #[error("the file is larger than {MAX_BYTES} bytes, a token file is below 1,000")]
    TooLarge,
    /// The text is not base64.
    #[error("the file is not base64 text")]
    NotBase64,
    /// The decoded text is not a JSON object.
    #[error("the decoded file is not a JSON object")]
    NotJson,
    /// A key every token file has is absent, empty or not text.
    #[error("the key {0} is missing from the file")]
    KeyMissing(&'static str),
    /// `expDate` is no date with an offset; the text as found, cut to 40 characters.
    #[error("the expiry date {0:?} cannot be read")]
    BadDate(String),
}

impl TokenFile {
    /// Reads the text of a token file. White space, line breaks, a byte order mark and the URL-safe alphabet of base64 are
    /// tolerated, keys may come in any order, unknown ones are ignored. Whether the token has expired is the caller's to
    /// say, who has the clock.
    ///
    /// # Errors
    /// [`TokenFileFault`], one per thing that can be wrong.
    pub fn parse(text: &str) -> Result<Self, TokenFileFault> {
        if text.len() > MAX_BYTES {
            return Err(TokenFileFault::TooLarge);
        }
        let compact: String = text
            .chars()
            .filter(|character| !character.is_whitespace() && *character != '\u{feff}')
            .collect();
        if compact.is_empty() {
            return Err(TokenFileFault::Empty);
        }
        // What passed through a web tool may have the other alphabet; Apple gets it as it is.
        let standard = compact.replace('-', "+").replace('_', "/");
        let decoded = BASE64.decode(&standard).map_err(|_| TokenFileFault::NotBase64)?;
        let json = decoded.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&decoded);
        let object: Map<String, Value> = serde_json::from_slice(json).map_err(|_| TokenFileFault::NotJson)?;

        required(&object, "token")?;
        let org_name = required(&object, "orgName")?;
        let expiry = required(&object, "expDate")?;
        let expires_at = date::unix_millis(expiry)
            .ok_or_else(|| TokenFileFault::BadDate(expiry.chars().take(MAX_QUOTED_CHARS).collect()))?;
        Ok(Self {
            org_name: org_name.to_owned(),
            expires_at,
            server_token: ServerToken::from_sealed(compact),
        })
    }
}

fn required<'a>(object: &'a Map<String, Value>, key: &'static str) -> Result<&'a str, TokenFileFault> {
    object
        .get(key)
        .and_then(Value::as_str)
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .ok_or(TokenFileFault::KeyMissing(key))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// A made-up token of the right shape.
    const SAMPLE: &str = concat!(
        "eyJleHBEYXRlIjoiMjAzMS0wMS0xNVQxMDoyMDozMCswMDAwIiwidG9rZW4iOiJSa0ZMUlMxRFQwNVVSVTVVTFZSUFMwVk9M",
        "VVpQVWkxVVJWTlVVeTFFVHkxT1QxUXRWVk5GTFRBeE1qTTBOVFkzT0RsaFltTmtaV1l3TVRJek5EVTJOemc1Iiwib3JnTmFt",
        "ZSI6IkV4YW1wbGUgT3JnIn0="
    );

    fn encoded(json: &str) -> String {
        BASE64.encode(json)
    }

    fn fault(text: &str) -> TokenFileFault {
        TokenFile::parse(text).expect_err("the text is no token file")
    }

    #[test]
    fn a_sample_file_is_read_whole() {
        let file = TokenFile::parse(SAMPLE).expect("a token file");
        assert_eq!(file.org_name, "Example Org");
        assert_eq!(file.expires_at, 1_926_238_830_000);
        assert_eq!(file.server_token.expose_for_sealing(), SAMPLE);
    }

    #[test]
    fn white_space_line_breaks_and_a_mark_do_not_matter() {
        let (first, rest) = SAMPLE.split_at(76);
        let file = TokenFile::parse(&format!("\u{feff} {first}\r\n{rest}\n\n")).expect("a token file");
        assert_eq!(file.server_token.expose_for_sealing(), SAMPLE);
    }

    #[test]
    fn the_url_safe_alphabet_is_read_and_the_text_stays_as_it_is() {
        let json = json!({"token":"dA==","orgName":"Ä?>~ö??>","expDate":"2031-01-15T10:20:30Z"});
        let standard = encoded(&json.to_string());
        let safe = standard.replace('+', "-").replace('/', "_");
        assert_ne!(standard, safe);
        let file = TokenFile::parse(&safe).expect("a token file");
        assert_eq!(file.org_name, "Ä?>~ö??>");
        assert_eq!(file.server_token.expose_for_sealing(), safe);
    }

    #[test]
    fn missing_padding_does_not_matter() {
        assert!(TokenFile::parse(SAMPLE.trim_end_matches('=')).is_ok());
    }

    #[test]
    fn each_thing_that_can_be_wrong_has_its_own_reason() {
        assert_eq!(fault(" \n\u{feff}"), TokenFileFault::Empty);
        assert_eq!(fault(&"A".repeat(MAX_BYTES + 1)), TokenFileFault::TooLarge);
        assert_eq!(fault("{\"token\":\"a\"}"), TokenFileFault::NotBase64);
        assert_eq!(fault(&encoded("not json")), TokenFileFault::NotJson);
        assert_eq!(fault(&encoded("[1]")), TokenFileFault::NotJson);
        for key in ["token", "orgName", "expDate"] {
            let mut object = json!({"token":"dA==","orgName":"Org","expDate":"2031-01-15T10:20:30Z"});
            for wrong in [json!(""), json!(7), Value::Null] {
                object[key] = wrong;
                assert_eq!(
                    fault(&encoded(&object.to_string())),
                    TokenFileFault::KeyMissing(key)
                );
            }
            object.as_object_mut().expect("an object").remove(key);
            assert_eq!(
                fault(&encoded(&object.to_string())),
                TokenFileFault::KeyMissing(key)
            );
        }
        let dated = json!({"token":"dA==","orgName":"Org","expDate":"next year"}).to_string();
        assert_eq!(
            fault(&encoded(&dated)),
            TokenFileFault::BadDate("next year".into())
        );
    }

    fn offset() -> impl Strategy<Value = (i64, String)> {
        let written = (
            -14i64..=14,
            prop::sample::select(vec![0i64, 30, 45]),
            any::<bool>(),
        )
            .prop_map(|(hours, minutes, colon)| {
                let sign = if hours < 0 { '-' } else { '+' };
                let separator = if colon { ":" } else { "" };
                let seconds = (hours.abs() * 60 + minutes) * 60 * if hours < 0 { -1 } else { 1 };
                (
                    seconds,
                    format!("{sign}{:02}{separator}{minutes:02}", hours.abs()),
                )
            });
        prop_oneof![Just((0, "Z".to_owned())), written]
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            let _ = TokenFile::parse(&text);
        }

        #[test]
        fn no_decoded_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = TokenFile::parse(&BASE64.encode(bytes));
        }

        #[test]
        fn no_json_makes_the_parser_panic(token in any::<String>(), date in any::<String>(), org in any::<String>()) {
            let _ = TokenFile::parse(&encoded(&json!({"token": token, "expDate": date, "orgName": org}).to_string()));
        }

        #[test]
        fn every_date_form_round_trips(
            seconds in 0i64..7_000_000_000,
            millis in prop::option::of(0i64..1000),
            (shift, offset) in offset(),
            org in "[^\\s]([^\\p{C}]{0,40}[^\\s\\p{C}])?",
            order in Just(vec!["token", "expDate", "orgName", "more"]).prop_shuffle(),
        ) {
            let local = jiff::Timestamp::from_second(seconds + shift).expect("in range");
            let local = local.strftime("%Y-%m-%dT%H:%M:%S");
            let fraction = millis.map_or(String::new(), |millis| format!(".{millis:03}"));
            let object = json!({"token": "dA==", "expDate": format!("{local}{fraction}{offset}"), "orgName": org, "more": 1});
            let written: Vec<String> =
                order.iter().map(|key| format!("{}: {}", json!(key), object[*key])).collect();
            let text = encoded(&format!("{{\n {}\n}}", written.join(" ,\n")));
            let file = TokenFile::parse(&text).expect("a token file");
            prop_assert_eq!(file.expires_at, seconds * 1000 + millis.unwrap_or(0));
            prop_assert_eq!(file.org_name, org.trim());
            prop_assert_eq!(file.server_token.expose_for_sealing(), text);
        }
    }
}
