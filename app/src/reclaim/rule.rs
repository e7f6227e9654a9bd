//! `/reclaim/rule?kind=&days=`: what a rule would take with so many days, before it is saved (R3).

use super::{
    calls::{self, Save},
    decide::Apps,
    words,
};
use crate::{
    form::{ActionForm, FormAction},
    reading::{reading, when_read},
    session, t,
    ui::{ButtonLink, Field, Kind, Note, PageHead, Select, Submit, Tone, address, either},
};
use contract::{
    Permission,
    licenses::RevocationPreview,
    reclaim::{ReclaimRule, RuleKind, RuleMode},
};
use leptos::prelude::*;

pub fn rule_page() -> AnyView {
    let address = address();
    let asked = move || {
        address.with(|address| {
            let kind = RuleKind::parse(&address.get("kind")).unwrap_or_default();
            (kind, address.get("days").parse().ok())
        })
    };
    let rule = reading(asked, |(kind, days)| calls::rule(kind, days));
    when_read(move || async move {
        let manage = session::caller()
            .await
            .is_some_and(|caller| caller.may(Permission::ManageReclaim));
        either(
            rule.await,
            move |(rule, preview)| view! { <Rule rule preview manage/> },
        )
    })
}

#[component]
fn Rule(rule: ReclaimRule, preview: RevocationPreview, manage: bool) -> impl IntoView {
    let kind = rule.kind;
    let count = preview.licenses;
    let title = match count {
        0 => t!(reclaim_finds_none).to_owned(),
        _ => t!(
            reclaim_finds_now,
            count = preview.holders,
            licenses = t!(revoke_licenses, count = count)
        ),
    };
    let days = kind.has_days().then(|| {
        view! {
            <div class="form card">
                <form method="get" action="/reclaim/rule">
                    <input type="hidden" name="kind" value=kind.as_str()/>
                    <Field
                        name="days"
                        kind="number"
                        min="1"
                        max="3650"
                        required=true
                        label=t!(reclaim_days)
                        value=rule.days.to_string()
                    />
                    <div class="commands">
                        <button class="button" type="submit">{t!(reclaim_show)}</button>
                    </div>
                </form>
            </div>
        }
        .into_any()
    });
    view! {
        <PageHead title=words::rule(kind) sub=words::rule_text(kind).to_owned()>
            <ButtonLink href="/reclaim/rules" label=t!(reclaim_rules)/>
        </PageHead>
        {days}
        <Note tone=Tone::Plain title><p>{t!(reclaim_finds_text)}</p></Note>
        {(count > 0).then(|| view! { <Apps preview/> })}
        {manage.then(|| view! { <Form rule/> })}
    }
}

#[component]
fn Form(rule: ReclaimRule) -> impl IntoView {
    let action = FormAction::<Save>::new();
    let refusal = action.refusal();
    let modes = RuleMode::ALL
        .map(|mode| (mode.as_str().to_owned(), words::mode(mode).to_owned()))
        .to_vec();
    view! {
        {refusal.note()}
        <div class="form card">
            <ActionForm action=action>
                <input type="hidden" name="kind" value=rule.kind.as_str()/>
                <input type="hidden" name="days" value=rule.days.to_string()/>
                <Select
                    name="mode"
                    label=t!(reclaim_mode)
                    hint=t!(reclaim_mode_hint)
                    options=modes
                    value=rule.mode.as_str().to_owned()
                />
                <Field
                    name="hold_minutes"
                    kind="number"
                    min="0"
                    max="10080"
                    value=rule.hold_minutes.to_string()
                    label=t!(reclaim_hold)
                    hint=t!(revoke_hold_hint)
                    error=refusal.of("hold_minutes")
                />
                <div class="commands">
                    <Submit kind=Kind::Main label=t!(edit_save) pending=action.pending()/>
                    <ButtonLink href="/reclaim/rules" label=t!(edit_cancel)/>
                </div>
            </ActionForm>
        </div>
    }
}
