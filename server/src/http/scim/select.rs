//! `attributes` and `excludedAttributes` (RFC 7644, 3.9).

use super::{
    error::ScimError,
    names::{APPLE, ENTERPRISE, GROUP, USER, without_schema},
};
use serde_json::{Map, Value};

/// Always returned.
const ALWAYS: [&str; 2] = ["id", "schemas"];

#[derive(Debug, PartialEq)]
pub enum Selection {
    All,
    /// Attribute and sub-attribute, in lower case.
    Only(Vec<(String, Option<String>)>),
    Without(Vec<(String, Option<String>)>),
}

impl Selection {
    pub fn new(only: Option<&str>, without: Option<&str>) -> Result<Self, ScimError> {
        let names = |text: Option<&str>| -> Vec<_> {
            text.unwrap_or_default()
                .split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(name)
                .collect()
        };
        match (names(only), names(without)) {
            (only, without) if only.is_empty() && without.is_empty() => Ok(Selection::All),
            (only, without) if without.is_empty() => Ok(Selection::Only(only)),
            (only, without) if only.is_empty() => Ok(Selection::Without(without)),
            _ => Err(ScimError::value(
                "attributes and excludedAttributes exclude each other.",
            )),
        }
    }

    /// Whether this attribute, given in lower case, is returned. One that is returned on request alone must be named.
    pub fn wants(&self, attribute: &str, on_request: bool) -> bool {
        match self {
            Selection::All => !on_request,
            Selection::Only(names) => names.iter().any(|(name, _)| name == attribute),
            Selection::Without(names) => {
                !on_request && !names.iter().any(|(name, sub)| name == attribute && sub.is_none())
            }
        }
    }

    /// Whether this part of an attribute, both in lower case, is named: one that is returned on request alone.
    pub fn names(&self, attribute: &str, sub: &str) -> bool {
        match self {
            Selection::Only(names) => names
                .iter()
                .any(|(name, part)| name == attribute && part.as_deref() == Some(sub)),
            Selection::All | Selection::Without(_) => false,
        }
    }

    /// Takes away what was not asked for.
    pub fn apply(&self, resource: &mut Map<String, Value>) {
        let (names, only) = match self {
            Selection::All => return,
            Selection::Only(names) => (names, true),
            Selection::Without(names) => (names, false),
        };
        resource.retain(|key, value| {
            let key = key.to_ascii_lowercase();
            if ALWAYS.contains(&key.as_str()) {
                return true;
            }
            let subs: Vec<_> = names
                .iter()
                .filter(|(name, _)| *name == key)
                .map(|(_, sub)| sub)
                .collect();
            if subs.iter().any(|sub| sub.is_none()) {
                return only;
            }
            if subs.is_empty() {
                return !only;
            }
            let keeps = |sub: &str| subs.iter().any(|named| named.as_deref() == Some(sub)) == only;
            match value {
                Value::Object(inner) => inner.retain(|sub, _| keeps(&sub.to_ascii_lowercase())),
                Value::Array(values) => {
                    for inner in values.iter_mut().filter_map(Value::as_object_mut) {
                        inner.retain(|sub, _| keeps(&sub.to_ascii_lowercase()));
                    }
                }
                _ => {}
            }
            true
        });
    }
}

fn name(text: &str) -> (String, Option<String>) {
    for schema in [ENTERPRISE, APPLE] {
        let rest = without_schema(text, schema);
        if text.eq_ignore_ascii_case(schema) {
            return (schema.to_ascii_lowercase(), None);
        }
        if rest.len() != text.len() {
            return (schema.to_ascii_lowercase(), Some(rest.to_ascii_lowercase()));
        }
    }
    let own = without_schema(without_schema(text, USER), GROUP).to_ascii_lowercase();
    match own.split_once('.') {
        Some((attribute, sub)) => (attribute.to_owned(), Some(sub.to_owned())),
        None => (own, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn selected(only: Option<&str>, without: Option<&str>) -> Value {
        let Value::Object(mut user) = json!({
            "schemas": [USER], "id": "1", "userName": "anna", "name": { "givenName": "Anna", "familyName": "Berg" },
            "emails": [{ "value": "a@a.example", "type": "work" }], ENTERPRISE: { "department": "7A" },
        }) else {
            panic!("an object");
        };
        Selection::new(only, without).unwrap().apply(&mut user);
        user.remove("schemas").expect("schemas are always there");
        Value::Object(user)
    }

    #[test]
    fn only_what_is_asked_for_is_returned_and_the_id() {
        assert_eq!(
            selected(Some("USERNAME, name.familyName,emails.value"), None),
            json!({ "id": "1", "userName": "anna", "name": { "familyName": "Berg" }, "emails": [{ "value": "a@a.example" }] })
        );
        assert_eq!(
            selected(Some(&format!("{ENTERPRISE}:department")), None),
            json!({ "id": "1", ENTERPRISE: { "department": "7A" } })
        );
    }

    #[test]
    fn what_is_excluded_is_not_returned_but_the_id_is() {
        assert_eq!(
            selected(None, Some(&format!("id,emails,name.givenName,{ENTERPRISE}"))),
            json!({ "id": "1", "userName": "anna", "name": { "familyName": "Berg" } })
        );
        assert!(Selection::new(Some("a"), Some("b")).is_err());
    }
}
