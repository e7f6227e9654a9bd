//! `/people/new`: one person by hand.

use super::{calls::Add, form::PersonFields};
use crate::{
    form::{ActionForm, FormAction},
    t,
    ui::{ButtonLink, Kind, PageHead, Submit},
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
    let refusal = action.refusal();
    view! {
        {refusal.note()}
        <div class="form card">
            <ActionForm action=action>
                <PersonFields person=PersonForm::default() refusal/>
                <div class="commands">
                    <Submit kind=Kind::Main label=t!(person_add) pending=action.pending()/>
                    <ButtonLink href="/people" label=t!(edit_cancel)/>
                </div>
            </ActionForm>
        </div>
    }
}
