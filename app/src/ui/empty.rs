//! What is empty: a list says what belongs here and what to do next, a value shows a dash.

use leptos::prelude::*;

#[component]
pub fn Empty(
    #[prop(into)] title: String,
    #[prop(into)] text: String,
    /// The next step, mostly a button.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <h2>{title}</h2>
            <p>{text}</p>
            {children.map(|children| view! { <div class="commands">{children()}</div> }.into_any())}
        </div>
    }
}

/// A value that nobody may have given.
pub fn or_dash(value: String) -> String {
    if value.is_empty() { "–".to_owned() } else { value }
}
