//! Rules over attributes, as data.

use super::GroupKind;
use serde::{Deserialize, Serialize};

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// Of people and of devices.
    Name,
    /// A person's own, or that of a device's primary user.
    UserName,
    Email,
    ManagedAppleAccount,
    Department,
    /// Empty for a device that does not tell it (D1).
    Serial,
    /// As [`crate::devices::Platform::as_str`].
    Platform,
    Model,
    OsVersion,
    /// `corporate` or `personal`.
    Ownership,
    /// `yes` or `no`, as all that is either.
    Supervised,
    /// `device`, `user` or `shared`.
    Enrolment,
    /// In single-app mode.
    Kiosk,
    /// The App Store is blocked.
    StoreBlocked,
}

names! {
    Attribute {
        Name = "name",
        UserName = "user_name",
        Email = "email",
        ManagedAppleAccount = "managed_apple_account",
        Department = "department",
        Serial = "serial",
        Platform = "platform",
        Model = "model",
        OsVersion = "os_version",
        Ownership = "ownership",
        Supervised = "supervised",
        Enrolment = "enrolment",
        Kiosk = "kiosk",
        StoreBlocked = "store_blocked",
    }
}

impl Attribute {
    /// Whether members of this kind have it.
    pub fn is_of(self, kind: GroupKind) -> bool {
        match self {
            Attribute::Name | Attribute::UserName => true,
            Attribute::Email | Attribute::ManagedAppleAccount | Attribute::Department => {
                kind == GroupKind::People
            }
            _ => kind == GroupKind::Devices,
        }
    }
}

/// How a value is compared, without regard to case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    Equals,
    /// Is not equal.
    Not,
    Contains,
    StartsWith,
    EndsWith,
    /// Nothing is compared with.
    IsEmpty,
}

names! {
    Comparison {
        Equals = "equals",
        Not = "not",
        Contains = "contains",
        StartsWith = "starts_with",
        EndsWith = "ends_with",
        IsEmpty = "is_empty",
    }
}

/// One line of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Condition {
    pub attribute: Attribute,
    pub comparison: Comparison,
    /// Not looked at by [`Comparison::IsEmpty`]; the others need one.
    pub value: String,
}

/// Whether all conditions must hold, or one is enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    #[default]
    All,
    Any,
}

names! {
    Join { All = "all", Any = "any" }
}

/// Who is in a group. Without conditions, and [`Join::All`], it is everybody: so are the built-in groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rule {
    pub join: Join,
    /// At most [`Rule::MOST`].
    pub conditions: Vec<Condition>,
}

impl Rule {
    /// Conditions of one rule.
    pub const MOST: usize = 10;

    /// As a form sends it: three lists of the same length. Lines without attribute are left out; a line whose words are
    /// none of ours is an error.
    pub fn from_form(
        join: Join,
        attributes: &[String],
        comparisons: &[String],
        values: &[String],
    ) -> Result<Self, crate::Code> {
        let mut conditions = Vec::new();
        for (place, attribute) in attributes.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            let comparison = comparisons.get(place).and_then(|text| Comparison::parse(text));
            let (Some(attribute), Some(comparison)) = (Attribute::parse(attribute), comparison) else {
                return Err(crate::Code::RuleInvalid);
            };
            let value = values.get(place).cloned().unwrap_or_default();
            conditions.push(Condition {
                attribute,
                comparison,
                value,
            });
        }
        Ok(Self { join, conditions })
    }
}
