//! `/settings/accounts/add`: a person with a role. What comes back is a one-time link to hand over.

use super::{
    calls::Add,
    link::OneTimeLink,
    roles::{Roles, options},
};
use crate::{
    call::Failure,
    form::{ActionForm, FormAction},
    t,
    ui::{ButtonLink, FaultNote, Field, Kind, PageHead, Select, Submit, field_fault},
};
use contract::accounts::Invited;
use leptos::{either::Either, prelude::*};

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
    let invited = Memo::new(move |_| action.value().get().and_then(Result::ok));
    move || match invited.get() {
        Some(invited) => Either::Left(view! { <Added invited action/> }),
        None => Either::Right(view! { <AddForm action/> }),
    }
}

#[component]
fn Added(invited: Invited, action: FormAction<Add>) -> impl IntoView {
    let another = move |_| action.value().set(None);
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
    let fault = Signal::derive(move || {
        action
            .value()
            .get()
            .and_then(Result::err)
            .map(|Failure(fault)| fault)
    });
    let wrong = move |name: &'static str| {
        Signal::derive(move || fault.with(|fault| field_fault(fault.as_ref(), name)))
    };
    let typed = move |name: &'static str| {
        Signal::derive(move || {
            let text = fault.with(|fault| fault.as_ref().and_then(|fault| fault.with.get(name).cloned()));
            text.unwrap_or_default()
        })
    };
    view! {
        {move || fault.get().map(|fault| view! { <FaultNote fault/> })}
        <div class="form card">
            <ActionForm action=action>
                <Field
                    name="name"
                    label=t!(account_name)
                    required=true
                    value=typed("name")
                    error=wrong("name")
                />
                <Field
                    name="email"
                    kind="email"
                    label=t!(account_email)
                    required=true
                    value=typed("email")
                    error=wrong("email")
                />
                <Select
                    name="role"
                    label=t!(account_role)
                    options=options()
                    value=typed("role")
                    error=wrong("role")
                />
                <div class="commands">
                    <Submit kind=Kind::Main label=t!(accounts_add) pending=action.pending()/>
                    <ButtonLink href="/settings/accounts" label=t!(edit_cancel)/>
                </div>
            </ActionForm>
        </div>
    }
}
