//! JSON between the two halves. The browser reads it with its own `JSON.parse`, so that no second reader of JSON has to be
//! loaded; the server reads it with serde_json. Both write it with serde_json.

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
    {
        let value = js_sys::JSON::parse(text).map_err(|_| Broken("no JSON".to_owned()))?;
        serde_wasm_bindgen::from_value(value).map_err(|error| Broken(error.to_string()))
    }
    #[cfg(not(feature = "hydrate"))]
    serde_json::from_str(text).map_err(|error| Broken(error.to_string()))
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
