//! The plan line by line: one device and one app each.

use super::{
    plan::outcomes,
    words::{self, reason_words},
};
use crate::{
    t,
    ui::{Address, CollectAny, Column, ExportLink, Tab, Table, Tabs, Tag, Tone, pager},
};
use contract::{
    Page, PlanId,
    assignments::{Outcome, OutcomeFilter, PlanLine},
};
use leptos::prelude::*;

#[component]
pub fn Lines(address: Memo<Address>, of: PlanId, page: Page<PlanLine>) -> impl IntoView {
    let pager = pager(address, &page);
    let none = page.rows.is_empty();
    let rows = page.rows.into_iter().map(line).collect_any();
    let list = if none {
        view! { <p class="muted">{t!(plan_no_lines)}</p> }.into_any()
    } else {
        let head = view! {
            <Column label=t!(device_name)/>
            <Column label=t!(device_serial)/>
            <Column label=t!(license_app)/>
            <Column label=t!(plan_outcome)/>
            <Column label=t!(change_prompts)/>
        };
        view! { <Table caption=t!(plan_lines) head>{rows}</Table> }.into_any()
    };
    view! {
        <h2 class="section" id="lines">{t!(plan_lines)}</h2>
        <Tabs label=t!(plan_by_outcome)>
            {[
                ("", OutcomeFilter::All, t!(plan_all)),
                ("gets", OutcomeFilter::Gets, t!(plan_gets)),
                ("has", OutcomeFilter::Has, t!(plan_has)),
                ("waits", OutcomeFilter::Waits, t!(plan_waits)),
                ("cannot", OutcomeFilter::Cannot, t!(plan_cannot)),
            ]
                .map(|(name, outcome, label)| {
                    let href = address.with_untracked(|address| address.with("show", name));
                    let current = Signal::derive(move || address.with(outcomes) == outcome);
                    view! { <Tab href=format!("{href}#lines") label current/> }
                })
                .collect_any()}
        </Tabs>
        {(!none).then(|| view! {
            <div class="bar"><ExportLink address file="plan.csv" also=vec![("plan", of.0)]/></div>
        }.into_any())}
        {list}
        {pager}
    }
}

fn line(line: PlanLine) -> impl IntoView {
    let (tone, label) = match line.outcome {
        Outcome::Gets => (Tone::Good, t!(plan_gets)),
        Outcome::Has => (Tone::Plain, t!(plan_has)),
        Outcome::Waits => (Tone::Wait, t!(plan_waits)),
        Outcome::Cannot { .. } => (Tone::Bad, t!(plan_cannot)),
    };
    let why = match line.outcome {
        Outcome::Cannot { reason } => Some(view! { <p class="small muted">{reason_words(reason)}</p> }),
        _ => None,
    };
    view! {
        <tr>
            <th scope="row">{line.device_name.unwrap_or_else(|| "–".to_owned())}</th>
            <td data-label=t!(device_serial)>{line.serial.shown().to_owned()}</td>
            <td data-label=t!(license_app)>{line.asset_name}</td>
            <td data-label=t!(plan_outcome)><Tag tone label/>{why}</td>
            <td data-label=t!(change_prompts)>{line.prompts.map_or_else(|| "–".to_owned(), words::prompts)}</td>
        </tr>
    }
}
