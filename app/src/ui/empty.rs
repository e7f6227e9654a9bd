//! What is empty: a list says what belongs here and what to do next, a value shows a dash.

use super::ButtonLink;
use crate::t;
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

/// A list of which its filters leave nothing. `clear` is the address without them.
pub fn nothing_found(clear: impl Into<String>) -> AnyView {
    let clear = clear.into();
    view! {
        <Empty title=t!(list_nothing_title) text=t!(list_nothing_text)>
            <ButtonLink href=clear label=t!(list_clear)/>
        </Empty>
    }
    .into_any()
}

/// A value that nobody may have given.
pub fn or_dash(value: String) -> String {
    if value.is_empty() { "–".to_owned() } else { value }
}
