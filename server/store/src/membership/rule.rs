//! Whom a rule takes in. Texts are compared as src/text.rs folds them, so that case does not matter.

use crate::text::fold;
use contract::groups::{Attribute, Comparison, Condition, Join, Rule};

/// What rules look at, of one person or device.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub id: String,
    /// Folded; an attribute that is not here is empty.
    values: Vec<(Attribute, String)>,
}

impl Facts {
    /// `values` need not be folded.
    pub fn new<'a>(id: String, values: impl IntoIterator<Item = (Attribute, &'a str)>) -> Self {
        let values = values
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(attribute, text)| (attribute, fold(text)))
            .collect();
        Self { id, values }
    }

    fn value(&self, wanted: Attribute) -> &str {
        let found = self.values.iter().find(|(attribute, _)| *attribute == wanted);
        found.map_or("", |(_, text)| text)
    }
}

/// How what is either yes or no stands in rules.
pub fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// A rule that is ready to be asked often.
#[derive(Clone, Debug)]
pub struct Compiled {
    join: Join,
    conditions: Vec<Condition>,
}

impl From<&Rule> for Compiled {
    fn from(rule: &Rule) -> Self {
        let conditions = rule.conditions.iter().map(|condition| Condition {
            value: fold(&condition.value),
            ..condition.clone()
        });
        Self {
            join: rule.join,
            conditions: conditions.collect(),
        }
    }
}

impl Compiled {
    pub fn takes(&self, facts: &Facts) -> bool {
        let mut conditions = self.conditions.iter();
        match self.join {
            Join::All => conditions.all(|condition| holds(condition, facts)),
            Join::Any => conditions.any(|condition| holds(condition, facts)),
        }
    }
}

fn holds(condition: &Condition, facts: &Facts) -> bool {
    let value = facts.value(condition.attribute);
    let wanted = condition.value.as_str();
    match condition.comparison {
        Comparison::Equals => value == wanted,
        Comparison::Not => value != wanted,
        Comparison::Contains => value.contains(wanted),
        Comparison::StartsWith => value.starts_with(wanted),
        Comparison::EndsWith => value.ends_with(wanted),
        Comparison::IsEmpty => value.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(join: Join, conditions: &[(Attribute, Comparison, &str)]) -> bool {
        let conditions = conditions.iter().map(|(attribute, comparison, value)| Condition {
            attribute: *attribute,
            comparison: *comparison,
            value: (*value).to_owned(),
        });
        let rule = Rule {
            join,
            conditions: conditions.collect(),
        };
        let facts = Facts::new(
            "1".to_owned(),
            [
                (Attribute::Name, "Åsa Öberg"),
                (Attribute::Department, "Class 7A"),
                (Attribute::Kiosk, yes_no(false)),
            ],
        );
        Compiled::from(&rule).takes(&facts)
    }

    #[test]
    fn each_comparison_says_what_its_name_says_and_case_does_not_matter() {
        use Attribute as A;
        use Comparison as C;
        for (attribute, comparison, value, expected) in [
            (A::Name, C::Equals, " åsa öberg", true),
            (A::Name, C::Equals, "åsa", false),
            (A::Name, C::Not, "åsa", true),
            (A::Name, C::Contains, "A Ö", true),
            (A::Department, C::StartsWith, "class", true),
            (A::Department, C::StartsWith, "7a", false),
            (A::Department, C::EndsWith, "7A", true),
            (A::Email, C::IsEmpty, "whatever", true),
            (A::Name, C::IsEmpty, "", false),
            (A::Kiosk, C::Equals, "No", true),
            (A::Email, C::Equals, "", true),
        ] {
            assert_eq!(
                takes(Join::All, &[(attribute, comparison, value)]),
                expected,
                "{attribute:?} {comparison:?} {value:?}"
            );
        }
    }

    #[test]
    fn all_of_nothing_is_everybody_and_any_of_nothing_nobody() {
        use Attribute as A;
        use Comparison as C;
        assert!(takes(Join::All, &[]));
        assert!(!takes(Join::Any, &[]));
        let (yes, no) = ((A::Name, C::Contains, "åsa"), (A::Email, C::Contains, "@"));
        assert!(!takes(Join::All, &[yes, no]));
        assert!(takes(Join::Any, &[no, yes]));
    }
}
