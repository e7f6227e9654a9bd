//! Filters (RFC 7644, 3.4.2.2): read into a tree, which is asked of JSON, or turned into what storage finds.

mod parse;
mod resolve;

pub use parse::parse;
pub use resolve::{Fields, resolve};

use serde_json::Value as Json;
use store::{fold, scim::Compare};

#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Not(Box<Node>),
    /// The attribute as written.
    Compare(String, Compare, Json),
    Present(String),
    /// `emails[…]`: the inner attributes are those of its values.
    Inside(String, Box<Node>),
}

/// Whether one value of a multi-valued attribute fits; texts without regard to case.
pub fn fits(node: &Node, value: &Json) -> bool {
    match node {
        Node::And(left, right) => fits(left, value) && fits(right, value),
        Node::Or(left, right) => fits(left, value) || fits(right, value),
        Node::Not(inner) => !fits(inner, value),
        Node::Present(name) => attribute(value, name).is_some_and(|value| !value.is_null()),
        Node::Inside(name, inner) => attribute(value, name).is_some_and(|value| fits(inner, value)),
        Node::Compare(name, compare, wanted) => compares(attribute(value, name), *compare, wanted),
    }
}

fn attribute<'a>(value: &'a Json, name: &str) -> Option<&'a Json> {
    value
        .as_object()
        .and_then(|object| super::names::get(object, name))
}

fn compares(is: Option<&Json>, compare: Compare, wanted: &Json) -> bool {
    let is = is.unwrap_or(&Json::Null);
    // As Microsoft Entra ID writes it.
    if let (Json::Bool(flag), Some(word)) = (is, wanted.as_str()) {
        let same = word.to_ascii_lowercase().parse() == Ok(*flag);
        return match compare {
            Compare::Eq => same,
            Compare::Ne => !same,
            _ => false,
        };
    }
    let texts = is.as_str().zip(wanted.as_str());
    let Some((is_text, wanted_text)) = texts.map(|(is, wanted)| (fold(is), fold(wanted))) else {
        return match compare {
            Compare::Eq => is == wanted,
            Compare::Ne => is != wanted,
            _ => false,
        };
    };
    match compare {
        Compare::Eq => is_text == wanted_text,
        Compare::Ne => is_text != wanted_text,
        Compare::Co => is_text.contains(&wanted_text),
        Compare::Sw => is_text.starts_with(&wanted_text),
        Compare::Ew => is_text.ends_with(&wanted_text),
        Compare::Gt => is_text > wanted_text,
        Compare::Ge => is_text >= wanted_text,
        Compare::Lt => is_text < wanted_text,
        Compare::Le => is_text <= wanted_text,
    }
}
