//! `/reclaim/rules`: the rules as they are set, and what they did in the last days (R3).

use super::{calls, words};
use crate::{
    i18n,
    reading::{reading, when_read},
    t,
    ui::{ButtonLink, CollectAny, Column, Day, PageHead, Table, Tag, Tone, either},
};
use contract::reclaim::{ReclaimRule, ReportRow, RuleMode};
use leptos::prelude::*;

pub fn rules_page() -> AnyView {
    let rules = reading(|| (), |()| calls::rules());
    when_read(move || async move {
        either(rules.await, |(rules, report)| {
            let report = (!report.is_empty()).then(|| view! { <Report report/> });
            view! {
                <PageHead title=t!(reclaim_rules) sub=t!(reclaim_rules_sub).to_owned()>
                    <ButtonLink href="/reclaim" label=t!(reclaim_title)/>
                    <ButtonLink href="/reclaim/kept" label=t!(reclaim_kept)/>
                </PageHead>
                <Rules rules/>
                {report}
            }
        })
    })
}

#[component]
fn Rules(rules: Vec<ReclaimRule>) -> impl IntoView {
    let rows = rules
        .into_iter()
        .map(|rule| {
            let tone = match rule.mode {
                RuleMode::Off => Tone::Plain,
                RuleMode::Review => Tone::Wait,
                RuleMode::Automatic => Tone::Good,
            };
            view! {
                <tr>
                    <th scope="row">
                        <a href=format!("/reclaim/rule?kind={}", rule.kind.as_str())>{words::with_days(&rule)}</a>
                    </th>
                    <td data-label=t!(reclaim_mode)><Tag tone label=words::mode(rule.mode)/></td>
                    <td data-label=t!(reclaim_finds) class="prose">{words::rule_text(rule.kind)}</td>
                </tr>
            }
        })
        .collect_any();
    let head = view! {
        <Column label=t!(reclaim_rule)/>
        <Column label=t!(reclaim_mode)/>
        <Column label=t!(reclaim_finds)/>
    };
    view! { <Table caption=t!(reclaim_rules) head>{rows}</Table> }
}

#[component]
fn Report(report: Vec<ReportRow>) -> impl IntoView {
    let rows = report
        .into_iter()
        .map(|row| {
            view! {
                <tr>
                    <th scope="row"><Day at=row.day/></th>
                    <td data-label=t!(reclaim_rule)>{words::rule(row.rule)}</td>
                    <td data-label=t!(reclaim_proposed) class="number">{i18n::number(row.proposed)}</td>
                    <td data-label=t!(reclaim_taken) class="number">{i18n::number(row.taken)}</td>
                    <td data-label=t!(reclaim_kept_count) class="number">{i18n::number(row.kept)}</td>
                </tr>
            }
        })
        .collect_any();
    let head = view! {
        <Column label=t!(reclaim_day)/>
        <Column label=t!(reclaim_rule)/>
        <Column label=t!(reclaim_proposed) number=true/>
        <Column label=t!(reclaim_taken) number=true/>
        <Column label=t!(reclaim_kept_count) number=true/>
    };
    view! {
        <h2 class="section">{t!(reclaim_report)}</h2>
        <Table caption=t!(reclaim_report) head>{rows}</Table>
    }
}
