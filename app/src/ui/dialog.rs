//! A native modal dialog, opened by a signal. What it does must also have a page of its own, for use without scripts.

use super::Icon;
use crate::t;
use leptos::{html, prelude::*};

#[component]
pub fn Dialog(
    /// Of the heading, which names the dialog.
    id: &'static str,
    #[prop(into)] title: String,
    open: RwSignal<bool>,
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = node.get() else { return };
        if open.get() {
            _ = dialog.show_modal();
        } else {
            dialog.close();
        }
    });
    view! {
        <dialog node_ref=node aria-labelledby=id on:close=move |_| open.set(false)>
            <div class="dialog-head">
                <h2 id=id>{title}</h2>
                <button class="icon-button" type="button" aria-label=t!(dialog_close) on:click=move |_| open.set(false)>
                    {Icon::Close.view()}
                </button>
            </div>
            {children()}
        </dialog>
    }
}
