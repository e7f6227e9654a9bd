//! PATCH (RFC 7644, 3.5.2): reading the message, and applying it to a resource as JSON.

use super::{
    error::ScimError,
    filter::{Node, fits},
    names::{APPLE, ENTERPRISE, GROUP, PATCH, USER, get},
    path::{self, Path},
};
use serde_json::{Map, Value, json};
use store::scim::Compare;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Add,
    Replace,
    Remove,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    pub act: Act,
    pub path: Option<Path>,
    pub value: Value,
}

/// The operations of a message.
pub fn read(body: &[u8]) -> Result<Vec<Operation>, ScimError> {
    let body = super::query::object(body)?;
    let is_patch = get(&body, "schemas")
        .and_then(Value::as_array)
        .is_some_and(|schemas| schemas.iter().any(|schema| schema.as_str() == Some(PATCH)));
    if !is_patch {
        return Err(ScimError::syntax(format!("The schema of a PATCH is {PATCH}.")));
    }
    let operations = get(&body, "Operations")
        .and_then(Value::as_array)
        .filter(|operations| !operations.is_empty())
        .ok_or_else(|| ScimError::syntax("A PATCH has Operations."))?;
    operations.iter().map(operation).collect()
}

fn operation(operation: &Value) -> Result<Operation, ScimError> {
    let operation = operation
        .as_object()
        .ok_or_else(|| ScimError::syntax("An operation is an object."))?;
    let word = get(operation, "op").and_then(Value::as_str).unwrap_or_default();
    let act = match word.to_ascii_lowercase().as_str() {
        "add" => Act::Add,
        "replace" => Act::Replace,
        "remove" => Act::Remove,
        _ => return Err(ScimError::syntax("An op is add, replace or remove.")),
    };
    let path = match get(operation, "path") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(path::parse(text)?),
        Some(_) => return Err(ScimError::path("A path is a text.")),
    };
    if act == Act::Remove && path.is_none() {
        return Err(ScimError::target("What is removed needs a path."));
    }
    let value = get(operation, "value").cloned().unwrap_or(Value::Null);
    if act != Act::Remove && get(operation, "value").is_none() {
        return Err(ScimError::value("What is added or replaced needs a value."));
    }
    Ok(Operation { act, path, value })
}

/// An operation without a path as one operation for each attribute of its value.
pub fn by_attribute(operation: Operation) -> Result<Vec<(Act, Path, Value)>, ScimError> {
    let Operation { act, path, value } = operation;
    if let Some(path) = path {
        return Ok(vec![(act, path, value)]);
    }
    let Value::Object(attributes) = value else {
        return Err(ScimError::value("Without a path the value is an object."));
    };
    let mut all = Vec::new();
    for (name, value) in attributes {
        // The resource's own schema around its attributes.
        if [USER, GROUP].iter().any(|own| name.eq_ignore_ascii_case(own)) {
            all.extend(by_attribute(Operation {
                act,
                path: None,
                value,
            })?);
            continue;
        }
        let path = path::parse(&name)?;
        match (path.attribute.is_empty(), value) {
            (true, Value::Object(inner)) => {
                for (sub, value) in inner {
                    let attribute = sub.to_ascii_lowercase();
                    all.push((
                        act,
                        Path {
                            attribute,
                            ..path.clone()
                        },
                        value,
                    ));
                }
            }
            (_, value) => all.push((act, path, value)),
        }
    }
    Ok(all)
}

/// The attributes of a User that can be written: name in lower case and as written, and whether it has sub-attributes.
const ATTRIBUTES: [(&str, &str, Shape); 7] = [
    ("username", "userName", Shape::Single),
    ("displayname", "displayName", Shape::Single),
    ("externalid", "externalId", Shape::Single),
    ("active", "active", Shape::Single),
    (
        "name",
        "name",
        Shape::Complex(&[
            ("givenname", "givenName"),
            ("familyname", "familyName"),
            ("formatted", "formatted"),
        ]),
    ),
    ("emails", "emails", Shape::Many),
    ("title", "", Shape::Ignored),
];

