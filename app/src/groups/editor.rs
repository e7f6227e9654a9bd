//! A rule to edit, with whom it takes in: at once with WebAssembly, and by a button without.

use super::{calls, words};
use crate::{
    browser, i18n,
    reading::{reading, when_read},
    t,
    ui::{CollectAny, Column, FaultNote, Icon, Table, changing},
};
use contract::{
    Code,
    groups::{Attribute, Comparison, Condition, GroupKind, Join, MemberRow, Rule, RulePreview},
    shown_key,
};
use leptos::prelude::*;
use std::time::Duration;

/// Empty lines below those of the rule.
const SPARE: usize = 3;

/// The id of the fields.
const FIELDS: &str = "rule";

/// After the last key was pressed.
const PAUSE: Duration = Duration::from_millis(300);

/// The rule as far as it is written: lines without a value say nothing yet.
fn written() -> Option<Rule> {
    let fields = browser::fields_around(FIELDS)?;
    let all = |name: &str| -> Vec<String> {
        let texts = fields.get_all(name).into_iter();
        texts.filter_map(|text| text.as_string()).collect()
    };
    let mut rule = Rule::from_form(
        Join::parse(&fields.get("join")?).unwrap_or_default(),
        &all("attributes[]"),
        &all("comparisons[]"),
        &all("values[]"),
    )
    .unwrap_or_default();
    rule.conditions.retain(|condition| {
        condition.comparison == Comparison::IsEmpty || !condition.value.trim().is_empty()
    });
    Some(rule)
}

/// The fields of a rule, `rule` at first; `children` come between them and the preview.
#[component]
pub(super) fn RuleEditor(
    kind: GroupKind,
    rule: Rule,
    /// What the last form was refused for.
    #[prop(into)]
    error: Signal<Option<Code>>,
    children: Children,
) -> impl IntoView {
    let number = (rule.conditions.len() + SPARE).min(Rule::MOST);
    let rows = (0..number)
        .map(|place| condition(kind, place, rule.conditions.get(place)))
        .collect_any();
    let joins = [(Join::All, t!(rule_all)), (Join::Any, t!(rule_any))].map(|(choice, words)| {
        view! { <option value=choice.as_str() selected=choice == rule.join>{words}</option> }
    });
    let wanted = RwSignal::new(rule);
    let look = move || {
        if let Some(rule) = written() {
            _ = wanted.try_set(rule);
        }
    };
    // When the page around is read again, what was typed stays.
    Effect::new(move |_| request_animation_frame(look));
    let mut later = debounce(PAUSE, move |()| look());
    let wrong = changing(move || {
        error
            .get()
            .map(|code| view! { <p class="field-error" id="rule-error">{Icon::Warning.view()} {wrong_words(code)}</p> })
    });
    view! {
        <fieldset
            class="rule"
            id=FIELDS
            aria-describedby=move || error.get().map(|_| "rule-error")
            on:input=move |_| later(())>
            <legend>{t!(group_rule)}</legend>
            <div class="field">
                <label for="join">{t!(rule_join)}</label>
                <select id="join" name="join">{joins.collect_any()}</select>
            </div>
            {rows}
            {wrong}
        </fieldset>
        {children()}
        <Preview kind wanted/>
    }
}

/// What is wrong with the rule, and what to do about it.
fn wrong_words(code: Code) -> String {
    format!("{} {}", i18n::field_words(code), i18n::remedy(&code.into()))
}

fn condition(kind: GroupKind, place: usize, condition: Option<&Condition>) -> impl IntoView {
    let attributes = Attribute::ALL
        .into_iter()
        .filter(|attribute| attribute.is_of(kind))
        .map(|choice| {
            let selected = condition.is_some_and(|condition| condition.attribute == choice);
            view! { <option value=choice.as_str() selected=selected>{words::attribute(choice)}</option> }
        })
        .collect_any();
    let comparison = condition.map_or(Comparison::Equals, |condition| condition.comparison);
    let comparisons = Comparison::ALL
        .map(|choice| {
            view! { <option value=choice.as_str() selected=choice == comparison>{words::comparison(choice)}</option> }
        })
        .collect_any();
    let value = condition
        .map(|condition| condition.value.clone())
        .unwrap_or_default();
    let number = i64::try_from(place + 1).unwrap_or_default();
    view! {
        <div class="rule-line" role="group" aria-label=t!(rule_condition, number = number)>
            <select name="attributes[]" aria-label=t!(rule_attribute)>
                <option value="">{t!(rule_no_attribute)}</option>
                {attributes}
            </select>
            <select name="comparisons[]" aria-label=t!(rule_comparison)>{comparisons}</select>
            <input type="text" name="values[]" autocomplete="off" aria-label=t!(rule_value) value=value/>
        </div>
    }
}

/// Whom the rule takes in, now.
#[component]
fn Preview(kind: GroupKind, wanted: RwSignal<Rule>) -> impl IntoView {
    let members = reading(
        move || wanted.get(),
        move |rule| async move {
            if rule.conditions.is_empty() {
                return Ok(None);
            }
            calls::preview(kind, rule).await.map(Some)
        },
    );
    let hydrated = browser::hydrated();
    let takes_in = when_read(move || async move {
        match members.await {
            Ok(None) => view! { <p class="muted">{t!(rule_preview_none)}</p> }.into_any(),
            Ok(Some(preview)) => found(preview).into_any(),
            // Maybe it is not written to its end yet.
            Err(crate::call::Failure(fault)) => match fault.fields.first() {
                Some(field) => view! { <p class="muted">{wrong_words(field.code)}</p> }.into_any(),
                None => view! { <FaultNote fault/> }.into_any(),
            },
        }
    });
    view! {
        <section class="card">
            <h2>{t!(rule_preview)}</h2>
            <div role="status" aria-live="polite">{takes_in}</div>
            <p class="muted small" hidden=move || hydrated.get()>{t!(rule_preview_by_button)}</p>
        </section>
    }
}

fn found(preview: RulePreview) -> impl IntoView {
    let RulePreview { members, sample } = preview;
    let table = (!sample.is_empty()).then(|| {
        let head = view! {
            <Column label=t!(person_name)/>
            <Column label=t!(member_key)/>
        };
        let rows = sample.into_iter().map(member).collect_any();
        view! { <Table caption=t!(rule_preview) head>{rows}</Table> }
    });
    view! {
        <p><b>{t!(rule_preview_count, count = members)}</b></p>
        {table}
    }
}

fn member(row: MemberRow) -> impl IntoView {
    view! {
        <tr>
            <th scope="row">{row.name}</th>
            <td data-label=t!(member_key)>{shown_key(&row.key).to_owned()}</td>
        </tr>
    }
}
