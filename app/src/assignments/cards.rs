//! What a plan comes to: how many of each outcome, and how much is used afterwards.

use super::words::{Counted, prompts as prompt_words, reason_words};
use crate::{
    catalog::{AssetIcon, meter_level},
    i18n, t,
    ui::{Address, Card, CollectAny, Column, Meter, Table, Tone},
};
use contract::assignments::{PlanAsset, PlanView, Prompts};
use leptos::prelude::*;

#[component]
pub fn Outcomes(address: Memo<Address>, plan: PlanView) -> impl IntoView {
    let counts = plan.outcomes;
    let listed = plan.applied.is_none();
    let reasons = plan
        .reasons
        .iter()
        .map(|(reason, count)| format!("{}\u{a0}– {}", i18n::number(*count), reason_words(*reason)))
        .collect::<Vec<_>>()
        .join("; ");
    let card = move |tone: Tone, show: &'static str, count: i64, label: String, text: String| {
        let href = address.with_untracked(|address| address.with("show", show));
        let some = count > 0;
        let tone = if some { tone } else { Tone::Plain };
        let link = (some && listed).then(|| {
            view! { <a href=format!("{href}#lines") aria-label=t!(plan_list_of, what = &label)>{t!(plan_list)}</a> }.into_any()
        });
        view! {
            <li class="outcome" data-tone=tone.as_str()>
                <b>{i18n::number(count)}</b>
                <span>{label}</span>
                {link}
                {some.then(|| view! { <small>{text}</small> })}
            </li>
        }
    };
    view! {
        <ul class="outcomes" role="list">
            {card(Tone::Good, "gets", counts.gets, t!(plan_card_gets, count = counts.gets), t!(plan_gets_text).to_owned())}
            {card(Tone::Plain, "has", counts.has, t!(plan_card_has, count = counts.has), t!(plan_has_text).to_owned())}
            {card(Tone::Wait, "waits", counts.waits, t!(plan_card_waits, count = counts.waits), t!(plan_waits_text).to_owned())}
            {card(Tone::Bad, "cannot", counts.cannot, t!(plan_card_cannot, count = counts.cannot), reasons)}
        </ul>
    }
}

/// A9: what people will be asked, with their numbers; nothing where nobody gets anything.
#[component]
pub fn PromptCounts(prompts: Vec<(Prompts, i64)>) -> impl IntoView {
    let lines: Vec<_> = prompts
        .into_iter()
        .map(|(prompts, count)| (prompt_words(prompts), count))
        .collect();
    (!lines.is_empty()).then(|| view! { <Card title=t!(change_prompts)><Counted lines/></Card> })
}

fn afterwards(asset: &PlanAsset) -> impl IntoView + use<> {
    let level = meter_level(asset.total, asset.total - asset.used_after, asset.unlimited);
    view! { <Meter used=asset.used_after total=(!asset.unlimited).then_some(asset.total) level/> }
}

/// One app as a card, several as a table.
#[component]
pub fn Afterwards(assets: Vec<PlanAsset>) -> impl IntoView {
    if let [asset] = assets.as_slice() {
        let meter = afterwards(asset);
        return view! { <Card title=t!(plan_afterwards)>{meter}</Card> }.into_any();
    }
    let rows = assets.into_iter().map(row).collect_any();
    let head = view! {
        <Column label=t!(asset_name)/>
        <Column label=t!(asset_location)/>
        <Column label=t!(plan_gets) number=true/>
        <Column label=t!(plan_has) number=true/>
        <Column label=t!(plan_waits) number=true/>
        <Column label=t!(plan_cannot) number=true/>
        <Column label=t!(plan_afterwards)/>
    };
    view! {
        <h2 class="section">{t!(plan_by_app)}</h2>
        <Table caption=t!(plan_by_app) head>{rows}</Table>
    }
    .into_any()
}

fn row(asset: PlanAsset) -> impl IntoView {
    let meter = afterwards(&asset);
    let counts = asset.outcomes;
    view! {
        <tr>
            <th scope="row">
                <div class="item">
                    <AssetIcon url=asset.icon name=asset.name.clone()/>
                    <div><a href=format!("/apps/{}", asset.id)>{asset.name}</a></div>
                </div>
            </th>
            <td data-label=t!(asset_location)>{asset.location_name}</td>
            <td data-label=t!(plan_gets) class="number">{i18n::number(counts.gets)}</td>
            <td data-label=t!(plan_has) class="number">{i18n::number(counts.has)}</td>
            <td data-label=t!(plan_waits) class="number">{i18n::number(counts.waits)}</td>
            <td data-label=t!(plan_cannot) class="number">{i18n::number(counts.cannot)}</td>
            <td data-label=t!(plan_afterwards)>{meter}</td>
        </tr>
    }
}
