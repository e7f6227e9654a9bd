//! Reads what Apple writes, not what Apple promises: numbers sent as text, text sent as numbers, `null`
//! and shapes nobody announced. Each reader takes any JSON value and never fails on a well-formed one.

use std::fmt;

use compact_str::CompactString;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// Any JSON value; what is not a scalar is read and dropped.
#[derive(Debug, Clone, PartialEq)]
enum Scalar {
    Text(CompactString),
    Unsigned(u64),
    Signed(i64),
    Decimal(f64),
    Flag(bool),
    Nothing,
}

impl Scalar {
    fn into_text(self) -> Option<CompactString> {
        let text = match self {
            Scalar::Text(text) => text,
            Scalar::Unsigned(number) => compact_str::format_compact!("{number}"),
            Scalar::Signed(number) => compact_str::format_compact!("{number}"),
            Scalar::Decimal(number) => compact_str::format_compact!("{number}"),
            Scalar::Flag(flag) => CompactString::const_new(if flag { "true" } else { "false" }),
            Scalar::Nothing => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    fn into_decimal(self) -> Option<f64> {
        match self {
            Scalar::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            Scalar::Unsigned(number) => Some(number as f64),
            Scalar::Signed(number) => Some(number as f64),
            Scalar::Decimal(number) => Some(number),
            Scalar::Flag(_) | Scalar::Nothing => None,
        }
    }

    fn into_unsigned(self) -> Option<u64> {
        match self {
            Scalar::Text(text) => text.trim().parse().ok(),
            Scalar::Unsigned(number) => Some(number),
            Scalar::Decimal(number) if number.fract() == 0.0 && (0.0..9.0e15).contains(&number) => {
                Some(number as u64)
            }
            Scalar::Signed(_) | Scalar::Decimal(_) | Scalar::Flag(_) | Scalar::Nothing => None,
        }
    }

    fn into_signed(self) -> Option<i64> {
        match self {
            Scalar::Text(text) => text.trim().parse().ok(),
            Scalar::Signed(number) => Some(number),
            Scalar::Decimal(number) if number.fract() == 0.0 && number.abs() < 9.0e15 => Some(number as i64),
            other => other
                .into_unsigned()
                .and_then(|number| i64::try_from(number).ok()),
        }
    }

    fn into_flag(self) -> Option<bool> {
        match self {
            Scalar::Flag(flag) => Some(flag),
            Scalar::Text(text) if text.eq_ignore_ascii_case("true") || text == "1" => Some(true),
            Scalar::Text(text) if text.eq_ignore_ascii_case("false") || text == "0" => Some(false),
            Scalar::Unsigned(number @ (0 | 1)) => Some(number == 1),
            _ => None,
        }
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(CompactString::from(text)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
        Ok(Scalar::Unsigned(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
        Ok(u64::try_from(number).map_or(Scalar::Signed(number), Scalar::Unsigned))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Scalar, E> {
        Ok(Scalar::Decimal(number))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Scalar, E> {
        Ok(Scalar::Flag(flag))
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Nothing)
    }

    fn visit_none<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Scalar, D::Error> {
        inner.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Scalar, A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nothing)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nothing)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ScalarVisitor)
    }
}

/// Text, or a number or flag in its JSON spelling; `None` for empty text, `null`, arrays and objects.
pub(crate) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<CompactString>, D::Error> {
    Scalar::deserialize(from).map(Scalar::into_text)
}

/// As [`text`], for fields that leave the crate as `String`.
pub(crate) fn string<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(text(from)?.map(CompactString::into_string))
}

/// A count or index; `None` when it is not a whole number from 0 to 2³²−1.
pub(crate) fn count<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    Ok(long(from)?.and_then(|number| u32::try_from(number).ok()))
}

/// An error number; 0 says that there is no error.
pub(crate) fn error_number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    Ok(count(from)?.filter(|number| *number != 0))
}

/// A large identifying number; `None` when it is not a whole number from 0 on.
pub(crate) fn long<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    Scalar::deserialize(from).map(Scalar::into_unsigned)
}

/// A whole number of either sign.
pub(crate) fn signed<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Scalar::deserialize(from).map(Scalar::into_signed)
}

