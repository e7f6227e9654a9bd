//! What a field is given to show. It takes the place of what was typed only when something else is given: a page that is read
//! again, for whatever reason, leaves the reader's words alone.

use leptos::prelude::*;
use wasm_bindgen::JsValue;
use web_sys::Element;

/// Where an element keeps what it was given last: a view that is made anew takes its attributes and properties off, and puts
/// them on again, but the element stays.
const GIVEN: &str = "pomonaGiven";

/// For `use:given`, beside a `value` of the same text, which is what the field begins with.
pub fn given(field: Element, text: Signal<String>) {
    Effect::new(move |_| {
        let text = JsValue::from(text.get());
        let before = js_sys::Reflect::get(&field, &GIVEN.into());
        if before.is_ok_and(|before| before.is_string() && before != text) {
            _ = js_sys::Reflect::set(&field, &"value".into(), &text);
        }
        _ = js_sys::Reflect::set(&field, &GIVEN.into(), &text);
    });
}
