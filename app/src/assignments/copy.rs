//! Copies the page's address. An enhancement: the browser's own address bar does the same.

use crate::{
    browser, t,
    ui::{Button, Kind, toast},
};
use leptos::prelude::*;

#[component]
pub fn CopyLink() -> impl IntoView {
    let hydrated = browser::hydrated();
    let owner = Owner::current();
    let copy = move |_| {
        let owner = owner.clone();
        leptos::task::spawn_local(async move {
            let Ok(address) = window().location().href() else {
                return;
            };
            let written = window().navigator().clipboard().write_text(&address);
            let words = match wasm_bindgen_futures::JsFuture::from(written).await {
                Ok(_) => t!(plan_copied),
                Err(_) => t!(plan_not_copied),
            };
            if let Some(owner) = owner {
                owner.with(|| toast(words));
            }
        });
    };
    view! {
        <span hidden=move || !hydrated.get()>
            <Button kind=Kind::Quiet label=t!(plan_copy) on_press=copy/>
        </span>
    }
}
