//! What the form says, read from the form itself: for the summary of the last step, and to be sent.

use crate::{
    i18n, t,
    tokens::{account_type, state::on_off},
    ui::{Fact, Facts},
};
use contract::tokens::{AccountType, CreateToken};
use leptos::prelude::*;

/// The form's fields, with the file's text as it was read.
pub fn read(form: &web_sys::HtmlFormElement, file: String) -> CreateToken {
    let data = web_sys::FormData::new_with_form(form).ok();
    let text = |name: &str| {
        data.as_ref()
            .and_then(|data| data.get(name).as_string())
            .unwrap_or_default()
    };
    CreateToken {
        file,
        name: text("name"),
        apple_account: text("apple_account"),
        take_control: text("take_control") == "true",
        take_control_from: text("take_control_from"),
        keep_duplicate: text("keep_duplicate") == "true",
        country: text("country"),
        account_type: AccountType::parse(&text("account_type")).unwrap_or_default(),
        automatic_updates: text("automatic_updates") == "true",
        consent: text("consent") == "true",
    }
}

#[component]
pub fn Summary(form: CreateToken) -> impl IntoView {
    let country = if form.country.is_empty() {
        t!(create_country_own).to_owned()
    } else {
        i18n::country(&form.country)
    };
    let control = if form.take_control {
        t!(answer_yes)
    } else {
        t!(answer_no)
    };
    view! {
        <Facts>
            <Fact name=t!(token_name)>{form.name}</Fact>
            <Fact name=t!(token_apple_account)>{form.apple_account}</Fact>
            <Fact name=t!(create_take_control)>{control}</Fact>
            <Fact name=t!(token_country)>{country}</Fact>
            <Fact name=t!(token_account_type)>{account_type(form.account_type)}</Fact>
            <Fact name=t!(token_automatic_updates)>{on_off(form.automatic_updates)}</Fact>
            <Fact name=t!(create_scope)>{t!(create_scope_all)}</Fact>
        </Facts>
    }
}
