//! `/groups/new`: of people or of devices, with members put in or by a rule. Kind and rule stand in the address, so that
//! a preview works without WebAssembly too.

use super::{
    calls::{Add, How},
    editor::RuleEditor,
    words,
};
use crate::{
    browser,
    form::{ActionForm, FormAction},
    refusal::Refusal,
    t,
    ui::{Address, Area, ButtonLink, CollectAny, Field, Filters, Kind, PageHead, Submit, address, changing},
};
use contract::groups::{GroupKind, Join, Rule};
use leptos::prelude::*;

/// What the address asks for.
#[derive(Clone, PartialEq)]
struct Asked {
    kind: GroupKind,
    how: How,
}

fn asked(address: &Address) -> Asked {
    Asked {
        kind: address.choice("kind").unwrap_or_default(),
        how: address.choice("how").unwrap_or_default(),
    }
}

/// The rule that a refused form brings back.
pub(super) fn brought(refusal: Refusal) -> Option<Rule> {
    let lines = |name: &str| -> Vec<String> {
        let text = refusal.at_first(name, "");
        text.split('\n').map(str::to_owned).collect()
    };
    let attributes = lines("attributes");
    if attributes.iter().all(String::is_empty) {
        return None;
    }
    let join = Join::parse(&refusal.at_first("join", "")).unwrap_or_default();
    let rule = Rule::from_form(join, &attributes, &lines("comparisons"), &lines("values"));
    Some(rule.unwrap_or_default())
}

/// The same, or what a preview without WebAssembly has put into the address.
fn rule(address: &Address, refusal: Refusal) -> Rule {
    let previewed = || {
        let rule = Rule::from_form(
            address.choice("join").unwrap_or_default(),
            &address.all("attributes[]"),
            &address.all("comparisons[]"),
            &address.all("values[]"),
        );
        rule.unwrap_or_default()
    };
    brought(refusal).unwrap_or_else(previewed)
}

pub fn add_page() -> AnyView {
    let address = address();
    let asked = Memo::new(move |_| address.with(asked));
    view! {
        <PageHead title=t!(groups_add_title)/>
        <Choices address asked/>
        {move || view! { <AddForm address asked=asked.get()/> }}
    }
    .into_any()
}

#[component]
fn Choices(address: Memo<Address>, asked: Memo<Asked>) -> impl IntoView {
    let pill = move |chosen: bool, name: &'static str, value: &'static str, label: &'static str| {
        // What was chosen of the other kind would fit no more.
        let Asked { kind, how } = asked.get();
        let path = address.with(|address| address.path().to_owned());
        let href = match name {
            "kind" => format!("{path}?kind={value}&how={}", how.as_str()),
            _ => format!("{path}?kind={}&how={value}", kind.as_str()),
        };
        view! { <a class="pill" href=href aria-current=chosen.then_some("true")>{label}</a> }
    };
    let kinds = changing(move || {
        GroupKind::ALL
            .map(|kind| pill(asked.get().kind == kind, "kind", kind.as_str(), words::kind(kind)))
            .collect_any()
    });
    let hows = changing(move || {
        [(How::Fixed, t!(group_fixed)), (How::Rule, t!(group_by_rule))]
            .map(|(how, label)| pill(asked.get().how == how, "how", how.as_str(), label))
            .collect_any()
    });
    view! {
        <div class="bar">
            <Filters label=t!(group_kind)>{kinds}</Filters>
            <Filters label=t!(group_made_of)>{hows}</Filters>
        </div>
    }
}

#[component]
fn AddForm(address: Memo<Address>, asked: Asked) -> impl IntoView {
    let Asked { kind, how } = asked;
    let action = FormAction::<Add>::new();
    let refusal = action.refusal();
    let name = refusal.at_first("name", address.with_untracked(|address| address.get("name")));
    let hydrated = browser::hydrated();
    let commands = move |preview: bool| {
        let preview = preview.then(|| {
            view! {
                <button
                    class="button"
                    type="submit"
                    formaction="/groups/new"
                    formmethod="get"
                    formnovalidate=true
                    hidden=move || hydrated.get()
                >
                    {t!(import_preview_do)}
                </button>
            }
            .into_any()
        });
        view! {
            <div class="commands">
                <Submit kind=Kind::Main label=t!(groups_add) pending=action.pending()/>
                {preview}
                <ButtonLink href="/groups" label=t!(edit_cancel)/>
            </div>
        }
    };
    let fields = match how {
        How::Fixed => view! {
            <Area
                name="members"
                label=members_label(kind)
                hint=t!(members_paste_hint)
                rows=8
                value=refusal.at_first("members", "")
            />
            {commands(false)}
        }
        .into_any(),
        How::Rule => view! {
            <RuleEditor kind rule=address.with_untracked(|address| rule(address, refusal)) error=refusal.of("rule")>{commands(true)}</RuleEditor>
        }
        .into_any(),
    };
    view! {
        {refusal.note()}
        <div class="form card">
            <ActionForm action=action>
                <input type="hidden" name="kind" value=kind.as_str()/>
                <input type="hidden" name="how" value=how.as_str()/>
                <Field name="name" label=t!(group_name) required=true value=name error=refusal.of("name")/>
                {fields}
            </ActionForm>
        </div>
    }
}

pub(super) fn members_label(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::People => t!(members_paste_people),
        GroupKind::Devices => t!(members_paste_devices),
    }
}
