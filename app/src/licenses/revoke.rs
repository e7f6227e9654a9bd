//! `/licenses/revoke?…`: what would be taken back, in numbers; goes ahead once it is confirmed (R1).

use super::{
    calls::{self, Revoke},
    confirm::phrase,
    preview::Preview,
    selection::{read, read_unknown},
    why::{hold_field, reason_field},
};
use crate::{
    call::Failure,
    form::{ActionForm, FormAction},
    reading::{reading, when_read},
    t,
    ui::{ButtonLink, FaultNote, Field, Kind, PageHead, Submit, address},
};
use contract::licenses::{Revocation, RevocationPreview, UnknownOrigin};
use leptos::prelude::*;

pub fn revoke_page() -> AnyView {
    let address = address();
    let preview = reading(
        move || address.with(|address| Chosen(read(address), read_unknown(address))),
        |what| calls::preview(what.0, what.1),
    );
    when_read(move || async move {
        let shown = match preview.await {
            Ok(preview) => {
                let (what, unknown) =
                    address.with_untracked(|address| (read(address), read_unknown(address)));
                let ask = address.with_untracked(|address| address.with("unknown", "goes"));
                view! { <Confirm what unknown preview ask/> }.into_any()
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
}

/// What the resource depends on.
#[derive(Clone, PartialEq)]
struct Chosen(Revocation, UnknownOrigin);

#[component]
fn Confirm(
    what: Revocation,
    unknown: UnknownOrigin,
    preview: RevocationPreview,
    ask: String,
) -> impl IntoView {
    let action = FormAction::<Revoke>::new();
    let refusal = action.refusal();
    let json = serde_json::to_string(&what).unwrap_or_default();
    let confirm = phrase(&what, &preview).map(|phrase| {
        view! {
            <Field
                name="confirm"
                label=t!(revoke_confirm, phrase = phrase)
                hint=t!(revoke_confirm_hint)
                required=true
                error=refusal.of("confirm")
            />
        }
    });
    let count = preview.licenses;
    let unknown = match unknown {
        UnknownOrigin::Goes => "goes",
        UnknownOrigin::Stays => "stays",
    };
    if count == 0 {
        return view! {
            <Preview what preview ask/>
            <ButtonLink href="/licenses" label=t!(edit_cancel)/>
        }
        .into_any();
    }
    view! {
        <Preview what preview ask/>
        {refusal.note()}
        <div class="form card">
            <ActionForm action=action>
                <input type="hidden" name="what" value=json/>
                <input type="hidden" name="unknown" value=unknown/>
                {reason_field(refusal, String::new())}
                {hold_field(refusal)}
                {confirm}
                <div class="commands">
                    <Submit kind=Kind::Danger label=t!(revoke_do, count = count) pending=action.pending()/>
                    <ButtonLink href="/licenses" label=t!(edit_cancel)/>
                </div>
            </ActionForm>
        </div>
    }
    .into_any()
}
