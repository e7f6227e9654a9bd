//! What is inside of a value: items, fields, entries and variants.

use super::{Broken, Node, Tree};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
    Visitor, value::StringDeserializer,
};

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

/// The items of a list.
pub struct Items<N>(std::vec::IntoIter<N>);

impl<N> Items<N> {
    pub fn of(items: Vec<N>) -> Self {
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
pub struct Fields<N> {
    node: N,
    fields: std::slice::Iter<'static, &'static str>,
}

impl<N> Fields<N> {
    pub fn of(node: N, fields: &'static [&'static str]) -> Self {
        Self {
            node,
            fields: fields.iter(),
        }
    }
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

/// The names of a map, each with its value.
pub struct Entries<N> {
    node: N,
    names: std::vec::IntoIter<String>,
    /// The one whose value is next.
    name: String,
}

impl<N: Node> Entries<N> {
    pub fn of(node: N) -> Self {
        Self {
            names: node.names().into_iter(),
            node,
            name: String::new(),
        }
    }
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
pub struct Variant<N> {
    place: Place,
    content: Option<N>,
}

/// `"name"`, or `{"name": content}`.
pub fn variant<N: Node>(node: N, variants: &[&str]) -> Result<Variant<N>, Broken> {
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

/// What a variant holds, of those that hold anything.
pub struct Content<N>(Option<N>);

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
