//! `/tokens/:id/edit`: what can be changed after a token was created.

use super::{
    calls::{self, Edit},
    create::{account_types, country_options},
};
use crate::{
    form::{ActionForm, FormAction},
    reading::{reading, when_read},
    t,
    ui::{ButtonLink, Checkbox, Field, Kind, PageHead, Select, Submit, either},
};
use contract::{TokenId, tokens::TokenDetail};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

pub fn edit_page() -> AnyView {
    let params = use_params_map();
    let id = move || TokenId(params.with(|params| params.get("id")).unwrap_or_default());
    let token = reading(id, calls::detail);
    when_read(move || async move { either(token.await, |token| view! { <EditForm token/> }) })
}

#[component]
fn EditForm(token: TokenDetail) -> impl IntoView {
    let action = FormAction::<Edit>::new();
    let refusal = action.refusal();
    let row = token.row;
    let kind = row.account_type.as_str();
    let back = format!("/tokens/{}", row.id);
    view! {
        <PageHead title=t!(edit_title, name = &row.name)/>
        {refusal.note()}
        <div class="form card">
            <ActionForm action=action>
                <input type="hidden" name="id" value=row.id.0/>
                <Field name="name" label=t!(token_name) value=refusal.at_first("name", row.name) required=true error=refusal.of("name")/>
                <Field
                    name="apple_account"
                    kind="email"
                    required=true
                    label=t!(token_apple_account)
                    hint=t!(create_apple_account_hint)
                    value=refusal.at_first("apple_account", row.apple_account)
                    error=refusal.of("apple_account")
                />
                <Select
                    name="country"
                    label=t!(token_country)
                    hint=t!(edit_country_hint)
                    options=country_options(None, &row.country)
                    value=refusal.at_first("country", row.country)
                    error=refusal.of("country")
                />
                <Select
                    name="account_type"
                    label=t!(token_account_type)
                    options=account_types()
                    value=refusal.at_first("account_type", kind)
                    error=refusal.of("account_type")
                />
                <Checkbox
                    name="automatic_updates"
                    label=t!(token_automatic_updates)
                    hint=t!(create_updates_hint)
                    checked=refusal.ticked("automatic_updates", row.automatic_updates)
                />
                <Field
                    name="sync_hours"
                    kind="number"
                    label=t!(edit_sync_hours)
                    hint=t!(edit_sync_hours_hint)
                    min="1"
                    max="168"
                    required=true
                    value=refusal.at_first("sync_hours", token.sync_hours.to_string())
                    error=refusal.of("sync_hours")
                />
                <div class="commands">
                    <Submit kind=Kind::Main label=t!(edit_save) pending=action.pending()/>
                    <ButtonLink href=back label=t!(edit_cancel)/>
                </div>
            </ActionForm>
        </div>
    }
}
