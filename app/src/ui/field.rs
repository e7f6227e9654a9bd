//! Form fields with label, hint and error, tied together for screen readers.

use super::Icon;
use super::any::CollectAny;
use super::given::given;
use crate::i18n;
use contract::Code;
use leptos::{html, prelude::*};

/// The ids of what describes a field.
fn described_by(id: &str, hint: bool, error: bool) -> Option<String> {
    let parts: Vec<String> = [(hint, "hint"), (error, "error")]
        .iter()
        .filter(|(on, _)| *on)
        .map(|(_, part)| format!("{id}-{part}"))
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn hint_view(id: &str, hint: Option<String>) -> Option<impl IntoView + use<>> {
    let id = format!("{id}-hint");
    hint.map(|hint| view! { <p class="hint" id=id>{hint}</p> })
}

fn error_view(id: &str, error: Option<Code>) -> Option<impl IntoView + use<>> {
    let id = format!("{id}-error");
    error.map(|code| {
        view! { <p class="field-error" id=id>{Icon::Warning.view()} {i18n::field_words(code)}</p> }
    })
}

/// A line of text.
#[component]
pub fn Field(
    /// Of the form's field; also its id.
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional, into)] value: Signal<String>,
    /// From [`field_fault`].
    #[prop(optional, into)]
    error: Signal<Option<Code>>,
    /// `text`, `email`, `password`, `number`.
    #[prop(default = "text")]
    kind: &'static str,
    #[prop(optional)] required: bool,
    #[prop(default = "off")] autocomplete: &'static str,
    #[prop(optional)] min: Option<&'static str>,
    #[prop(optional)] max: Option<&'static str>,
    #[prop(optional)] minlength: Option<&'static str>,
    #[prop(optional)] on_input: Option<Callback<String>>,
) -> impl IntoView {
    let has_hint = hint.is_some();
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                id=name
                name=name
                type=kind
                required=required
                autocomplete=autocomplete
                min=min
                max=max
                minlength=minlength
                value=move || value.get()
                use:given=value
                aria-invalid=move || error.get().map(|_| "true")
                aria-describedby=move || described_by(name, has_hint, error.get().is_some())
                on:input=move |event| {
                    if let Some(on_input) = on_input {
                        on_input.run(event_target_value(&event));
                    }
                }
            />
            {hint_view(name, hint)}
            {move || error_view(name, error.get())}
        </div>
    }
}

/// Of this one element leptos writes the text as it is: what would end it, or stand for another sign, must not.
pub fn as_written(text: &str) -> String {
    if cfg!(feature = "ssr") {
        text.replace('&', "&amp;").replace('<', "&lt;")
    } else {
        text.to_owned()
    }
}

/// Several lines of text.
#[component]
pub fn Area(
    name: &'static str,
    /// Where a page has several of that name.
    #[prop(optional, into)]
    id: Option<String>,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional, into)] error: Signal<Option<Code>>,
    #[prop(optional)] required: bool,
    #[prop(default = 4)] rows: u32,
    /// In signs.
    #[prop(optional)]
    longest: Option<usize>,
    /// At first.
    #[prop(optional, into)]
    value: String,
) -> impl IntoView {
    let has_hint = hint.is_some();
    let id = id.unwrap_or_else(|| name.to_owned());
    let own = id.clone();
    let area = html::textarea()
        .id(id.clone())
        .name(name)
        .rows(rows.to_string())
        .maxlength(longest.map(|longest| longest.to_string()))
        .required(required)
        .autocomplete("off")
        .spellcheck("false")
        .aria_invalid(move || error.get().map(|_| "true"))
        .aria_describedby(move || described_by(&own, has_hint, error.get().is_some()));
    let (hint, own) = (hint_view(&id, hint), id.clone());
    // An empty text would be written as something that shows; of a first line that is empty HTML takes no notice.
    let area = match value.trim() {
        "" => area.into_any(),
        value => area.child(as_written(value)).into_any(),
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            {area}
            {hint}
            {move || error_view(&own, error.get())}
        </div>
    }
}

/// One of several choices: value and words.
#[component]
pub fn Select(
    name: &'static str,
    #[prop(into)] label: String,
    options: Vec<(String, String)>,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional, into)] value: Signal<String>,
    #[prop(optional, into)] error: Signal<Option<Code>>,
) -> impl IntoView {
    let has_hint = hint.is_some();
    let options = options
        .into_iter()
        .map(|(choice, words)| {
            let own = choice.clone();
            view! { <option value=choice selected=move || value.get() == own>{words}</option> }
        })
        .collect_any();
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <select
                id=name
                name=name
                aria-invalid=move || error.get().map(|_| "true")
                aria-describedby=move || described_by(name, has_hint, error.get().is_some())
            >
                {options}
            </select>
            {hint_view(name, hint)}
            {move || error_view(name, error.get())}
        </div>
    }
}

/// Yes or no; sends `true` when ticked, nothing else.
#[component]
pub fn Checkbox(
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional)] checked: bool,
    #[prop(optional)] required: bool,
    #[prop(optional, into)] error: Signal<Option<Code>>,
    #[prop(optional)] on_change: Option<Callback<bool>>,
) -> impl IntoView {
    let has_hint = hint.is_some();
    view! {
        <div class="field field-check">
            <input
                id=name
                name=name
                type="checkbox"
                value="true"
                checked=checked
                required=required
                aria-invalid=move || error.get().map(|_| "true")
                aria-describedby=move || described_by(name, has_hint, error.get().is_some())
                on:change=move |event| {
                    if let Some(on_change) = on_change {
                        on_change.run(event_target_checked(&event));
                    }
                }
            />
            <label for=name>{label}</label>
            {hint_view(name, hint)}
            {move || error_view(name, error.get())}
        </div>
    }
}
