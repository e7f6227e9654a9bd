//! A filter as storage finds by it.

use super::{Node, compares};
use crate::http::scim::{error::ScimError, names};
use serde_json::Value as Json;
use store::scim::{Compare, Filter, GroupField, PersonField, Value};

/// What an attribute of a filter is here.
pub enum Target<F: 'static> {
    Field(F),
    /// These alone, each wherever the field beside it is present.
    OneOf(&'static [(&'static str, F)]),
}

/// The fields of a resource by the names of its filters.
pub trait Fields: Copy + 'static {
    const SCHEMA: &'static str;

    /// `name` is in lower case.
    fn named(name: &str) -> Option<Target<Self>>;

    /// Of what type its values are.
    fn read(self, value: &Json) -> Option<Value>;
}

fn text(value: &Json) -> Option<Value> {
    value.as_str().map(|text| Value::Text(text.to_owned()))
}

fn moment(value: &Json) -> Option<Value> {
    let at: jiff::Timestamp = value.as_str()?.parse().ok()?;
    Some(Value::Moment(at.as_millisecond()))
}

impl Fields for PersonField {
    const SCHEMA: &'static str = names::USER;

    fn named(name: &str) -> Option<Target<Self>> {
        Some(Target::Field(match name {
            "id" => PersonField::Id,
            "username" => PersonField::UserName,
            "displayname" => PersonField::DisplayName,
            "name.givenname" => PersonField::GivenName,
            "name.familyname" => PersonField::FamilyName,
            "externalid" => PersonField::ExternalId,
            "emails" | "emails.value" => PersonField::Email,
            "emails.type" => return Some(Target::OneOf(&[("work", PersonField::Email)])),
            "active" => PersonField::Active,
            "meta.created" => PersonField::Created,
            "meta.lastmodified" => PersonField::Modified,
            _ => return None,
        }))
    }

    fn read(self, value: &Json) -> Option<Value> {
        match self {
            PersonField::Active => match value {
                Json::Bool(flag) => Some(Value::Flag(*flag)),
                // As Microsoft Entra ID writes it.
                Json::String(word) => word.to_ascii_lowercase().parse().ok().map(Value::Flag),
                _ => None,
            },
            PersonField::Created | PersonField::Modified => moment(value),
            _ => text(value),
        }
    }
}

impl Fields for GroupField {
    const SCHEMA: &'static str = names::GROUP;

    fn named(name: &str) -> Option<Target<Self>> {
        Some(Target::Field(match name {
            "id" => GroupField::Id,
            "displayname" => GroupField::DisplayName,
            "externalid" => GroupField::ExternalId,
            "members" | "members.value" => GroupField::Member,
            "members.type" => {
                return Some(Target::OneOf(&[
                    ("User", GroupField::MemberUser),
                    ("Group", GroupField::MemberGroup),
                ]));
            }
            "meta.created" => GroupField::Created,
            "meta.lastmodified" => GroupField::Modified,
            _ => return None,
        }))
    }

    fn read(self, value: &Json) -> Option<Value> {
        match self {
            GroupField::Created | GroupField::Modified => moment(value),
            _ => text(value),
        }
    }
}

/// The filter for storage; refused are attributes that cannot be searched by.
pub fn resolve<F: Fields>(node: &Node) -> Result<Filter<F>, ScimError> {
    within(node, "")
}

fn within<F: Fields>(node: &Node, prefix: &str) -> Result<Filter<F>, ScimError> {
    let both = |left: &Node, right: &Node| -> Result<_, ScimError> {
        Ok((Box::new(within(left, prefix)?), Box::new(within(right, prefix)?)))
    };
    Ok(match node {
        Node::And(left, right) => {
            let (left, right) = both(left, right)?;
            Filter::And(left, right)
        }
        Node::Or(left, right) => {
            let (left, right) = both(left, right)?;
            Filter::Or(left, right)
        }
        Node::Not(inner) => Filter::Not(Box::new(within(inner, prefix)?)),
        Node::Inside(name, inner) => {
            let name = names::without_schema(name, F::SCHEMA);
            within(inner, &format!("{prefix}{name}."))?
        }
        Node::Present(name) => match target::<F>(prefix, name)? {
            Target::Field(field) => Filter::Present(field),
            Target::OneOf(all) => any_present(all.iter()),
        },
        Node::Compare(name, compare, value) => match target::<F>(prefix, name)? {
            Target::OneOf(all) => {
                let holds = |is: &str| compares(Some(&Json::String(is.to_owned())), *compare, value);
                any_present(all.iter().filter(|(is, _)| holds(is)))
            }
            Target::Field(field) if value.is_null() => match compare {
                Compare::Eq => Filter::Not(Box::new(Filter::Present(field))),
                Compare::Ne => Filter::Present(field),
                _ => return Err(ScimError::filter("Nothing is larger or smaller than null.")),
            },
            Target::Field(field) => {
                let value = field
                    .read(value)
                    .ok_or_else(|| ScimError::filter(format!("{name} is of another type.")))?;
                Filter::Compare(field, *compare, value)
            }
        },
    })
}

fn any_present<F: Fields>(fields: impl Iterator<Item = &'static (&'static str, F)>) -> Filter<F> {
    fields
        .map(|(_, field)| Filter::Present(*field))
        .reduce(|left, right| Filter::Or(Box::new(left), Box::new(right)))
        .unwrap_or(Filter::Never)
}

fn target<F: Fields>(prefix: &str, name: &str) -> Result<Target<F>, ScimError> {
    let name = names::without_schema(name, F::SCHEMA);
    let full = format!("{prefix}{name}").to_ascii_lowercase();
    F::named(&full).ok_or_else(|| {
        let name: String = name.chars().take(80).collect();
        ScimError::filter(format!("{name} cannot be searched by."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::scim::filter::parse;

    #[test]
    fn attributes_are_known_in_any_case_with_and_without_their_schema() {
        for name in [
            "userName",
            "USERNAME",
            "urn:ietf:params:scim:schemas:core:2.0:User:userName",
        ] {
            let filter = parse(&format!("{name} sw \"a\"")).unwrap();
            assert_eq!(
                resolve::<PersonField>(&filter).unwrap(),
                Filter::Compare(PersonField::UserName, Compare::Sw, Value::Text("a".into()))
            );
        }
        for wrong in [
            "password eq \"x\"",
            "active eq 3",
            "meta.created gt \"yesterday\"",
            "userName gt null",
        ] {
            assert!(resolve::<PersonField>(&parse(wrong).unwrap()).is_err(), "{wrong}");
        }
    }
}
