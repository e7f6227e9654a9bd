//! A small coloured word for a state. The word says it; the colour only helps.

use leptos::prelude::*;

/// What a colour means, everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    Good,
    Warn,
    Bad,
    /// Something is under way or waits.
    Wait,
    #[default]
    Plain,
}

impl Tone {
    pub fn as_str(self) -> &'static str {
        match self {
            Tone::Good => "good",
            Tone::Warn => "warn",
            Tone::Bad => "bad",
            Tone::Wait => "wait",
            Tone::Plain => "plain",
        }
    }
}

#[component]
pub fn Tag(tone: Tone, #[prop(into)] label: String) -> impl IntoView {
    view! { <span class="tag" data-tone=tone.as_str()>{label}</span> }
}
