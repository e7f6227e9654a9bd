//! `/settings/accounts/add`: a person with a role. What comes back is a one-time link to hand over.

use super::{
    calls::Add,
    link::OneTimeLink,
    roles::{Roles, options},
};
use crate::{
    form::{ActionForm, FormAction},
    t,
    ui::{ButtonLink, Field, Kind, PageHead, Select, Submit, changing},
};
use contract::accounts::Invited;
use leptos::prelude::*;

pub fn add_page() -> AnyView {
    view! {
        <PageHead title=t!(accounts_add) sub=t!(accounts_add_sub).to_owned()/>
        <AddPerson/>
        <Roles/>
    }
    .into_any()
}

/// The form, and once the person is added the link in its place.
#[component]
fn AddPerson() -> impl IntoView {
    let action = FormAction::<Add>::new();
    let invited = Memo::new(move |_| action.done().get());
    changing(move || match invited.get() {
        Some(invited) => view! { <Added invited action/> }.into_any(),
        None => view! { <AddForm action/> }.into_any(),
    })
}

#[component]
fn Added(invited: Invited, action: FormAction<Add>) -> impl IntoView {
    let another = move |_| action.clear();
    view! {
        <OneTimeLink invited/>
        <div class="commands">
            <ButtonLink href="/settings/accounts" label=t!(accounts_to_list) kind=Kind::Main/>
            <a class="button" href="/settings/accounts/add" on:click=another>{t!(accounts_add_another)}</a>
        </div>
    }
}

#[component]
fn AddForm(action: FormAction<Add>) -> impl IntoView {
    let refusal = action.refusal();
    view! {
        {refusal.note()}
        <div class="form card">
            <ActionForm action=action>
                <Field
                    name="name"
                    label=t!(account_name)
                    required=true
                    value=refusal.at_first("name", "")
                    error=refusal.of("name")
                />
                <Field
                    name="email"
                    kind="email"
                    label=t!(account_email)
                    required=true
                    value=refusal.at_first("email", "")
                    error=refusal.of("email")
                />
                <Select
                    name="role"
                    label=t!(account_role)
                    options=options()
                    value=refusal.at_first("role", "")
                    error=refusal.of("role")
                />
                <div class="commands">
                    <Submit kind=Kind::Main label=t!(accounts_add) pending=action.pending()/>
                    <ButtonLink href="/settings/accounts" label=t!(edit_cancel)/>
                </div>
            </ActionForm>
        </div>
    }
}
