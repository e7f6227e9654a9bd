//! Choosing rows: plain checkboxes that a form sends, and one that ticks them all. The rows must be [`super::keyed`]: a tick
//! belongs to what its row stands for.

use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;

/// The first cell of a row that can be chosen.
#[component]
pub fn Pick(name: &'static str, #[prop(into)] value: String, #[prop(into)] label: String) -> impl IntoView {
    view! {
        <td class="pick">
            <input type="checkbox" name=name value=value aria-label=label/>
        </td>
    }
}

/// The head of that column: ticks all boxes of the page. Needs WebAssembly, so it is hidden without.
#[component]
pub fn PickAll(name: &'static str, #[prop(into)] label: String) -> impl IntoView {
    let hydrated = crate::browser::hydrated();
    let node = NodeRef::<html::Input>::new();
    // Its rows are others now.
    Effect::new(move || {
        if let Some(node) = node.get() {
            node.set_checked(false);
        }
    });
    let tick = move |event| {
        let on = event_target_checked(&event);
        let boxes = format!("input[type=checkbox][name=\"{name}\"]");
        let Ok(boxes) = document().query_selector_all(&boxes) else {
            return;
        };
        for place in 0..boxes.length() {
            if let Some(found) = boxes.item(place) {
                found
                    .unchecked_into::<web_sys::HtmlInputElement>()
                    .set_checked(on);
            }
        }
    };
    view! {
        <th class="pick">
            <input
                type="checkbox"
                node_ref=node
                aria-label=label
                hidden=move || !hydrated.get()
                on:change=tick
            />
        </th>
    }
}
