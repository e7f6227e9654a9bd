//! Groups and rules in words.

#[cfg(feature = "ssr")]
use crate::i18n::Locale;
use crate::{
    devices::words as devices,
    i18n::{self, Key, keys},
    t,
};
use contract::{
    GroupId,
    devices::{DeviceOwnership, Enrolment, Platform},
    groups::{Attribute, BuiltIn, Comparison, Condition, GroupKind, GroupRow, Join, Rule},
};
#[cfg(feature = "ssr")]
use leptos::prelude::{Owner, provide_context};

pub(super) fn kind(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::People => t!(group_of_people),
        GroupKind::Devices => t!(group_of_devices),
    }
}

/// Built-in groups are called by the reader's language.
pub(super) fn name(row: &GroupRow) -> String {
    called(&row.id, &row.name)
}

/// The same of a group of which no more is known.
pub fn called(id: &GroupId, name: &str) -> String {
    match BuiltIn::parse(id.as_str()) {
        Some(built_in) => i18n::text(key(built_in)).to_owned(),
        None => name.to_owned(),
    }
}

fn key(built_in: BuiltIn) -> Key {
    match built_in {
        BuiltIn::AllPeople => keys::group_all_people,
        BuiltIn::AllDevices => keys::group_all_devices,
    }
}

/// The built-in groups whose name in one of the languages is such.
#[cfg(feature = "ssr")]
pub fn built_in_called(is: impl Fn(&str) -> bool) -> impl Iterator<Item = BuiltIn> {
    let called = move |built_in: &BuiltIn| {
        let mut names = Locale::ALL
            .into_iter()
            .map(|locale| i18n::text_in(locale, key(*built_in)));
        names.any(&is)
    };
    BuiltIn::ALL.into_iter().filter(called)
}

/// What is stored of the value of an attribute of few whose code, or whose word on a device's page in one of the languages, is
/// such. None: it has no such value.
#[cfg(feature = "ssr")]
pub fn value_called(attribute: Attribute, is: impl Fn(&str) -> bool) -> Option<String> {
    Locale::ALL.into_iter().find_map(|locale| {
        let values = Owner::new().with(|| {
            provide_context(locale);
            values(attribute)
        });
        let mut values = values.into_iter();
        let (value, _) = values.find(|(value, word)| is(value) || is(word))?;
        Some(value)
    })
}

/// The few values of an attribute as they are stored, each with a word for it.
#[cfg(feature = "ssr")]
fn values(attribute: Attribute) -> Vec<(String, String)> {
    match attribute {
        Attribute::Platform => devices::platforms(),
        Attribute::Ownership => devices::ownerships(),
        Attribute::Enrolment => devices::enrolments(),
        Attribute::Supervised | Attribute::Kiosk | Attribute::StoreBlocked => [
            ("yes", devices::yes_no(true)),
            ("yes", "true"),
            ("yes", "1"),
            ("no", devices::yes_no(false)),
            ("no", "false"),
            ("no", "0"),
        ]
        .map(|(value, word)| (value.to_owned(), word.to_owned()))
        .into(),
        _ => Vec::new(),
    }
}

pub(super) fn attribute(attribute: Attribute) -> &'static str {
    match attribute {
        Attribute::Name => t!(person_name),
        Attribute::UserName => t!(person_user_name),
        Attribute::Email => t!(person_email),
        Attribute::ManagedAppleAccount => t!(person_apple_account),
        Attribute::Department => t!(person_department),
        Attribute::Serial => t!(device_serial),
        Attribute::Platform => t!(device_platform),
        Attribute::Model => t!(device_model),
        Attribute::OsVersion => t!(device_os),
        Attribute::Ownership => t!(device_ownership),
        Attribute::Supervised => t!(device_supervised),
        Attribute::Enrolment => t!(device_enrolment),
        Attribute::Kiosk => t!(device_kiosk),
        Attribute::StoreBlocked => t!(device_store_blocked),
    }
}

pub(super) fn comparison(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equals => t!(compare_equals),
        Comparison::Not => t!(compare_not),
        Comparison::Contains => t!(compare_contains),
        Comparison::StartsWith => t!(compare_starts_with),
        Comparison::EndsWith => t!(compare_ends_with),
        Comparison::IsEmpty => t!(compare_is_empty),
    }
}

fn condition(condition: &Condition) -> String {
    let (what, how) = (attribute(condition.attribute), comparison(condition.comparison));
    match condition.comparison {
        Comparison::IsEmpty => format!("{what} {how}"),
        _ => format!("{what} {how} {}", t!(rule_quoted, value = value(condition))),
    }
}

/// As devices show it, where the whole of one of few values is compared.
fn value(
    Condition {
        attribute,
        comparison,
        value,
    }: &Condition,
) -> &str {
    let whole = matches!(comparison, Comparison::Equals | Comparison::Not);
    let known = match attribute {
        _ if !whole => None,
        Attribute::Platform => Platform::parse(value).map(Platform::label),
        Attribute::Ownership => DeviceOwnership::parse(value).map(devices::ownership),
        Attribute::Enrolment => Enrolment::parse(value).map(devices::enrolment),
        Attribute::Supervised | Attribute::Kiosk | Attribute::StoreBlocked => match value.as_str() {
            "yes" => Some(devices::yes_no(true)),
            "no" => Some(devices::yes_no(false)),
            _ => None,
        },
        _ => None,
    };
    known.unwrap_or(value)
}

/// What a group is made of.
pub(super) fn made_of(row: &GroupRow) -> String {
    match (&row.rule, row.built_in) {
        (_, Some(BuiltIn::AllPeople)) => t!(group_everybody).to_owned(),
        (_, Some(BuiltIn::AllDevices)) => t!(group_every_device).to_owned(),
        (None, None) => t!(group_fixed).to_owned(),
        (Some(Rule { join, conditions }), None) => {
            let and = match join {
                Join::All => t!(rule_and),
                Join::Any => t!(rule_or),
            };
            let conditions: Vec<_> = conditions.iter().map(condition).collect();
            conditions.join(&format!(" {and} "))
        }
    }
}
