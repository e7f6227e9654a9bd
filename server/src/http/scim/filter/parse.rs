//! A filter's text.

use super::Node;
use crate::http::scim::error::ScimError;
use serde_json::Value as Json;
use store::scim::Compare;

/// Longest filter, in bytes, and how deep it may nest.
const LONGEST: usize = 10_000;
const DEEPEST: usize = 40;
/// Comparisons of a filter; storage takes no more at once.
const MOST: usize = 500;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::scim::filter::{fits, resolve};
    use proptest::prelude::*;
    use serde_json::json;
    use store::scim::{Filter, GroupField, PersonField, Value};

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
