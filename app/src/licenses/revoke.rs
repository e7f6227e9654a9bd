//! `/licenses/revoke?…`: what would be taken back, in numbers; goes ahead once it is confirmed (R1).

use super::{
    calls::{self, Revoke},
    confirm::phrase,
    preview::Preview,
    selection::read,
};
use crate::{
    call::Failure,
    t,
    ui::{ButtonLink, FaultNote, Field, Kind, PageHead, Submit, address, field_fault},
};
use contract::licenses::{Revocation, RevocationPreview};
use leptos::prelude::*;
use leptos_router::{LazyRoute, lazy_route};

pub struct RevokePage;

#[lazy_route]
impl LazyRoute for RevokePage {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        let address = address();
        let preview = crate::json::data(move || Chosen(address.with(read)), |what| calls::preview(what.0));
        let body = move || {
            Suspend::new(async move {
                let shown = match preview.await {
                    Ok(preview) => {
                        let what = address.with_untracked(read);
                        view! { <Confirm what preview/> }.into_any()
                    }
                    Err(Failure(fault)) => view! {
                        <FaultNote fault/>
                        <ButtonLink href="/licenses" label=t!(menu_licenses)/>
                    }
                    .into_any(),
                };
                view! {
                    <PageHead title=t!(revoke_title)/>
                    {shown}
                }
            })
        };
        view! { <Transition>{body}</Transition> }.into_any()
    }
}

/// What the resource depends on.
#[derive(Clone, PartialEq)]
struct Chosen(Revocation);

#[component]
fn Confirm(what: Revocation, preview: RevocationPreview) -> impl IntoView {
    let action = ServerAction::<Revoke>::new();
    let fault = Signal::derive(move || {
        action
            .value()
            .get()
            .and_then(Result::err)
            .map(|Failure(fault)| fault)
    });
    let wrong = move |name: &'static str| {
        Signal::derive(move || fault.with(|fault| field_fault(fault.as_ref(), name)))
    };
    let json = serde_json::to_string(&what).unwrap_or_default();
    let confirm = phrase(&what, &preview).map(|phrase| {
        view! {
            <Field
                name="confirm"
                label=t!(revoke_confirm, phrase = phrase)
                hint=t!(revoke_confirm_hint)
                required=true
                error=wrong("confirm")
            />
        }
    });
    let count = preview.licenses;
    view! {
        <Preview what preview/>
        {move || fault.get().map(|fault| view! { <FaultNote fault/> })}
        <div class="form card">
            <ActionForm action=action>
                <input type="hidden" name="what" value=json/>
                <Field name="reason" label=t!(revoke_reason) hint=t!(revoke_reason_hint) error=wrong("reason")/>
                {confirm}
                <div class="commands">
                    <Submit kind=Kind::Danger label=t!(revoke_do, count = count) pending=action.pending()/>
                    <ButtonLink href="/licenses" label=t!(edit_cancel)/>
                </div>
            </ActionForm>
        </div>
    }
}
