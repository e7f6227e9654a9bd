//! The fields of a person, in the form that adds and in the one that changes.

use crate::{
    refusal::Refusal,
    t,
    ui::{Checkbox, Field},
};
use contract::people::PersonForm;
use leptos::prelude::*;

/// The fault with what was typed: a page that is loaded anew shows it again.
#[cfg(feature = "ssr")]
pub(super) fn with_typed(fault: contract::Fault, form: &PersonForm) -> contract::Fault {
    use crate::refusal::{self, tick};
    let fields = [
        ("user_name", form.user_name.as_str()),
        ("name", &form.name),
        ("email", &form.email),
        ("managed_apple_account", &form.managed_apple_account),
        ("department", &form.department),
        ("active", tick(form.active)),
    ];
    refusal::with_typed(fault, fields)
}

/// What was typed before a refusal, or else what the person is.
#[component]
pub(super) fn PersonFields(person: PersonForm, refusal: Refusal) -> impl IntoView {
    let active = refusal.ticked("active", person.active);
    view! {
        <Field
            name="user_name"
            label=t!(person_user_name)
            hint=t!(person_user_name_hint)
            required=true
            value=refusal.at_first("user_name", person.user_name)
            error=refusal.of("user_name")
        />
        <Field
            name="name"
            label=t!(person_name)
            hint=t!(person_name_hint)
            value=refusal.at_first("name", person.name)
            error=refusal.of("name")
        />
        <Field name="email" kind="email" label=t!(person_email) value=refusal.at_first("email", person.email) error=refusal.of("email")/>
        <Field
            name="managed_apple_account"
            kind="email"
            label=t!(person_apple_account)
            hint=t!(person_apple_account_hint)
            value=refusal.at_first("managed_apple_account", person.managed_apple_account)
            error=refusal.of("managed_apple_account")
        />
        <Field
            name="department"
            label=t!(person_department)
            value=refusal.at_first("department", person.department)
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
