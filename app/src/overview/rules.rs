//! `/settings/alerts`: what the first page warns of (N1).

use super::calls::{self, SetRules};
use crate::{
    call::Failure,
    form::{ActionForm, FormAction},
    reading::{reading, when_read},
    t,
    ui::{ButtonLink, FaultNote, Field, Kind, PageHead, Submit, either, field_fault},
};
use contract::overview::AlertRules;
use leptos::prelude::*;

pub fn alerts_page() -> AnyView {
    let rules = reading(|| (), |()| calls::rules());
    when_read(move || async move { either(rules.await, |rules| view! { <RulesForm rules/> }) })
}

#[component]
fn RulesForm(rules: AlertRules) -> impl IntoView {
    let action = FormAction::<SetRules>::new();
    let fault = Signal::derive(move || {
        action
            .value()
            .get()
            .and_then(Result::err)
            .map(|Failure(fault)| fault)
    });
    let wrong = Signal::derive(move || fault.with(|fault| field_fault(fault.as_ref(), "licenses_left")));
    view! {
        <PageHead title=t!(alerts_title) sub=t!(alerts_sub).to_owned()/>
        {move || fault.get().map(|fault| view! { <FaultNote fault/> })}
        <div class="form card">
            <ActionForm action=action>
                <Field
                    name="licenses_left"
                    kind="number"
                    label=t!(alerts_left)
                    hint=t!(alerts_left_hint)
                    min="0"
                    max="10000"
                    required=true
                    value=rules.licenses_left.to_string()
                    error=wrong
                />
                <div class="commands">
                    <Submit kind=Kind::Main label=t!(edit_save) pending=action.pending()/>
                    <ButtonLink href="/" label=t!(edit_cancel)/>
                </div>
            </ActionForm>
        </div>
    }
}
