//! `/people/new`: one person by hand.

use super::{calls::Add, form::PersonFields};
use crate::{
    call::Failure,
    form::{ActionForm, FormAction},
    t,
    ui::{ButtonLink, FaultNote, Kind, PageHead, Submit},
};
use contract::people::PersonForm;
use leptos::prelude::*;

pub fn add_page() -> AnyView {
    view! {
        <PageHead title=t!(person_add)/>
        <AddForm/>
    }
    .into_any()
}

#[component]
fn AddForm() -> impl IntoView {
    let action = FormAction::<Add>::new();
    let fault = Signal::derive(move || {
        action
            .value()
            .get()
            .and_then(Result::err)
            .map(|Failure(fault)| fault)
    });
    view! {
        {move || fault.get().map(|fault| view! { <FaultNote fault/> })}
        <div class="form card">
            <ActionForm action=action>
                <PersonFields person=PersonForm::default() fault/>
                <div class="commands">
                    <Submit kind=Kind::Main label=t!(person_add) pending=action.pending()/>
                    <ButtonLink href="/people" label=t!(edit_cancel)/>
                </div>
            </ActionForm>
        </div>
    }
}
