//! The path of a PATCH operation (RFC 7644, 3.5.2): `attribute.sub`, `attribute[filter].sub`, with or without schema.

use super::{
    error::ScimError,
    filter::{self, Node},
    names::{APPLE, ENTERPRISE, GROUP, USER, without_schema},
};

#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// [`ENTERPRISE`] or [`APPLE`]; none for an attribute of the resource itself.
    pub schema: Option<&'static str>,
    /// In lower case; empty for a whole extension.
    pub attribute: String,
    pub filter: Option<Node>,
    /// In lower case.
    pub sub: Option<String>,
}

pub fn parse(text: &str) -> Result<Path, ScimError> {
    let text = text.trim();
    let wrong = || {
        ScimError::path(format!(
            "\"{}\" is no path.",
            text.chars().take(80).collect::<String>()
        ))
    };
    let (schema, rest) = split(text);
    if rest.is_empty() && schema.is_some() {
        return Ok(Path {
            schema,
            attribute: String::new(),
            filter: None,
            sub: None,
        });
    }
    // An extension that is not known here: of nothing that is kept.
    if schema.is_none()
        && rest
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
    {
        return Ok(Path {
            schema: None,
            attribute: rest.to_ascii_lowercase(),
            filter: None,
            sub: None,
        });
    }
    let (attribute, filter, after) = match rest.split_once('[') {
        None => {
            let (attribute, sub) = rest
                .split_once('.')
                .map_or((rest, None), |(attribute, sub)| (attribute, Some(sub)));
            (attribute, None, sub)
        }
        Some((attribute, inside)) => {
            let end = inside.rfind(']').ok_or_else(wrong)?;
            let (filter, after) = inside.split_at_checked(end).ok_or_else(wrong)?;
            let after = after.strip_prefix(']').unwrap_or_default();
            let sub = match after.strip_prefix('.') {
                Some(sub) => Some(sub),
                None if after.is_empty() => None,
                None => return Err(wrong()),
            };
            (attribute, Some(filter::parse(filter)?), sub)
        }
    };
    let is_name = |name: &str| {
        name.starts_with(|sign: char| sign.is_ascii_alphabetic() || sign == '$')
            && name
                .chars()
                .all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '_' | '$'))
    };
    if !is_name(attribute) || after.is_some_and(|sub| !is_name(sub)) {
        return Err(wrong());
    }
    Ok(Path {
        schema,
        attribute: attribute.to_ascii_lowercase(),
        filter,
        sub: after.map(str::to_ascii_lowercase),
    })
}

/// The extension that is named, and the rest.
fn split(text: &str) -> (Option<&'static str>, &str) {
    for schema in [ENTERPRISE, APPLE] {
        if text.eq_ignore_ascii_case(schema) {
            return (Some(schema), "");
        }
        let rest = without_schema(text, schema);
        if rest.len() != text.len() {
            return (Some(schema), rest);
        }
    }
    (None, without_schema(without_schema(text, USER), GROUP))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(schema: Option<&'static str>, attribute: &str, sub: Option<&str>) -> Path {
        Path {
            schema,
            attribute: attribute.to_owned(),
            filter: None,
            sub: sub.map(str::to_owned),
        }
    }

    #[test]
    fn an_attribute_may_have_a_schema_a_filter_and_a_sub_attribute() {
        assert_eq!(parse("displayName").unwrap(), plain(None, "displayname", None));
        assert_eq!(
            parse("name.givenName").unwrap(),
            plain(None, "name", Some("givenname"))
        );
        assert_eq!(
            parse(&format!("{USER}:name.familyName")).unwrap(),
            plain(None, "name", Some("familyname"))
        );
        assert_eq!(
            parse(&format!("{ENTERPRISE}:department")).unwrap(),
            plain(Some(ENTERPRISE), "department", None)
        );
        assert_eq!(parse(APPLE).unwrap(), plain(Some(APPLE), "", None));
        let path = parse("emails[type eq \"work\"].value").unwrap();
        assert_eq!(
            (path.attribute.as_str(), path.sub.as_deref()),
            ("emails", Some("value"))
        );
        assert_eq!(path.filter, Some(filter::parse("type eq \"work\"").unwrap()));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for wrong in [
            "", " ", "a b", "a[b pr", "a[b pr]c", "a.", ".b", "a.b.c", "[a pr]", "é",
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in ".{0,120}") {
            drop(parse(&text));
            drop(parse(&format!("members[{text}]")));
            drop(parse(&format!("{ENTERPRISE}:{text}")));
        }
    }
}
