//! Values out of a tree that is already parsed, such as the browser's `JSON.parse` makes.
//!
//! Made for what the two halves send each other, which is what serde's derives write: a type is told its fields in its own
//! order, and its variants by their place, so that the browser loads no comparison of names, and an error does not say what
//! was expected, so that it loads neither those texts nor the printing of numbers.

use super::Broken;
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor, value::StringDeserializer,
};
use std::fmt;

/// A value of the tree.
pub trait Node: Sized {
    fn is_null(&self) -> bool;
    fn boolean(&self) -> Option<bool>;
    fn number(&self) -> Option<f64>;
    fn text(&self) -> Option<String>;
    fn items(&self) -> Option<Vec<Self>>;
    fn is_object(&self) -> bool;
    /// The value of a field, of an object that has it.
    fn field(&self, name: &str) -> Option<Self>;
    /// The names of an object's fields.
    fn names(&self) -> Vec<String>;
}

impl de::Error for Broken {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Broken
    }

    fn invalid_type(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Broken
    }

    fn invalid_value(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Broken
    }

    fn invalid_length(_: usize, _: &dyn de::Expected) -> Self {
        Broken
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Broken
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Broken
    }

    fn missing_field(_: &'static str) -> Self {
        Broken
    }

    fn duplicate_field(_: &'static str) -> Self {
        Broken
    }
}

pub fn read<'de, T: Deserialize<'de>>(node: impl Node) -> Result<T, Broken> {
    T::deserialize(Tree(node))
}

struct Tree<N>(N);

/// JSON has but one kind of number; up to here it is exact.
const LARGEST: f64 = 9_007_199_254_740_991.0;

impl<N: Node> Tree<N> {
    #[expect(clippy::cast_possible_truncation, reason = "it was compared with the largest")]
    fn integer(&self) -> Result<i64, Broken> {
        let number = self.0.number().ok_or(Broken)?;
        let whole = number.abs() <= LARGEST && number % 1.0 == 0.0;
        whole.then_some(number as i64).ok_or(Broken)
    }

    fn string(&self) -> Result<String, Broken> {
        self.0.text().ok_or(Broken)
    }
}

macro_rules! integers {
    ($($name:ident)+) => {
        $(fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
            visitor.visit_i64(self.integer()?)
        })+
    };
}

macro_rules! strings {
    ($($name:ident)+) => {
        $(fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
            visitor.visit_string(self.string()?)
        })+
    };
}