#[derive(Clone, Copy)]
enum Shape {
    Single,
    Complex(&'static [(&'static str, &'static str)]),
    Many,
    /// Common in directories, and not kept here.
    Ignored,
}

const READ_ONLY: [&str; 4] = ["id", "meta", "groups", "schemas"];

/// Applies one operation to a User.
pub fn apply(
    user: &mut Map<String, Value>,
    act: Act,
    path: &Path,
    value: Value,
    named: bool,
) -> Result<(), ScimError> {
    if let Some(schema) = path.schema {
        return extension(user, schema, act, path, value);
    }
    if READ_ONLY.contains(&path.attribute.as_str()) {
        // A client that sends back a whole resource means no harm.
        return if named {
            Err(ScimError::mutability(format!(
                "{} cannot be written.",
                path.attribute
            )))
        } else {
            Ok(())
        };
    }
    let known = ATTRIBUTES.iter().find(|(lower, ..)| *lower == path.attribute);
    let Some((_, name, shape)) = known else {
        // Whole resources may hold what is not kept here.
        return Ok(());
    };
    match (shape, &path.sub, &path.filter) {
        (Shape::Ignored, ..) => {}
        // What has no value is left as it is: nobody comes back by it.
        (Shape::Single, None, None) if *name == "active" && act != Act::Remove && value.is_null() => {}
        (Shape::Single, None, None) => set(user, name, act, value),
        (Shape::Complex(subs), None, None) => match (act, value) {
            (Act::Remove, _) => set(user, name, Act::Remove, Value::Null),
            (_, Value::Object(inner)) => {
                for (sub, value) in inner {
                    sub_attribute(user, name, subs, &sub.to_ascii_lowercase(), act, value);
                }
            }
            _ => return Err(ScimError::value(format!("{name} is an object."))),
        },
        (Shape::Complex(subs), Some(sub), None) => sub_attribute(user, name, subs, sub, act, value),
        (Shape::Many, sub, filter) => many(user, name, act, sub.as_deref(), filter.as_ref(), value)?,
        _ => return Err(ScimError::path(format!("{name} has no such part."))),
    }
    Ok(())
}

fn set(object: &mut Map<String, Value>, name: &str, act: Act, value: Value) {
    if act == Act::Remove || value.is_null() {
        object.remove(name);
    } else {
        object.insert(name.to_owned(), value);
    }
}

fn sub_attribute(
    user: &mut Map<String, Value>,
    name: &str,
    subs: &[(&str, &str)],
    sub: &str,
    act: Act,
    value: Value,
) {
    let Some((_, sub)) = subs.iter().find(|(lower, _)| *lower == sub) else {
        return;
    };
    let inner = user.entry(name).or_insert_with(|| json!({}));
    if let Some(inner) = inner.as_object_mut() {
        set(inner, sub, act, value);
    }
}

fn extension(
    user: &mut Map<String, Value>,
    schema: &'static str,
    act: Act,
    path: &Path,
    value: Value,
) -> Result<(), ScimError> {
    let known = match schema {
        ENTERPRISE => ("department", "department"),
        APPLE => ("managedappleaccount", "managedAppleAccount"),
        _ => return Ok(()),
    };
    if path.attribute.is_empty() {
        let wanted = match (act, &value) {
            (Act::Remove, _) => Value::Null,
            (_, Value::Object(inner)) => match get(inner, known.1) {
                Some(value) => value.clone(),
                None => return Ok(()),
            },
            _ => return Err(ScimError::value("An extension is an object.")),
        };
        sub_attribute(user, schema, &[known], known.0, act, wanted);
        return Ok(());
    }
    sub_attribute(user, schema, &[known], &path.attribute, act, value);
    Ok(())
}

/// The values of a multi-valued attribute.
fn many(
    user: &mut Map<String, Value>,
    name: &str,
    act: Act,
    sub: Option<&str>,
    filter: Option<&Node>,
    value: Value,
) -> Result<(), ScimError> {
    let mut values = match user.remove(name) {
        Some(Value::Array(values)) => values,
        _ => Vec::new(),
    };
    let chosen = |value: &Value| filter.is_none_or(|filter| fits(filter, value));
    let some = values.iter().any(chosen);
    match (act, sub) {
        (Act::Remove, None) => values.retain(|value| !chosen(value)),
        (Act::Remove, Some(sub)) => {
            for value in values.iter_mut().filter(|value| chosen(value)) {
                if let Some(value) = value.as_object_mut() {
                    value.retain(|key, _| !key.eq_ignore_ascii_case(sub));
                }
            }
        }
        (Act::Replace, _) if filter.is_some() && !some => {
            return Err(ScimError::target(format!("No value of {name} fits the filter.")));
        }
        (Act::Replace, None) if filter.is_none() => values = list(value),
        (Act::Add, None) if filter.is_none() => {
            let more = list(value);
            if more.iter().any(is_primary) {
                for value in values.iter_mut().filter_map(Value::as_object_mut) {
                    value.remove("primary");
                }
            }
            values.retain(|value| !more.iter().any(|more| same_value(value, more)));
            values.extend(more);
        }
        (_, sub) => {
            if !some {
                values.push(Value::Object(filter.map(told).unwrap_or_default()));
            }
            let alone = !some;
            let last = values.len().saturating_sub(1);
            for (place, is) in values.iter_mut().enumerate() {
                if if alone { place == last } else { chosen(is) } {
                    write(is, sub, &value);
                }
            }
        }
    }
    if !values.is_empty() {
        user.insert(name.to_owned(), Value::Array(values));
    }
    Ok(())
}

fn write(is: &mut Value, sub: Option<&str>, value: &Value) {
    let Some(object) = is.as_object_mut() else { return };
    match (sub, value) {
        (Some(sub), value) => {
            object.insert(sub.to_owned(), value.clone());
        }
        (None, Value::Object(more)) => {
            object.extend(more.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        _ => {}
    }
}

fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(values) => values,
        Value::Null => Vec::new(),
        value => vec![value],
    }
}

fn is_primary(value: &Value) -> bool {
    value
        .as_object()
        .and_then(|value| get(value, "primary"))
        .is_some_and(|primary| match primary {
            Value::Bool(primary) => *primary,
            // As Microsoft Entra ID writes it.
            other => other
                .as_str()
                .is_some_and(|word| word.eq_ignore_ascii_case("true")),
        })
}

fn same_value(one: &Value, other: &Value) -> bool {
    let value = |value: &Value| value.as_object().and_then(|value| get(value, "value")).cloned();
    value(one).is_some() && value(one) == value(other)
}

/// What a filter says of the value that it is to be: its equalities.
fn told(filter: &Node) -> Map<String, Value> {
    match filter {
        Node::Compare(name, Compare::Eq, value) => Map::from_iter([(name.clone(), value.clone())]),
        Node::And(left, right) => {
            let mut all = told(left);
            all.extend(told(right));
            all
        }
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn patched(user: Value, operations: Value) -> Result<Value, ScimError> {
        let Value::Object(mut user) = user else {
            panic!("an object")
        };
        let body = json!({ "schemas": [PATCH], "Operations": operations });
        for operation in read(body.to_string().as_bytes())? {
            let named = operation.path.is_some();
            for (act, path, value) in by_attribute(operation)? {
                apply(&mut user, act, &path, value, named)?;
            }
        }
        Ok(Value::Object(user))
    }

    #[test]
    fn single_and_complex_attributes_are_added_replaced_and_removed() {
        let user = json!({ "userName": "anna", "displayName": "Anna", "name": { "givenName": "Anna" } });
        let after = patched(
            user,
            json!([
                { "op": "Replace", "path": "displayName", "value": "Anna Berg" },
                { "op": "add", "path": "name.familyName", "value": "Berg" },
                { "op": "remove", "path": "name.givenName" },
                { "op": "replace", "value": { "active": false, "userName": "anna.berg", "nickName": "A" } },
                { "op": "add", "path": format!("{ENTERPRISE}:department"), "value": "7A" },
            ]),
        );
        assert_eq!(
            after.unwrap(),
            json!({
                "userName": "anna.berg", "displayName": "Anna Berg", "name": { "familyName": "Berg" },
                "active": false, ENTERPRISE: { "department": "7A" },
            })
        );
    }

    #[test]
    fn values_are_chosen_by_filters() {
        let user = json!({ "emails": [{ "type": "work", "value": "a@a.example" }] });
        let after = patched(
            user.clone(),
            json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "b@a.example" }]),
        );
        assert_eq!(
            after.unwrap()["emails"],
            json!([{ "type": "work", "value": "b@a.example" }])
        );
        let after = patched(
            json!({}),
            json!([{ "op": "add", "path": "emails[type eq \"work\"].value", "value": "b@a.example" }]),
        );
        assert_eq!(
            after.unwrap()["emails"],
            json!([{ "type": "work", "value": "b@a.example" }])
        );
        let after = patched(
            user.clone(),
            json!([{ "op": "remove", "path": "emails[value ew \"a.example\"]" }]),
        );
        assert_eq!(after.unwrap(), json!({}));
        let nothing = patched(
            user,
            json!([{ "op": "replace", "path": "emails[type eq \"home\"].value", "value": "b@a.example" }]),
        );
        assert_eq!(
            nothing,
            Err(ScimError::target("No value of emails fits the filter."))
        );
    }

    #[test]
    fn what_entra_id_sends_is_understood() {
        let user = json!({
            "active": false, "emails": [{ "type": "work", "value": "a@a.example", "primary": true }],
        });
        let after = patched(
            user,
            json!([
                { "op": "replace", "path": "emails[primary eq \"True\"].value", "value": "b@a.example" },
                { "op": "replace", "value": { USER: { "displayName": "Anna" }, "active": null } },
                { "op": "add", "path": "urn:ietf:params:scim:schemas:extension:other:2.0:User:room", "value": "7" },
                { "op": "add", "value": { "urn:example:other": { "room": "7" }, "urn:example:other:floor": 2 } },
            ]),
        );
        assert_eq!(
            after.unwrap(),
            json!({
                "active": false, "emails": [{ "type": "work", "value": "b@a.example", "primary": true }],
                "displayName": "Anna",
            })
        );
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        for wrong in [
            json!([]),
            json!([{ "op": "move", "path": "displayName" }]),
            json!([{ "op": "remove" }]),
            json!([{ "op": "add", "path": "displayName" }]),
            json!([{ "op": "replace", "value": "x" }]),
            json!([{ "op": "replace", "path": "id", "value": "x" }]),
            json!([{ "op": "replace", "path": "displayName.part", "value": "x" }]),
            json!(["add"]),
        ] {
            assert!(patched(json!({}), wrong.clone()).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_path_and_value_break_it(path in "[a-zA-Z.\\[\\]\" ]{0,40}", text in ".{0,20}", word in "(add|replace|remove)") {
            drop(patched(
                json!({ "emails": [{ "value": "x" }], "name": { "givenName": "y" } }),
                json!([{ "op": word, "path": path, "value": text }]),
            ));
        }
    }
}