/// A number that may have a fraction.
pub(crate) fn decimal<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    Scalar::deserialize(from).map(Scalar::into_decimal)
}

/// A truth value, also as text or 0 and 1.
pub(crate) fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    Scalar::deserialize(from).map(Scalar::into_flag)
}

/// A list of texts; what is no list is the empty list, members without text are left out.
pub(crate) fn strings<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let members: Vec<Scalar> = list(from)?;
    Ok(members
        .into_iter()
        .filter_map(Scalar::into_text)
        .map(CompactString::into_string)
        .collect())
}

/// A list of `T`; what is no list is the empty list, members of another shape are left out. For short lists: it is held
/// in memory as it came first.
pub(crate) fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Array(members) => members.into_iter().filter_map(read).collect(),
        _ => Vec::new(),
    })
}

/// An object of this shape; `None` for `null` and for anything else.
pub(crate) fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(from)?;
    // A struct would be read from an array, too, member by member.
    Ok(if value.is_object() { read(value) } else { None })
}

fn read<T: DeserializeOwned>(value: Value) -> Option<T> {
    serde_json::from_value(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Sample {
        #[serde(deserialize_with = "text")]
        text: Option<CompactString>,
        #[serde(deserialize_with = "count")]
        count: Option<u32>,
        #[serde(deserialize_with = "flag")]
        flag: Option<bool>,
        #[serde(deserialize_with = "strings")]
        strings: Vec<String>,
        #[serde(deserialize_with = "decimal")]
        decimal: Option<f64>,
        #[serde(deserialize_with = "signed")]
        signed: Option<i64>,
        #[serde(deserialize_with = "list")]
        list: Vec<Sample>,
        #[serde(deserialize_with = "object")]
        object: Option<Box<Sample>>,
    }

    fn read(json: &str) -> Sample {
        serde_json::from_str(json).expect("a well-formed value is never an error")
    }

    #[test]
    fn a_number_is_read_as_text_and_text_as_a_number() {
        let sample =
            read(r#"{"text":408709785,"count":"25","flag":"true","decimal":"1.99","strings":["a",7,null]}"#);
        assert_eq!(sample.text.as_deref(), Some("408709785"));
        assert_eq!(sample.count, Some(25));
        assert_eq!(sample.flag, Some(true));
        assert_eq!(sample.decimal, Some(1.99));
        assert_eq!(sample.strings, ["a", "7"]);
    }

    #[test]
    fn a_signed_number_is_whole() {
        for (json, signed) in [
            ("-12", Some(-12)),
            ("\"-12\"", Some(-12)),
            ("3", Some(3)),
            ("-3.0", Some(-3)),
            ("1.5", None),
            ("18446744073709551615", None),
            ("{}", None),
        ] {
            assert_eq!(read(&format!("{{\"signed\":{json}}}")).signed, signed, "{json}");
        }
    }

    #[test]
    fn null_and_unexpected_shapes_are_absent() {
        let sample = read(r#"{"text":{"a":[1]},"count":-1,"flag":7,"decimal":[],"strings":null}"#);
        assert_eq!(sample.text, None);
        assert_eq!(sample.count, None);
        assert_eq!(sample.flag, None);
        assert_eq!(sample.decimal, None);
        assert!(sample.strings.is_empty());
        assert_eq!(read(r#"{"text":"","count":4294967296}"#).count, None);
    }

    #[test]
    fn members_of_another_shape_are_left_out() {
        let sample =
            read(r#"{"list":[null,{"count":1},"x",2,{"list":[{"count":"3"}]}],"object":{"flag":true}}"#);
        assert_eq!(sample.list.len(), 2);
        assert_eq!(sample.list[1].list[0].count, Some(3));
        assert_eq!(sample.object.and_then(|inner| inner.flag), Some(true));
        for other in ["null", "7", "\"x\"", "[{}]", "[1,2]"] {
            let sample = read(&format!(
                r#"{{"list":{other},"object":{other},"strings":{other}}}"#
            ));
            assert!(sample.object.is_none(), "{other}");
        }
        assert!(read(r#"{"list":{"count":1}}"#).list.is_empty());
    }
}
