//! Filters (RFC 7644, 3.4.2.2): read into a tree, which is asked of JSON, or turned into what storage finds.

use super::error::ScimError;
use serde_json::Value as Json;
use store::{
    fold,
    scim::{Compare, Filter, GroupField, PersonField, Value},
};

/// Longest filter, in bytes, and how deep it may nest.
const LONGEST: usize = 10_000;
const DEEPEST: usize = 40;
/// Comparisons of a filter; storage takes no more at once.
const MOST: usize = 500;

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

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Open,
    Close,
    OpenValues,
    CloseValues,
    Word(String),
    Text(String),
}

pub fn parse(text: &str) -> Result<Node, ScimError> {
    if text.len() > LONGEST {
        return Err(ScimError::filter("The filter is too long."));
    }
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens: tokens.into_iter().peekable(),
        depth: 0,
        expressions: 0,
    };
    let node = parser.or()?;
    match parser.tokens.next() {
        None => Ok(node),
        Some(token) => Err(unexpected(Some(&token))),
    }
}

fn unexpected(token: Option<&Token>) -> ScimError {
    ScimError::filter(match token {
        None => "The filter ends too early.".to_owned(),
        Some(Token::Open) => "Unexpected \"(\".".to_owned(),
        Some(Token::Close) => "Unexpected \")\".".to_owned(),
        Some(Token::OpenValues) => "Unexpected \"[\".".to_owned(),
        Some(Token::CloseValues) => "Unexpected \"]\".".to_owned(),
        Some(Token::Word(word) | Token::Text(word)) => {
            format!("Unexpected \"{}\".", word.chars().take(80).collect::<String>())
        }
    })
}

fn tokens(text: &str) -> Result<Vec<Token>, ScimError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        let after = rest.get(sign.len_utf8()..).unwrap_or_default();
        rest = match sign {
            _ if sign.is_whitespace() => after,
            '(' | ')' | '[' | ']' => {
                tokens.push(match sign {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    '[' => Token::OpenValues,
                    _ => Token::CloseValues,
                });
                after
            }
            '"' => {
                let end =
                    end_of_text(rest).ok_or_else(|| ScimError::filter("A quotation mark is missing."))?;
                let (quoted, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
                let text = serde_json::from_str(quoted)
                    .map_err(|_| ScimError::filter("A text is not written as in JSON."))?;
                tokens.push(Token::Text(text));
                after
            }
            _ => {
                let end = rest
                    .find(|sign: char| sign.is_whitespace() || matches!(sign, '(' | ')' | '[' | ']' | '"'))
                    .unwrap_or(rest.len());
                let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
                tokens.push(Token::Word(word.to_owned()));
                after
            }
        };
    }
    Ok(tokens)
}

/// Where the text that begins with a quotation mark ends, behind the closing one.
fn end_of_text(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (place, sign) in text.char_indices().skip(1) {
        match sign {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(place + 1),
            _ => {}
        }
    }
    None
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    depth: usize,
    expressions: usize,
}

impl Parser {
    fn next_is(&mut self, word: &str) -> bool {
        let next = |token: &Token| matches!(token, Token::Word(next) if next.eq_ignore_ascii_case(word));
        self.tokens.next_if(next).is_some()
    }

    fn or(&mut self) -> Result<Node, ScimError> {
        let mut left = self.and()?;
        while self.next_is("or") {
            left = Node::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Node, ScimError> {
        let mut left = self.term()?;
        while self.next_is("and") {
            left = Node::And(Box::new(left), Box::new(self.term()?));
        }
        Ok(left)
    }

    fn deeper(&mut self, close: &Token) -> Result<Node, ScimError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(ScimError::filter("The filter nests too deep."));
        }
        let inner = self.or()?;
        self.depth -= 1;
        match self.tokens.next() {
            Some(token) if token == *close => Ok(inner),
            token => Err(unexpected(token.as_ref())),
        }
    }

    fn term(&mut self) -> Result<Node, ScimError> {
        self.expressions += 1;
        if self.expressions > MOST {
            return Err(ScimError::filter("The filter compares too much."));
        }
        match self.tokens.next() {
            Some(Token::Open) => self.deeper(&Token::Close),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("not") => match self.tokens.next() {
                Some(Token::Open) => Ok(Node::Not(Box::new(self.deeper(&Token::Close)?))),
                token => Err(unexpected(token.as_ref())),
            },
            Some(Token::Word(attribute)) => self.expression(attribute),
            token => Err(unexpected(token.as_ref())),
        }
    }

