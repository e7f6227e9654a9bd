//! `/reclaim/rule?kind=&days=&mode=&hold_minutes=`: what a rule would take with so many days, before it is saved (R3).

use super::{
    calls::{self, Save},
    decide::Apps,
    words,
};
use crate::{
    form::{ActionForm, FormAction},
    reading::{reading, when_read},
    session, t,
    ui::{Address, ButtonLink, Field, Kind, Note, PageHead, Select, Show, Submit, Tone, address, either},
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
        either(rule.await, move |(rule, preview)| {
            let rule = address.with_untracked(|address| chosen(rule, address));
            view! { <Rule rule preview manage/> }
        })
    })
}

/// With what was chosen beside the days, when those were asked about.
fn chosen(rule: ReclaimRule, address: &Address) -> ReclaimRule {
    ReclaimRule {
        mode: address.choice("mode").unwrap_or(rule.mode),
        hold_minutes: address.get("hold_minutes").parse().unwrap_or(rule.hold_minutes),
        ..rule
    }
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
    view! {
        <PageHead title=words::rule(kind) sub=words::rule_text(kind).to_owned()>
            <ButtonLink href="/reclaim/rules" label=t!(reclaim_rules)/>
        </PageHead>
        {(manage || kind.has_days()).then(|| view! { <Form rule manage/> })}
        <Note tone=Tone::Plain title><p>{t!(reclaim_finds_text)}</p></Note>
        {(count > 0).then(|| view! { <Apps preview/> })}
    }
}

/// One form, so that what is saved is what is seen; of its buttons the one that only shows comes first, and with it the
/// Enter key.
#[component]
fn Form(rule: ReclaimRule, manage: bool) -> impl IntoView {
    let action = FormAction::<Save>::new();
    let refusal = action.refusal();
    let days = match rule.kind.has_days() {
        true => view! {
            <Field
                name="days"
                kind="number"
                min="1"
                max="3650"
                required=true
                label=t!(reclaim_days)
                value=refusal.at_first("days", rule.days.to_string())
                error=refusal.of("days")
            />
            <div class="commands">
                <Show path="/reclaim/rule" label=t!(reclaim_show)/>
            </div>
        }
        .into_any(),
        false => view! { <input type="hidden" name="days" value=rule.days/> }.into_any(),
    };
    let settings = manage.then(|| {
        let modes = RuleMode::ALL
            .map(|mode| (mode.as_str().to_owned(), words::mode(mode).to_owned()))
            .to_vec();
        view! {
            <Select
                name="mode"
                label=t!(reclaim_mode)
                hint=t!(reclaim_mode_hint)
                options=modes
                value=refusal.at_first("mode", rule.mode.as_str())
            />
            <Field
                name="hold_minutes"
                kind="number"
                min="0"
                max="10080"
                value=refusal.at_first("hold_minutes", rule.hold_minutes.to_string())
                label=t!(reclaim_hold)
                hint=t!(revoke_hold_hint)
                error=refusal.of("hold_minutes")
            />
            <div class="commands">
                <Submit kind=Kind::Main label=t!(edit_save) pending=action.pending()/>
                <ButtonLink href="/reclaim/rules" label=t!(edit_cancel)/>
            </div>
        }
        .into_any()
    });
    view! {
        {refusal.note()}
        <div class="form card">
            <ActionForm action=action>
                <input type="hidden" name="kind" value=rule.kind.as_str()/>
                {days}
                {settings}
            </ActionForm>
        </div>
    }
}
