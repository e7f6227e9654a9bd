//! Puts values into the placeholders of a text.

use super::{Key, number, text};

/// A placeholder's value; numbers are written as the language writes them.
#[derive(Clone, Debug)]
pub enum Arg {
    Number(i64),
    Text(String),
}

impl From<i64> for Arg {
    fn from(value: i64) -> Self {
        Arg::Number(value)
    }
}

impl From<String> for Arg {
    fn from(value: String) -> Self {
        Arg::Text(value)
    }
}

impl From<&String> for Arg {
    fn from(value: &String) -> Self {
        Arg::Text(value.clone())
    }
}

impl From<&str> for Arg {
    fn from(value: &str) -> Self {
        Arg::Text(value.to_owned())
    }
}

impl Arg {
    fn words(&self) -> String {
        match self {
            Arg::Number(value) => number(*value),
            Arg::Text(value) => value.clone(),
        }
    }
}

/// English, Swedish and Dutch have two forms: one, and all else.
pub(super) fn plural(one: Key, other: Key, count: &Arg) -> Key {
    if matches!(count, Arg::Number(1)) {
        one
    } else {
        other
    }
}

pub(super) fn fill(key: Key, args: &[(&str, &Arg)]) -> String {
    fill_with(text(key), |name| {
        args.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.words())
    })
}

/// Replaces each `{name}` by what `value` says, or by an ellipsis.
pub(super) fn fill_with(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        out.push_str(&value(name).unwrap_or_else(|| "…".to_owned()));
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::fill_with;

    #[test]
    fn placeholders_are_replaced_and_missing_ones_leave_an_ellipsis() {
        let value = |name: &str| (name == "a").then(|| "1".to_owned());
        assert_eq!(fill_with("{a} of {b}, {a}", value), "1 of …, 1");
    }

    #[test]
    fn a_lone_brace_stays() {
        assert_eq!(fill_with("a { b", |_| None), "a { b");
    }
}