    fn expression(&mut self, attribute: String) -> Result<Node, ScimError> {
        if self.tokens.next_if_eq(&Token::OpenValues).is_some() {
            let inner = self.deeper(&Token::CloseValues)?;
            return Ok(Node::Inside(attribute, Box::new(inner)));
        }
        let operator = match self.tokens.next() {
            Some(Token::Word(word)) => word.to_ascii_lowercase(),
            token => return Err(unexpected(token.as_ref())),
        };
        let compare = match operator.as_str() {
            "pr" => return Ok(Node::Present(attribute)),
            "eq" => Compare::Eq,
            "ne" => Compare::Ne,
            "co" => Compare::Co,
            "sw" => Compare::Sw,
            "ew" => Compare::Ew,
            "gt" => Compare::Gt,
            "ge" => Compare::Ge,
            "lt" => Compare::Lt,
            "le" => Compare::Le,
            _ => return Err(unexpected(Some(&Token::Word(operator)))),
        };
        let value = match self.tokens.next() {
            Some(Token::Text(text)) => Json::String(text),
            Some(Token::Word(word)) => {
                let lower = word.to_ascii_lowercase();
                serde_json::from_str(&lower).map_err(|_| unexpected(Some(&Token::Word(word))))?
            }
            token => return Err(unexpected(token.as_ref())),
        };
        Ok(Node::Compare(attribute, compare, value))
    }
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
    const SCHEMA: &'static str = super::names::USER;

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
    const SCHEMA: &'static str = super::names::GROUP;

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
            let name = super::names::without_schema(name, F::SCHEMA);
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
    let name = super::names::without_schema(name, F::SCHEMA);
    let full = format!("{prefix}{name}").to_ascii_lowercase();
    F::named(&full).ok_or_else(|| {
        let name: String = name.chars().take(80).collect();
        ScimError::filter(format!("{name} cannot be searched by."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn compare(name: &str, compare: Compare, value: Json) -> Node {
        Node::Compare(name.to_owned(), compare, value)
    }

    #[test]
    fn a_filter_compares_so_much_and_no_more() {
        let chain = |count: usize| vec!["id pr"; count].join(" or ");
        assert!(parse(&chain(MOST)).is_ok());
        assert!(parse(&chain(MOST + 1)).is_err());
    }

    #[test]
    fn and_binds_closer_than_or_and_parentheses_closest() {
        let (a, b, c) = (
            compare("a", Compare::Eq, json!("x")),
            compare("b", Compare::Gt, json!(1)),
            Node::Present("c".into()),
        );
        let and = |left: &Node, right: &Node| Node::And(Box::new(left.clone()), Box::new(right.clone()));
        let or = |left: &Node, right: &Node| Node::Or(Box::new(left.clone()), Box::new(right.clone()));
        assert_eq!(
            parse(r#"a eq "x" or b gt 1 and c pr"#).unwrap(),
            or(&a, &and(&b, &c))
        );
        assert_eq!(
            parse(r#"(a eq "x" OR b gt 1) AND c PR"#).unwrap(),
            and(&or(&a, &b), &c)
        );
        assert_eq!(
            parse(r#"not (a eq "x") and c pr"#).unwrap(),
            and(&Node::Not(Box::new(a)), &c)
        );
    }

    #[test]
    fn texts_are_json_and_values_may_be_filtered_inside() {
        assert_eq!(
            parse(r#"userName eq "a \"b\" \u00e5""#).unwrap(),
            compare("userName", Compare::Eq, json!("a \"b\" å"))
        );
        let filter = parse(r#"emails[type eq "work" and value co "@a.example"]"#).unwrap();
        let Filter::And(left, right) = resolve::<PersonField>(&filter).unwrap() else {
            panic!("an and");
        };
        assert_eq!(*left, Filter::Present(PersonField::Email));
        assert_eq!(
            *right,
            Filter::Compare(PersonField::Email, Compare::Co, Value::Text("@a.example".into()))
        );
    }

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

    #[test]
    fn what_is_no_filter_is_refused() {
        for wrong in [
            "",
            "a",
            "a eq",
            "a eq \"x",
            "a xx 1",
            "(a pr",
            "a pr)",
            "a pr b pr",
            "not a pr",
            "a[b pr",
            "a eq word",
            "and",
            &"(".repeat(5_000),
        ] {
            assert!(parse(wrong).is_err(), "{wrong:.40}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in ".{0,200}") {
            if let Ok(node) = parse(&text) {
                drop(resolve::<PersonField>(&node));
                drop(resolve::<GroupField>(&node));
                fits(&node, &json!({ "value": "x" }));
            }
        }

        #[test]
        fn no_words_break_it(words in prop::collection::vec(
            prop_oneof![
                Just("("), Just(")"), Just("["), Just("]"), Just("and"), Just("or"), Just("not"), Just("eq"), Just("pr"),
                Just("userName"), Just("emails"), Just("\"x\""), Just("\""), Just("\\"), Just("true"), Just("members.value"),
            ],
            0..40,
        )) {
            if let Ok(node) = parse(&words.join(" ")) {
                drop(resolve::<PersonField>(&node));
                drop(resolve::<GroupField>(&node));
                fits(&node, &json!({ "value": "x" }));
            }
        }
    }
}
