//! `/tokens/:id/renew`: a newer file in the place of a token's (T6). A plain multipart form by itself; with WebAssembly the
//! file is checked as soon as it is chosen.

use super::{
    calls::{self, RENEW_FROM_FILE, renew},
    create::{Check, CheckResult, FileField, ask},
};
use crate::{
    browser,
    call::Failure,
    reading::{reading, when_read},
    refusal::Refusal,
    t,
    ui::{ButtonLink, Kind, PageHead, Submit, either},
};
use contract::{TokenId, tokens::TokenDetail};
use leptos::{ev, prelude::*};
use leptos_router::hooks::{use_navigate, use_params_map};

pub fn renew_page() -> AnyView {
    let params = use_params_map();
    let id = move || TokenId(params.with(|params| params.get("id")).unwrap_or_default());
    let token = reading(id, calls::detail);
    when_read(move || async move { either(token.await, |token| view! { <RenewForm token/> }) })
}

#[component]
fn RenewForm(token: TokenDetail) -> impl IntoView {
    let check = RwSignal::new(Check::None);
    let file = StoredValue::new(String::new());
    let refusal = Refusal::of_form(RENEW_FROM_FILE);
    let busy = RwSignal::new(false);
    let hydrated = browser::hydrated();
    let navigate = use_navigate();
    let row = token.row;
    let id = StoredValue::new(row.id.clone());
    let back = format!("/tokens/{}", row.id);
    let on_text = Callback::new(move |text: String| {
        file.set_value(text.clone());
        check.set(Check::Running);
        refusal.clear();
        leptos::task::spawn_local(async move { check.set(ask(text, Some(id.get_value())).await) });
    });
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let navigate = navigate.clone();
        busy.set(true);
        leptos::task::spawn_local(async move {
            let id = id.get_value();
            match renew(id.clone(), file.get_value()).await {
                Ok(()) => navigate(&format!("/tokens/{id}"), Default::default()),
                Err(Failure(fault)) => refusal.set(fault),
            }
            busy.set(false);
        });
    };
    let unfit = move || hydrated.get() && !matches!(check.get(), Check::Found(_));
    view! {
        <PageHead title=t!(renew_title, name = &row.name)/>
        <p>{t!(renew_text, location = &row.location_name)}</p>
        {refusal.note()}
        <form
            class="form card"
            method="post"
            action=RENEW_FROM_FILE
            enctype="multipart/form-data"
            on:submit=submit
        >
            <input type="hidden" name="id" value=row.id.0/>
            <FileField on_text refusal/>
            <CheckResult check renewed=true/>
            <div class="commands">
                <Submit kind=Kind::Main label=t!(renew_do) pending=busy disabled=Signal::derive(unfit)/>
                <ButtonLink href=back label=t!(edit_cancel)/>
            </div>
        </form>
    }
}
