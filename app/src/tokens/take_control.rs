//! `/tokens/:id/take-control`: the question, with the other MDM's name, before Pomona makes the location its own (T5).

use super::{
    calls::{self, TakeControl},
    owner,
};
use crate::{
    form::{ActionForm, FormAction},
    i18n,
    reading::{reading, when_read},
    t,
    ui::{ButtonLink, Kind, Note, PageHead, Submit, Tone, either},
};
use contract::{
    TokenId,
    tokens::{Deed, Ownership, TokenDetail, TokenState},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

pub fn take_control_page() -> AnyView {
    let params = use_params_map();
    let id = move || TokenId(params.with(|params| params.get("id")).unwrap_or_default());
    let token = reading(id, calls::detail);
    when_read(move || async move { either(token.await, |token| view! { <Question token/> }) })
}

#[component]
fn Question(token: TokenDetail) -> impl IntoView {
    let action = FormAction::<TakeControl>::new();
    let refused = action.refusal().note();
    let row = token.row;
    let back = format!("/tokens/{}", row.id);
    let again = token.claimed_at.is_some();
    let title = match again {
        true => t!(take_back_title, name = &row.name),
        false => t!(take_control_title, name = &row.name),
    };
    let nobody = token.managed_by == Ownership::Nobody && row.state == TokenState::Valid;
    let other = token
        .managed_by
        .other()
        .filter(|_| row.state.allows(Deed::TakeControl))
        .or_else(|| nobody.then(String::new));
    let Some(other) = other else {
        return view! {
            <PageHead title/>
            <Note tone=Tone::Good title=t!(take_control_unneeded)/>
            <ButtonLink href=back label=row.name/>
        }
        .into_any();
    };
    let label = match again {
        _ if nobody => t!(take_control_claim).to_owned(),
        true => t!(take_back_do, mdm = i18n::mdm(&other)),
        false => t!(take_control_do, mdm = i18n::mdm(&other)),
    };
    let waiting = (token.operations_blocked > 0)
        .then(|| view! { <p>{t!(take_control_waiting, count = token.operations_blocked)}</p> });
    let question = match nobody {
        true => t!(take_control_nobody).to_owned(),
        false => t!(take_control_question, mdm = i18n::mdm(&other)),
    };
    view! {
        <PageHead title/>
        {refused}
        <Note tone=Tone::Warn title=question>
            {(!nobody).then(|| view! { <p>{t!(take_control_text)}</p> })}
            {owner::older(&token.managed_by)}
            {waiting}
        </Note>
        <ActionForm action=action>
            <input type="hidden" name="id" value=row.id.0/>
            <input type="hidden" name="from" value=other/>
            <div class="commands">
                <Submit kind=Kind::Danger label pending=action.pending()/>
                <ButtonLink href=back label=t!(edit_cancel)/>
            </div>
        </ActionForm>
    }
    .into_any()
}
