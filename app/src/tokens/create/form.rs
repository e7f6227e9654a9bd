//! The form of all four steps. A plain multipart form by itself; with WebAssembly the same fields are sent as a call.

use super::{
    account_types,
    check::{Check, CheckResult, ask},
    country_options,
    file::FileField,
    review::{Summary, read},
    steps::{LAST, Moves, Step, Steps},
    twin::Twin,
};
use crate::{
    browser,
    call::Failure,
    i18n,
    refusal::Refusal,
    t,
    tokens::calls::{CREATE_FROM_FILE, create},
    ui::{ButtonLink, Checkbox, Field, Kind, Note, Select, Submit, Tone, changing},
};
use contract::{Code, Fault, tokens::AccountType};
use leptos::{ev, html, prelude::*};
use leptos_router::hooks::use_navigate;

#[component]
pub fn CreateForm() -> impl IntoView {
    let form = NodeRef::<html::Form>::new();
    let step = RwSignal::new(0);
    let check = RwSignal::new(Check::None);
    let refusal = Refusal::of_form(CREATE_FROM_FILE);
    let keep = RwSignal::new(false);
    let file = StoredValue::new(String::new());
    let busy = RwSignal::new(false);
    let hydrated = browser::hydrated();
    let navigate = use_navigate();

    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let Some(form) = form.get() else { return };
        let token = read(&form, file.get_value());
        let navigate = navigate.clone();
        busy.set(true);
        leptos::task::spawn_local(async move {
            match create(token).await {
                Ok(id) => navigate(&format!("/tokens/{id}"), Default::default()),
                Err(Failure(fault)) => {
                    step.set(step_of(&fault));
                    refusal.set(fault);
                }
            }
            busy.set(false);
        });
    };
    let summary = changing(move || {
        (step.get() == LAST).then(|| {
            let form = form.get_untracked()?;
            Some(view! { <Summary form=read(&form, String::new())/> })
        })
    });
    let ready = Signal::derive(move || {
        step.get() > 0 || check.with(|check| check.is_good() || check.twin().is_some() && keep.get())
    });
    let last = move || !hydrated.get() || step.get() == LAST;
    view! {
        <Steps step/>
        {refusal.note()}
        <form
            class="form"
            node_ref=form
            method="post"
            action=CREATE_FROM_FILE
            enctype="multipart/form-data"
            on:submit=submit
        >
            <Step place=0 step>
                <Basics check file keep refusal/>
            </Step>
            <Step place=1 step>
                <Settings check refusal/>
            </Step>
            <Step place=2 step>
                <p>{t!(create_scope_text)}</p>
            </Step>
            <Step place=3 step>
                {summary}
                <Consent refusal/>
            </Step>
            <div class="commands form-end">
                <Moves step ready/>
                <span hidden=move || !last()>
                    <Submit kind=Kind::Main label=t!(create_do) pending=busy/>
                </span>
                <ButtonLink href="/tokens" label=t!(edit_cancel) kind=Kind::Quiet/>
            </div>
        </form>
    }
}

/// The step that holds the first wrong field.
fn step_of(fault: &Fault) -> usize {
    match fault.fields.first().map(|field| field.field.as_str()) {
        Some("country" | "account_type" | "take_control" | "automatic_updates") => 1,
        Some("consent") => LAST,
        Some(_) => 0,
        None if fault.code.as_str().starts_with("token_") => 0,
        None if fault.code == Code::LocationAlreadyHere => 0,
        None if fault.code == Code::OwnerChanged => 1,
        None => LAST,
    }
}

#[component]
fn Basics(
    check: RwSignal<Check>,
    file: StoredValue<String>,
    keep: RwSignal<bool>,
    refusal: Refusal,
) -> impl IntoView {
    let name = RwSignal::new(refusal.at_first("name", ""));
    let on_text = Callback::new(move |text: String| {
        file.set_value(text.clone());
        check.set(Check::Running);
        leptos::task::spawn_local(async move {
            let result = ask(text, None).await;
            if let Check::Found(found) = &result
                && name.with_untracked(String::is_empty)
            {
                name.set(found.location_name.clone());
            }
            check.set(result);
        });
    });
    view! {
        <FileField on_text refusal/>
        <CheckResult check/>
        <Twin check file keep/>
        <Field
            name="name"
            label=t!(token_name)
            hint=t!(create_name_hint)
            required=true
            value=name
            on_input=Callback::new(move |text| name.set(text))
            error=refusal.of("name")
        />
        <Field
            name="apple_account"
            kind="email"
            label=t!(token_apple_account)
            hint=t!(create_apple_account_hint)
            required=true
            value=refusal.at_first("apple_account", "")
            error=refusal.of("apple_account")
        />
    }
}

#[component]
fn Settings(check: RwSignal<Check>, refusal: Refusal) -> impl IntoView {
    let kind = move || {
        check.with(|check| match check {
            Check::Found(found) => found.account_type.as_str().to_owned(),
            _ => refusal.at_first("account_type", AccountType::default().as_str()),
        })
    };
    // The refusal of a plain form, and of one that was filled in too slowly, names the MDM too.
    let other = move || {
        let refused = refusal.get().filter(|fault| fault.code == Code::OwnerChanged);
        let named = refused.and_then(|fault| fault.with.get("mdm").cloned());
        named.or_else(|| check.with(Check::other_mdm))
    };
    let warning = changing(move || {
        other().map(|name| {
            view! {
                <Note tone=Tone::Warn title=t!(check_other_mdm, name = i18n::mdm(&name))>
                    <p>{t!(check_other_mdm_remedy)}</p>
                </Note>
            }
        })
    });
    // The question names the other MDM as soon as it is known (T5).
    let take_control = changing(move || {
        let label = match other() {
            Some(name) => t!(create_take_control_from, mdm = i18n::mdm(&name)),
            None => t!(create_take_control).to_owned(),
        };
        // A tick comes back to the question that it answered, to no other.
        let same = refusal.at_first("take_control_from", "") == other().unwrap_or_default();
        view! {
            <Checkbox
                name="take_control"
                label
                hint=t!(create_take_control_hint)
                checked=same && refusal.ticked("take_control", false)
                error=refusal.of("take_control")
            />
            <input type="hidden" name="take_control_from" value=other().unwrap_or_default()/>
        }
    });
    view! {
        {warning}
        {take_control}
        <Select
            name="country"
            label=t!(token_country)
            hint=t!(create_country_hint)
            options=country_options(Some(t!(create_country_own)), "")
            value=refusal.at_first("country", "")
            error=refusal.of("country")
        />
        <Select
            name="account_type"
            label=t!(token_account_type)
            options=account_types()
            value=Signal::derive(kind)
            error=refusal.of("account_type")
        />
        <Checkbox
            name="automatic_updates"
            label=t!(token_automatic_updates)
            hint=t!(create_updates_hint)
            checked=refusal.ticked("automatic_updates", true)
        />
    }
}

/// Without it nothing is created.
#[component]
fn Consent(refusal: Refusal) -> impl IntoView {
    view! {
        <p>{t!(create_consent_text)}</p>
        <p><a href="/settings/data-sent-to-apple" target="_blank">{t!(create_consent_link)}</a></p>
        <Checkbox
            name="consent"
            label=t!(create_consent)
            required=true
            error=refusal.of("consent")
        />
    }
}
