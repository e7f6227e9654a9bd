//! A file of a location that has a token already: renewing that one comes first, keeping both is possible (T4).

use super::check::Check;
use crate::{
    browser,
    call::Failure,
    refusal::Refusal,
    t,
    tokens::calls::renew,
    ui::{Button, Checkbox, Kind, changing},
};

use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

/// Without WebAssembly nobody knows yet: there the box is always shown.
#[component]
pub fn Twin(check: RwSignal<Check>, file: StoredValue<String>, keep: RwSignal<bool>) -> impl IntoView {
    let hydrated = browser::hydrated();
    let refusal = Refusal::none();
    let twin = Memo::new(move |_| check.with(Check::twin));
    let navigate = use_navigate();
    let instead = changing(move || {
        let navigate = navigate.clone();
        twin.get().map(move |(id, name)| {
            let on_press = move |_| {
                let (id, navigate) = (id.clone(), navigate.clone());
                leptos::task::spawn_local(async move {
                    match renew(id.clone(), file.get_value()).await {
                        Ok(()) => navigate(&format!("/tokens/{id}"), Default::default()),
                        Err(Failure(fault)) => refusal.set(fault),
                    }
                });
            };
            view! { <Button kind=Kind::Main label=t!(create_renew_instead, name = name) on_press/> }
        })
    });
    view! {
        <div hidden=move || hydrated.get() && twin.get().is_none()>
            {refusal.note()}
            {instead}
            <Checkbox
                name="keep_duplicate"
                label=t!(create_keep_duplicate)
                hint=t!(create_keep_duplicate_hint)
                checked=keep.get_untracked()
                on_change=Callback::new(move |on| keep.set(on))
            />
        </div>
    }
}
