//! What is shown once, to be handed on, with a button that copies it.

use super::changing;
use super::given::given;
use super::{Button, Icon, toast};
use crate::{browser, t};
use leptos::{html, prelude::*};

/// A link.
#[component]
pub fn OneTimeAddress(
    /// Of a page of this portal, or a whole address.
    path: String,
    /// Where a page has several.
    #[prop(optional, into)]
    id: Option<String>,
) -> impl IntoView {
    let id = id.unwrap_or_else(|| "one-time-link".to_owned());
    let hydrated = browser::hydrated();
    // The server does not know by which name it is reached, the browser does.
    let link = Signal::derive(move || {
        let origin = if hydrated.get() && path.starts_with('/') {
            window().location().origin().unwrap_or_default()
        } else {
            String::new()
        };
        format!("{origin}{path}")
    });
    view! { <OneTime id label=t!(link_address) text=link copied=t!(link_copied)/> }
}

#[component]
pub fn OneTime(
    /// Of the field, once a page.
    #[prop(into)]
    id: String,
    label: &'static str,
    #[prop(into)] text: Signal<String>,
    /// What is said once it is copied.
    copied: &'static str,
) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let hydrated = browser::hydrated();
    let copy = move |_| {
        let Some(input) = input.get() else { return };
        input.select();
        // Without https there is no clipboard: then the text is at least selected.
        if window().is_secure_context() {
            let clipboard = window().navigator().clipboard();
            let text = text.get_untracked();
            leptos::task::spawn_local(async move {
                if wasm_bindgen_futures::JsFuture::from(clipboard.write_text(&text))
                    .await
                    .is_ok()
                {
                    toast(copied);
                }
            });
        }
    };
    let button = changing(move || {
        hydrated.get().then(|| {
            view! {
                <div class="commands">
                    <Button label=t!(link_copy) icon=Icon::File on_press=copy/>
                </div>
            }
            .into_any()
        })
    });
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <input
                node_ref=input
                id=id
                type="text"
                readonly=true
                autocomplete="off"
                value=move || text.get()
                use:given=text
            />
        </div>
        {button}
    }
}
