//! The parameters of a metadata look-up, checked.

use crate::fault::Fault;
use crate::ids::AdamId;
use crate::walk::Query;
use crate::words::MetadataPlatform;

/// A look-up of one product.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MetadataQuery<'a> {
    pub adam_id: &'a AdamId,
    pub platform: &'a MetadataPlatform,
    pub country: &'a str,
    pub language: &'a str,
}

impl MetadataQuery<'_> {
    /// The query, if country and language can be such. `mdm-lockup` is Apple's spelling.
    pub(crate) fn checked(&self) -> Result<Query, Fault> {
        if self.country.len() != 2 || !self.country.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Err(Fault::argument(9602, "a country is written with two letters"));
        }
        let tag = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if self.language.is_empty() || self.language.len() > 35 || !self.language.bytes().all(tag) {
            return Err(Fault::argument(9602, "the language is no language tag"));
        }
        Ok(vec![
            ("version", "2".to_owned()),
            ("id", self.adam_id.to_string()),
            ("p", "mdm-lockup".to_owned()),
            ("caller", "MDM".to_owned()),
            ("platform", self.platform.to_string()),
            ("cc", self.country.to_ascii_lowercase()),
            ("l", self.language.to_owned()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(country: &str, language: &str) -> Result<Query, Fault> {
        let adam_id = AdamId::new("361309726").expect("digits");
        MetadataQuery {
            adam_id: &adam_id,
            platform: &MetadataPlatform::EnterpriseStore,
            country,
            language,
        }
        .checked()
    }

    #[test]
    fn the_country_is_written_in_lower_case() {
        let query = checked("DE", "en").expect("a query");
        assert!(query.contains(&("cc", "de".to_owned())));
        assert!(query.contains(&("platform", "enterprisestore".to_owned())));
        assert!(query.contains(&("p", "mdm-lockup".to_owned())));
    }

    #[test]
    fn what_is_no_country_or_language_is_refused() {
        for (country, language) in [
            ("", "en"),
            ("DEU", "en"),
            ("1a", "en"),
            ("de", ""),
            ("de", "en&x=1"),
        ] {
            assert_eq!(
                checked(country, language).err().and_then(|fault| fault.number),
                Some(9602)
            );
        }
    }
}
