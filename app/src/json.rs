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
#[derive(Debug)]
pub struct Broken(String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Broken> {
    #[cfg(feature = "hydrate")]
    return browser::read(text);
    #[cfg(not(feature = "hydrate"))]
    serde_json::from_str(text).map_err(|error| Broken(error.to_string()))
}

#[cfg(feature = "hydrate")]
mod browser {
    use super::{
        Broken,
        tree::{self, Node},
    };
    use js_sys::{Array, JSON, Object, Reflect};
    use serde::de::DeserializeOwned;
    use wasm_bindgen::{JsCast, JsValue};

    pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Broken> {
        tree::read(parse(text)?).map_err(broken)
    }

    fn parse(text: &str) -> Result<JsValue, Broken> {
        JSON::parse(text).map_err(|_| Broken("no JSON".to_owned()))
    }

    fn broken(error: tree::Unexpected) -> Broken {
        Broken(error.to_string())
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
        let text = std::str::from_utf8(&bytes).map_err(|error| Broken(error.to_string()))?;
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