impl<'de, N: Node> Deserializer<'de> for Tree<N> {
    type Error = Broken;

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    strings! { deserialize_char deserialize_str deserialize_string deserialize_identifier }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        let Tree(node) = &self;
        if node.is_null() {
            visitor.visit_unit()
        } else if let Some(value) = node.boolean() {
            visitor.visit_bool(value)
        } else if let Ok(value) = self.integer() {
            visitor.visit_i64(value)
        } else if let Some(value) = node.number() {
            visitor.visit_f64(value)
        } else if let Some(value) = node.text() {
            visitor.visit_string(value)
        } else if let Some(items) = node.items() {
            visitor.visit_seq(Items::of(items))
        } else {
            self.deserialize_map(visitor)
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_bool(self.0.boolean().ok_or(Broken)?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_f64(self.0.number().ok_or(Broken)?)
    }

    /// Nothing that is sent is made of bytes.
    fn deserialize_bytes<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Broken> {
        Err(Broken)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Broken> {
        Err(Broken)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        if self.0.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        if self.0.is_null() {
            visitor.visit_unit()
        } else {
            Err(Broken)
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Broken> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Broken> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_seq(Items::of(self.0.items().ok_or(Broken)?))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Broken> {
        let items = self.0.items().filter(|items| items.len() == length);
        visitor.visit_seq(Items::of(items.ok_or(Broken)?))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Broken> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        if !self.0.is_object() {
            return Err(Broken);
        }
        visitor.visit_map(Entries {
            names: self.0.names().into_iter(),
            node: self.0,
            name: String::new(),
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Broken> {
        if !self.0.is_object() {
            return Err(Broken);
        }
        visitor.visit_seq(Fields {
            node: self.0,
            fields: fields.iter(),
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Broken> {
        visitor.visit_enum(variant(self.0, variants)?)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_unit()
    }
}

/// The place of a variant in the list that serde's derive made of them.
struct Place(usize);

impl<'de> Deserializer<'de> for Place {
    type Error = Broken;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_u64(self.0 as u64)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Items<N>(std::vec::IntoIter<N>);

impl<N> Items<N> {
    fn of(items: Vec<N>) -> Self {
        Self(items.into_iter())
    }
}

impl<'de, N: Node> SeqAccess<'de> for Items<N> {
    type Error = Broken;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Broken> {
        self.0.next().map(|item| seed.deserialize(Tree(item))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// The fields of an object, in the order in which the derive lists them.
struct Fields<N> {
    node: N,
    fields: std::slice::Iter<'static, &'static str>,
}

impl<'de, N: Node> SeqAccess<'de> for Fields<N> {
    type Error = Broken;

    /// An absent field is none, which the derive fills with a default or refuses; but an option that is nothing is there.
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Broken> {
        let Some(name) = self.fields.next() else {
            return Ok(None);
        };
        match self.node.field(name) {
            Some(value) => seed.deserialize(Tree(value)).map(Some),
            None => Ok(seed.deserialize(Absent).ok()),
        }
    }
}

/// The value of a field that is not there.
struct Absent;

impl<'de> Deserializer<'de> for Absent {
    type Error = Broken;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Broken> {
        Err(Broken)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_none()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Entries<N> {
    node: N,
    names: std::vec::IntoIter<String>,
    name: String,
}

impl<'de, N: Node> MapAccess<'de> for Entries<N> {
    type Error = Broken;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Broken> {
        let Some(name) = self.names.next() else {
            return Ok(None);
        };
        self.name.clone_from(&name);
        let name: StringDeserializer<Broken> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Broken> {
        seed.deserialize(Tree(self.node.field(&self.name).ok_or(Broken)?))
    }
}

/// Which variant it is, and what it holds.
struct Variant<N> {
    place: Place,
    content: Option<N>,
}

/// `"name"`, or `{"name": content}`.
fn variant<N: Node>(node: N, variants: &[&str]) -> Result<Variant<N>, Broken> {
    let (name, content) = if let Some(name) = node.text() {
        (name, None)
    } else if node.is_object() {
        let mut names = node.names().into_iter();
        let (Some(name), None) = (names.next(), names.next()) else {
            return Err(Broken);
        };
        let content = node.field(&name);
        (name, content)
    } else {
        return Err(Broken);
    };
    let place = variants.iter().position(|variant| *variant == name);
    Ok(Variant {
        place: Place(place.ok_or(Broken)?),
        content,
    })
}

impl<'de, N: Node> EnumAccess<'de> for Variant<N> {
    type Error = Broken;
    type Variant = Content<N>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self::Variant), Broken> {
        Ok((seed.deserialize(self.place)?, Content(self.content)))
    }
}

struct Content<N>(Option<N>);

impl<N> Content<N> {
    fn tree(self) -> Result<Tree<N>, Broken> {
        self.0.map(Tree).ok_or(Broken)
    }
}

impl<'de, N: Node> VariantAccess<'de> for Content<N> {
    type Error = Broken;

    fn unit_variant(self) -> Result<(), Broken> {
        match self.0 {
            None => Ok(()),
            Some(node) => node.is_null().then_some(()).ok_or(Broken),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Broken> {
        seed.deserialize(self.tree()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Broken> {
        self.tree()?.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Broken> {
        self.tree()?.deserialize_struct("", fields, visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::{Code, Fault};
    use serde::{Deserialize, Serialize, de::DeserializeOwned};
    use serde_json::{Value, json};
    use std::{collections::BTreeMap, fmt::Debug};

    impl Node for Value {
        fn is_null(&self) -> bool {
            Value::is_null(self)
        }

        fn boolean(&self) -> Option<bool> {
            self.as_bool()
        }

        fn number(&self) -> Option<f64> {
            self.as_f64()
        }

        fn text(&self) -> Option<String> {
            self.as_str().map(str::to_owned)
        }

        fn items(&self) -> Option<Vec<Self>> {
            self.as_array().cloned()
        }

        fn is_object(&self) -> bool {
            Value::is_object(self)
        }

        fn field(&self, name: &str) -> Option<Self> {
            self.get(name).cloned()
        }

        fn names(&self) -> Vec<String> {
            self.as_object()
                .map(|all| all.keys().cloned().collect())
                .unwrap_or_default()
        }
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Row {
        id: Id,
        count: i64,
        small: u8,
        share: f64,
        #[serde(rename = "called")]
        name: String,
        on: bool,
        note: Option<String>,
        kinds: Vec<Kind>,
        #[serde(default)]
        marks: Vec<String>,
        pair: (i64, String),
        with: BTreeMap<String, String>,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Id(i64);

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Plain,
        Of(Id),
        Both(i64, bool),
        With { first: String, last: Option<i64> },
    }

    fn row() -> Row {
        Row {
            id: Id(-7),
            count: 9_007_199_254_740_991,
            small: 255,
            share: 0.25,
            name: "Ärlig \u{1F34E}".to_owned(),
            on: true,
            note: None,
            kinds: vec![
                Kind::Plain,
                Kind::Of(Id(0)),
                Kind::Both(1, false),
                Kind::With {
                    first: String::new(),
                    last: Some(2),
                },
            ],
            marks: Vec::new(),
            pair: (3, "x".to_owned()),
            with: BTreeMap::from([("count".to_owned(), "4".to_owned())]),
        }
    }

    fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
        let sent = serde_json::to_value(value).unwrap();
        assert_eq!(read::<T>(sent.clone()).as_ref(), Ok(value), "{sent}");
    }

    #[test]
    fn what_serde_writes_is_read() {
        comes_back(&row());
        comes_back(&Some(vec![row(), row()]));
        comes_back(&Ok::<Row, Fault>(row()));
        comes_back(&Err::<(), Fault>(Fault::new(Code::Offline).with("name", "x")));
        comes_back(&Ok::<(), Fault>(()));
        for code in Code::ALL {
            comes_back(code);
        }
    }

    #[test]
    fn unknown_fields_are_passed_over_and_those_that_are_optional_or_have_a_default_may_be_absent() {
        let mut sent = serde_json::to_value(row()).unwrap();
        let fields = sent.as_object_mut().unwrap();
        fields.remove("note");
        fields.remove("marks");
        fields.insert("new".to_owned(), json!([1]));
        assert_eq!(read(sent), Ok(row()));
    }

    #[test]
    fn another_type_is_refused() {
        for field in ["id", "count", "called", "kinds", "pair", "with"] {
            let mut lacking = serde_json::to_value(row()).unwrap();
            lacking.as_object_mut().unwrap().remove(field);
            assert_eq!(read::<Row>(lacking), Err(Broken), "{field}");
        }
        for (field, other) in [("note", json!(1)), ("marks", json!(null)), ("marks", json!([1]))] {
            let mut broken = serde_json::to_value(row()).unwrap();
            broken.as_object_mut().unwrap().insert(field.to_owned(), other);
            assert_eq!(read::<Row>(broken), Err(Broken), "{field}");
        }
        for other in [json!(null), json!([]), json!("row"), json!(1)] {
            assert_eq!(read::<Row>(other), Err(Broken));
        }
        for other in [
            json!(256),
            json!(-1),
            json!(0.5),
            json!("1"),
            json!(null),
            json!(1e300),
        ] {
            assert_eq!(read::<u8>(other), Err(Broken));
        }
        for other in [
            json!("unknown"),
            json!("of"),
            json!({"plain": 1}),
            json!({}),
            json!({"of": 1, "plain": null}),
            json!({"both": [1]}),
            json!({"with": {"last": 1}}),
            json!(3),
        ] {
            assert_eq!(read::<Kind>(other), Err(Broken));
        }
    }
}
