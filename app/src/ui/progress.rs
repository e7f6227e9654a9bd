//! Something under way: the native progress bar with words, told to screen readers as it goes.

use leptos::prelude::*;

/// `percent` none: nobody knows yet how far it is.
#[component]
pub fn Progress(
    #[prop(into)] label: Signal<String>,
    #[prop(into)] detail: Signal<String>,
    #[prop(into)] percent: Signal<Option<i64>>,
) -> impl IntoView {
    view! {
        <div class="progress">
            <p class="progress-words" role="status">
                <b>{move || label.get()}</b> " " <span>{move || detail.get()}</span>
            </p>
            <progress max="100" value=move || percent.get() aria-label=move || label.get()></progress>
        </div>
    }
}
