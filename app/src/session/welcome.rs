//! `/welcome/:secret`: a one-time link is accepted. The first one makes the owner's account.

use super::calls::{self, AcceptLink};
use crate::{
    browser,
    call::Failure,
    form::{ActionForm, FormAction},
    reading::{reading, when_read},
    settings::Preferences,
    t,
    ui::{FaultNote, Field, Kind, Mark, Submit},
};
use contract::session::LinkFor;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

fn secret() -> String {
    use_params_map()
        .with_untracked(|params| params.get("secret"))
        .unwrap_or_default()
}

pub fn welcome_page() -> AnyView {
    let secret = secret();
    let link = reading(move || secret.clone(), calls::link);
    let inside = when_read(move || async move {
        match link.await {
            Ok(link) => view! { <WelcomeForm link/> }.into_any(),
            Err(Failure(fault)) => view! {
                <h1 id="page-title" tabindex="-1">{t!(welcome_title)}</h1>
                <FaultNote fault/>
                <p><a href="/sign-in">{t!(sign_in_title)}</a></p>
            }
            .into_any(),
        }
    });
    view! {
        <Title text=t!(welcome_title)/>
        <div class="gate">
            <div class="gate-card">
                <p class="gate-brand"><Mark/> {t!(brand)}</p>
                {inside}
            </div>
            <Preferences/>
        </div>
    }
    .into_any()
}

#[component]
fn WelcomeForm(link: LinkFor) -> impl IntoView {
    let action = FormAction::<AcceptLink>::new();
    let refusal = action.refusal();
    Effect::new(move |_| {
        if let Some(path) = action.done().get() {
            browser::leave_to(&path);
        }
    });
    let intro = if link.first {
        t!(welcome_first).to_owned()
    } else {
        t!(welcome_invited, name = &link.name, email = &link.email)
    };
    let who = link.first.then(|| {
        view! {
            <Field
                name="name"
                label=t!(account_name)
                autocomplete="name"
                required=true
                value=refusal.at_first("name", "")
                error=refusal.of("name")
            />
            <Field
                name="email"
                kind="email"
                label=t!(account_email)
                autocomplete="username"
                required=true
                value=refusal.at_first("email", "")
                error=refusal.of("email")
            />
        }
    });
    view! {
        <h1 id="page-title" tabindex="-1">{t!(welcome_title)}</h1>
        <p class="muted">{intro}</p>
        {refusal.note()}
        <ActionForm action=action>
            <input type="hidden" name="secret" value=secret()/>
            {who}
            <Field
                name="password"
                kind="password"
                label=t!(account_password)
                hint=t!(account_password_hint)
                autocomplete="new-password"
                minlength="12"
                required=true
                error=refusal.of("password")
            />
            <Submit kind=Kind::Main label=t!(welcome_do) pending=action.pending()/>
        </ActionForm>
    }
}
