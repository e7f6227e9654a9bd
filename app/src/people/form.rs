//! The fields of a person, in the form that adds and in the one that changes.

use crate::{
    refusal::{self, Refusal},
    t,
    ui::{Checkbox, Field},
};
use contract::people::PersonForm;
use leptos::prelude::*;

fn texts(form: &PersonForm) -> [(&'static str, &str); 6] {
    [
        ("user_name", &form.user_name),
        ("name", &form.name),
        ("email", &form.email),
        ("managed_apple_account", &form.managed_apple_account),
        ("department", &form.department),
        ("active", refusal::tick(form.active)),
    ]
}

/// The fault with what was typed: a page that is loaded anew shows it again.
#[cfg(feature = "ssr")]
pub(super) fn with_typed(fault: contract::Fault, form: &PersonForm) -> contract::Fault {
    refusal::with_typed(fault, texts(form))
}

/// What was typed before a refusal, or else what the person is.
#[component]
pub(super) fn PersonFields(person: PersonForm, refusal: Refusal) -> impl IntoView {
    let person = StoredValue::new(person);
    let value = move |name: &'static str| {
        Signal::derive(move || {
            refusal.brings(name).unwrap_or_else(|| {
                person.with_value(|person| {
                    let is = texts(person).into_iter().find(|(known, _)| *known == name);
                    is.map(|(_, text)| text.to_owned()).unwrap_or_default()
                })
            })
        })
    };
    let active = value("active").with_untracked(|text| text == "true");
    view! {
        <Field
            name="user_name"
            label=t!(person_user_name)
            hint=t!(person_user_name_hint)
            required=true
            value=value("user_name")
            error=refusal.of("user_name")
        />
        <Field
            name="name"
            label=t!(person_name)
            hint=t!(person_name_hint)
            value=value("name")
            error=refusal.of("name")
        />
        <Field name="email" kind="email" label=t!(person_email) value=value("email") error=refusal.of("email")/>
        <Field
            name="managed_apple_account"
            kind="email"
            label=t!(person_apple_account)
            hint=t!(person_apple_account_hint)
            value=value("managed_apple_account")
            error=refusal.of("managed_apple_account")
        />
        <Field
            name="department"
            label=t!(person_department)
            value=value("department")
            error=refusal.of("department")
        />
        <Checkbox name="active" label=t!(person_active) hint=t!(person_active_hint) checked=active/>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use contract::{Code, Fault};

    #[test]
    fn a_refusal_brings_back_what_was_typed_and_no_more_than_an_address_holds() {
        let form = PersonForm {
            user_name: "anna".into(),
            name: "x".repeat(5_000),
            active: false,
            ..PersonForm::default()
        };
        let fault = with_typed(Fault::field("user_name", Code::UserNameTaken), &form);
        assert_eq!(fault.with["typed_user_name"], "anna");
        assert_eq!(fault.with["typed_name"].len(), 300);
        assert_eq!(fault.with["typed_active"], "");
        assert_eq!(fault.fields.len(), 1);
    }
}
