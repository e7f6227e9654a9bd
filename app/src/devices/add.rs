//! `/devices/add`: one device by hand.

use super::{
    calls::Add,
    words::{enrolments, ownerships, platforms},
};
use crate::{
    form::{ActionForm, FormAction},
    t,
    ui::{ButtonLink, Checkbox, Field, Kind, PageHead, Select, Submit},
};
use leptos::prelude::*;

pub fn add_page() -> AnyView {
    view! {
        <PageHead title=t!(device_add_title)/>
        <AddForm/>
    }
    .into_any()
}

/// The fault with what was typed: a page that is loaded anew shows it again.
#[cfg(feature = "ssr")]
pub(super) fn with_typed(fault: contract::Fault, form: &contract::devices::DeviceForm) -> contract::Fault {
    use crate::refusal::{self, tick};
    let fields = [
        ("name", form.name.as_str()),
        ("serial", &form.serial),
        ("platform", form.platform.as_str()),
        ("model", &form.model),
        ("os_version", &form.os_version),
        ("ownership", form.ownership.as_str()),
        ("supervised", tick(form.supervised)),
        ("enrolment", form.enrolment.as_str()),
        ("kiosk", tick(form.kiosk)),
        ("store_blocked", tick(form.store_blocked)),
        ("user_name", &form.user_name),
    ];
    refusal::with_typed(fault, fields)
}

#[component]
fn AddForm() -> impl IntoView {
    let action = FormAction::<Add>::new();
    let refusal = action.refusal();
    let ticked = move |name: &'static str| refusal.ticked(name, false);
    view! {
        {refusal.note()}
        <div class="form card">
            <ActionForm action=action>
                <Field
                    name="serial"
                    label=t!(device_serial)
                    hint=t!(device_add_serial_hint)
                    value=refusal.at_first("serial", "")
                    error=refusal.of("serial")
                />
                <Field
                    name="name"
                    label=t!(device_name)
                    hint=t!(device_add_name_hint)
                    value=refusal.at_first("name", "")
                    error=refusal.of("name")
                />
                <Select
                    name="platform"
                    label=t!(device_platform)
                    options=platforms()
                    value=refusal.at_first("platform", "")
                    error=refusal.of("platform")
                />
                <Field name="model" label=t!(device_model) value=refusal.at_first("model", "") error=refusal.of("model")/>
                <Field name="os_version" label=t!(device_os) value=refusal.at_first("os_version", "") error=refusal.of("os_version")/>
                <Select
                    name="ownership"
                    label=t!(device_ownership)
                    options=ownerships()
                    value=refusal.at_first("ownership", "")
                    error=refusal.of("ownership")
                />
                <Checkbox
                    name="supervised"
                    label=t!(device_supervised)
                    hint=t!(device_add_supervised_hint)
                    checked=ticked("supervised")
                />
                <Select
                    name="enrolment"
                    label=t!(device_enrolment)
                    options=enrolments()
                    value=refusal.at_first("enrolment", "")
                    error=refusal.of("enrolment")
                />
                <Checkbox name="kiosk" label=t!(device_kiosk) checked=ticked("kiosk")/>
                <Checkbox name="store_blocked" label=t!(device_store_blocked) checked=ticked("store_blocked")/>
                <Field
                    name="user_name"
                    label=t!(device_user)
                    hint=t!(device_add_user_hint)
                    value=refusal.at_first("user_name", "")
                    error=refusal.of("user_name")
                />
                <div class="commands">
                    <Submit kind=Kind::Main label=t!(device_add_title) pending=action.pending()/>
                    <ButtonLink href="/devices" label=t!(edit_cancel)/>
                </div>
            </ActionForm>
        </div>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use contract::{Code, Fault, devices::DeviceForm};

    #[test]
    fn a_refusal_brings_back_what_was_typed_and_no_more_than_an_address_holds() {
        let form = DeviceForm {
            serial: "C02".into(),
            name: "x".repeat(5_000),
            ..DeviceForm::default()
        };
        let fault = with_typed(Fault::field("serial", Code::SerialInvalid), &form);
        assert_eq!(fault.with["typed_serial"], "C02");
        assert_eq!(fault.with["typed_name"].len(), 300);
        assert_eq!(fault.with["typed_model"], "");
        assert_eq!(fault.fields.len(), 1);
    }
}
