//! `/settings/alerts`: what the first page warns of (N1).

use super::calls::{self, SetRules};
use crate::{
    form::{ActionForm, FormAction},
    reading::{reading, when_read},
    t,
    ui::{ButtonLink, Field, Kind, PageHead, Submit, either},
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
    let refusal = action.refusal();
    view! {
        <PageHead title=t!(alerts_title) sub=t!(alerts_sub).to_owned()/>
        {refusal.note()}
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
                    error=refusal.of("licenses_left")
                />
                <div class="commands">
                    <Submit kind=Kind::Main label=t!(edit_save) pending=action.pending()/>
                    <ButtonLink href="/" label=t!(edit_cancel)/>
                </div>
            </ActionForm>
        </div>
    }
}
