//! `/reclaim/decide?…`: what approving would take, in numbers; goes ahead once it is confirmed.

use super::{
    calls::{self, Decide},
    scope::read,
};
use crate::{
    call::Failure,
    confirm,
    form::{ActionForm, FormAction},
    licenses::{hold_field, reason_field},
    reading::{reading, when_read},
    t,
    ui::{
        ButtonLink, Card, CollectAny, Fact, Facts, FaultNote, Field, Kind, Note, PageHead, Submit, Tone,
        address,
    },
};
use contract::{
    licenses::RevocationPreview,
    reclaim::{Decision, Verdict},
};
use leptos::prelude::*;

/// What the resource depends on.
#[derive(Clone, PartialEq)]
struct Chosen(Option<Decision>);

pub fn decide_page() -> AnyView {
    let address = address();
    let preview = reading(move || Chosen(address.with(read)), |what| calls::preview(what.0));
    when_read(move || async move {
        let shown = match (preview.await, address.with_untracked(read)) {
            (Ok(preview), Some(what)) => view! { <Confirm what preview/> }.into_any(),
            (Ok(_), None) => view! { <ButtonLink href="/reclaim" label=t!(reclaim_title)/> }.into_any(),
            (Err(Failure(fault)), _) => view! {
                <FaultNote fault/>
                <ButtonLink href="/reclaim" label=t!(reclaim_title)/>
            }
            .into_any(),
        };
        view! {
            <PageHead title=t!(reclaim_decide)/>
            {shown}
        }
    })
}

/// The apps with their numbers.
#[component]
pub(super) fn Apps(preview: RevocationPreview) -> impl IntoView {
    let apps = preview
        .apps
        .into_iter()
        .map(|(name, count)| view! { <Fact name>{t!(revoke_licenses, count = count)}</Fact> })
        .collect_any();
    view! { <Card title=t!(revoke_apps)><Facts>{apps}</Facts></Card> }
}

#[component]
fn Confirm(what: Decision, preview: RevocationPreview) -> impl IntoView {
    let action = FormAction::<Decide>::new();
    let refusal = action.refusal();
    let json = serde_json::to_string(&what).unwrap_or_default();
    let count = preview.licenses;
    let approve = what.how == Verdict::Approve;
    let (tone, title, text) = match what.how {
        Verdict::Approve => (
            Tone::Bad,
            t!(
                reclaim_takes,
                count = preview.holders,
                licenses = t!(revoke_licenses, count = count)
            ),
            t!(revoke_grace),
        ),
        Verdict::Keep => (
            Tone::Plain,
            t!(reclaim_keeps, count = count),
            t!(reclaim_keeps_text),
        ),
    };
    let label = match what.how {
        Verdict::Approve => t!(revoke_do, count = count),
        Verdict::Keep => t!(reclaim_keep).to_owned(),
    };
    let taking = approve.then(|| {
        let confirm = confirm::number(count).map(|phrase| {
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
        view! {
            {hold_field(refusal)}
            {confirm}
        }
    });
    view! {
        <Note tone title><p>{text}</p></Note>
        <Apps preview/>
        {refusal.note()}
        <div class="form card">
            <ActionForm action=action>
                <input type="hidden" name="what" value=json/>
                {reason_field(refusal, String::new())}
                {taking}
                <div class="commands">
                    <Submit
                        kind=if approve { Kind::Danger } else { Kind::Main }
                        label
                        pending=action.pending()
                    />
                    <ButtonLink href="/reclaim" label=t!(edit_cancel)/>
                </div>
            </ActionForm>
        </div>
    }
}
