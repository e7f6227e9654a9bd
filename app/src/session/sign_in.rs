//! `/sign-in?next=`: e-mail and password.

use super::calls::SignIn;
use crate::{
    browser,
    form::{ActionForm, FormAction},
    settings::Preferences,
    t,
    ui::{Field, Kind, Mark, Submit, address},
};
use leptos::prelude::*;
use leptos_meta::Title;

pub fn sign_in_page() -> AnyView {
    view! { <SignInForm/> }.into_any()
}

#[component]
fn SignInForm() -> impl IntoView {
    let address = address();
    let next = address.with_untracked(|address| address.get("next"));
    let action = FormAction::<SignIn>::new();
    let refusal = action.refusal();
    Effect::new(move |_| {
        if let Some(path) = action.done().get() {
            browser::leave_to(&path);
        }
    });
    view! {
        <Title text=t!(sign_in_title)/>
        <div class="gate">
            <div class="gate-card">
                <p class="gate-brand"><Mark/> {t!(brand)}</p>
                <h1 id="page-title" tabindex="-1">{t!(sign_in_title)}</h1>
                <p class="muted">{t!(sign_in_intro)}</p>
                {refusal.note()}
                <ActionForm action=action>
                    <input type="hidden" name="next" value=next/>
                    <Field
                        name="email"
                        kind="email"
                        label=t!(account_email)
                        autocomplete="username"
                        required=true
                        value=refusal.at_first("email", "")
                    />
                    <Field
                        name="password"
                        kind="password"
                        label=t!(account_password)
                        autocomplete="current-password"
                        required=true
                    />
                    <Submit kind=Kind::Main label=t!(sign_in_do) pending=action.pending()/>
                </ActionForm>
            </div>
            <Preferences/>
        </div>
    }
}
