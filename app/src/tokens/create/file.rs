//! The file field: chosen or dropped. The native input does the work; the zone around it takes what is dropped.

use crate::{
    refusal::Refusal,
    t,
    ui::{Icon, changing},
};

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;

/// Larger files are no token; the server says so too.
const LARGEST: f64 = 1_048_576.0;

#[component]
pub fn FileField(
    /// Gets the file's text.
    on_text: Callback<String>,
    refusal: Refusal,
) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let over = RwSignal::new(false);
    let name = RwSignal::new(String::new());
    let read = move |file: web_sys::File| {
        name.set(file.name());
        // A file too large is named, not read: its first part is enough for the server to refuse it.
        let part = file.slice_with_f64_and_f64(0.0, LARGEST);
        leptos::task::spawn_local(async move {
            if let Ok(part) = part
                && let Ok(text) = wasm_bindgen_futures::JsFuture::from(part.text()).await
            {
                on_text.run(text.as_string().unwrap_or_default());
            }
        });
    };
    let chosen = move |_: ev::Event| {
        let files = input.get().and_then(|input| input.files());
        if let Some(file) = files.and_then(|files| files.get(0)) {
            read(file);
        }
    };
    let dropped = move |event: ev::DragEvent| {
        event.prevent_default();
        over.set(false);
        let Some(files) = event.data_transfer().and_then(|data| data.files()) else {
            return;
        };
        if let (Some(input), Some(file)) = (input.get(), files.get(0)) {
            input
                .unchecked_ref::<web_sys::HtmlInputElement>()
                .set_files(Some(&files));
            read(file);
        }
    };
    let dragged = move |event: ev::DragEvent| {
        event.prevent_default();
        over.set(true);
    };
    let wrong = refusal.of("file");
    let wrong = changing(move || {
        wrong.get().map(|code| {
            view! { <p class="field-error" id="file-error">{Icon::Warning.view()} {crate::i18n::field_words(code)}</p> }
        })
    });
    view! {
        <div class="field">
            <label for="file">{t!(create_file)}</label>
            <div
                class="drop"
                class:drop-over=move || over.get()
                on:dragover=dragged
                on:dragleave=move |_| over.set(false)
                on:drop=dropped
            >
                {Icon::File.view()}
                <p id="file-hint">{t!(create_file_drop)}</p>
                <input
                    node_ref=input
                    id="file"
                    name="file"
                    type="file"
                    accept=".vpptoken,.vpp,.txt"
                    required=true
                    aria-describedby="file-hint file-error"
                    on:change=chosen
                />
                <p class="small muted">{move || name.get()}</p>
            </div>
            {wrong}
            <p class="hint">{t!(create_file_where)}</p>
        </div>
    }
}
