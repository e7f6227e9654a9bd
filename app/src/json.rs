//! JSON between the two halves. The browser reads it with its own `JSON.parse`, so that no second reader of JSON has to be
//! loaded; the server reads it with serde_json. Both write it with serde_json.

#[cfg(any(feature = "hydrate", test))]
mod tree;

use leptos::{
    prelude::codee::{Decoder, Encoder},
    server_fn::{ContentType, Decodes, Encodes, Format, FormatType, codec::Post},
};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt;

/// What a server function takes or answers.
pub type Json = Post<Text>;

/// A text that is no JSON, or not of the type that was expected.
#[derive(Debug, PartialEq, Eq)]
pub struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no JSON, or of another type than was expected")
    }
}

impl std::error::Error for Broken {}

pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Broken> {
    #[cfg(feature = "hydrate")]
    return tree::read(browser::parse(text)?);
    #[cfg(not(feature = "hydrate"))]
    serde_json::from_str(text).map_err(|_| Broken)
}

/// A `Result` as serde writes it. Told apart where it is not known yet what it holds: that would be code for each type.
#[cfg(feature = "hydrate")]
pub fn read_result<T: DeserializeOwned, E: DeserializeOwned>(text: &str) -> Result<Result<T, E>, Broken> {
    let value = browser::parse(text)?;
    match tree::Node::field(&value, "Ok") {
        Some(done) => tree::read(done).map(Ok),
        None => tree::read(tree::Node::field(&value, "Err").ok_or(Broken)?).map(Err),
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use super::{Broken, tree::Node};
    use js_sys::{Array, JSON, Object, Reflect};
    use wasm_bindgen::{JsCast, JsValue};

    pub fn parse(text: &str) -> Result<JsValue, Broken> {
        JSON::parse(text).map_err(|_| Broken)
    }

    impl Node for JsValue {
        fn is_null(&self) -> bool {
            JsValue::is_null(self)
        }

        fn boolean(&self) -> Option<bool> {
            self.as_bool()
        }

        fn number(&self) -> Option<f64> {
            self.as_f64()
        }

        fn text(&self) -> Option<String> {
            self.as_string()
        }

        fn items(&self) -> Option<Vec<Self>> {
            self.dyn_ref::<Array>().map(Array::to_vec)
        }

        fn is_object(&self) -> bool {
            JsValue::is_object(self) && !Array::is_array(self)
        }

        fn field(&self, name: &str) -> Option<Self> {
            let value = Reflect::get(self, &name.into()).ok()?;
            (!value.is_undefined()).then_some(value)
        }

        fn names(&self) -> Vec<String> {
            let names = Object::keys(self.unchecked_ref::<Object>());
            names.iter().filter_map(|name| name.as_string()).collect()
        }
    }
}

/// The encoding itself.
pub struct Text;

impl ContentType for Text {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for Text {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for Text {
    type Error = serde_json::Error;

    fn encode(value: &T) -> Result<leptos::server_fn::Bytes, serde_json::Error> {
        serde_json::to_vec(value).map(Into::into)
    }
}

impl<T: DeserializeOwned> Decodes<T> for Text {
    type Error = Broken;

    fn decode(bytes: leptos::server_fn::Bytes) -> Result<T, Broken> {
        let text = std::str::from_utf8(&bytes).map_err(|_| Broken)?;
        read(text)
    }
}

impl<T: Serialize> Encoder<T> for Text {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(value: &T) -> Result<String, serde_json::Error> {
        serde_json::to_string(value)
    }
}

impl<T: DeserializeOwned> Decoder<T> for Text {
    type Error = Broken;
    type Encoded = str;

    fn decode(text: &str) -> Result<T, Broken> {
        read(text)
    }
}
