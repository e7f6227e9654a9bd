//! Values out of a tree that is already parsed, such as the browser's `JSON.parse` makes.
//!
//! Made for what the two halves send each other, which is what serde's derives write: a type is told its fields in its own
//! order, and its variants by their place, so that the browser loads no comparison of names, and an error does not say what
//! was expected, so that it loads neither those texts nor the printing of numbers.

mod inside;
#[cfg(test)]
mod tests;

use super::Broken;
use inside::{Entries, Fields, Items, variant};
use serde::de::{self, Deserialize, Deserializer, Visitor};
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
        visitor.visit_map(Entries::of(self.0))
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
        visitor.visit_seq(Fields::of(self.0, fields))
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
