//! `/explain?asset=…&holder=…`: every group, exclusion and row of the table that led to what somebody has (A6).

use super::{
    group_calls,
    groups::asset,
    words::{self, VerdictTag},
};
use crate::{
    call::Failure,
    catalog,
    groups::group_name as called,
    licenses::{StateTag, state_words},
    reading::{reading, when_read},
    t,
    ui::{
        Address, Card, CollectAny, Column, Fact, Facts, FaultNote, FilterForm, PageHead, Table, Tag, Tone,
        address, either,
    },
};
use contract::{
    AssetId,
    assignments::{Brought, Explained, Explanation, Target, Verdict, Wanted},
    catalog::AssetDetail,
    groups::GroupKind,
    licenses::LicenseState,
    shown_key,
    users::AppleAccount,
};
use leptos::prelude::*;

/// What the explanation came to; a holder that is not known is told under the form.
type Told = Result<Option<Explanation>, Failure>;

async fn read((asset, holder): (AssetId, String)) -> Result<(AssetDetail, Told), Failure> {
    let detail = catalog::calls::detail(asset).await?;
    Ok((detail, group_calls::explain(asset, holder).await))
}

pub fn explain_page() -> AnyView {
    let address = address();
    let asked = move || address.with(|address| (asset(address), address.get("holder")));
    let told = reading(asked, read);
    when_read(move || async move {
        either(
            told.await,
            move |(asset, told)| view! { <Explain address asset told/> },
        )
    })
}

#[component]
fn Explain(address: Memo<Address>, asset: AssetDetail, told: Told) -> impl IntoView {
    let (id, product) = (asset.row.id, asset.row.product);
    let shown = match told {
        Ok(Some(explanation)) => view! { <Whole explanation/> }.into_any(),
        Ok(None) => ().into_any(),
        Err(Failure(fault)) => view! { <FaultNote fault/> }.into_any(),
    };
    view! {
        <PageHead title=t!(explain_title) sub=format!("{} · {}", asset.row.name, asset.row.location_name)/>
        {catalog::asset_tabs(product, id, catalog::AssetTab::Explain)}
        <div class="bar">
            <FilterForm address name="holder" label=t!(explain_holder) keep=&["asset"]/>
        </div>
        {shown}
    }
}

#[component]
fn Whole(explanation: Explanation) -> impl IntoView {
    let steps = explanation
        .steps
        .into_iter()
        .map(|step| view! { <li>{step_words(step)}</li> })
        .collect_any();
    let brought = if explanation.brought.is_empty() {
        view! { <p class="muted">{t!(explain_no_group)}</p> }.into_any()
    } else {
        let rows = explanation.brought.into_iter().map(line).collect_any();
        let head = view! {
            <Column label=t!(assignment_group)/>
            <Column label=t!(assignment_mode)/>
            <Column label=t!(assignment_intent)/>
            <Column label=t!(assignment_kind)/>
            <Column label=t!(explain_result)/>
        };
        view! { <Table caption=t!(explain_brought) head>{rows}</Table> }.into_any()
    };
    let dash = || "–".into_any();
    let wanted = wanted_words(explanation.holder_kind, explanation.wanted);
    view! {
        <Card title=format!("{} · {}", explanation.holder_name, shown_key(&explanation.key))>
            <Facts>
                <Fact name=t!(assignment_kind)>{words::kind(explanation.kind)}</Fact>
                <Fact name=t!(explain_settled)>{explanation.settled.map_or("–", words::settled)}</Fact>
                <Fact name=t!(explain_verdict)>
                    {explanation.verdict.map_or_else(dash, |verdict| view! { <VerdictTag verdict/> }.into_any())}
                </Fact>
                <Fact name=t!(explain_state)>
                    {explanation.state.map_or_else(dash, |state| view! { <StateTag state/> }.into_any())}
                </Fact>
                <Fact name=t!(explain_wanted)>{wanted}</Fact>
                <Fact name=t!(change_prompts)>
                    {explanation.prompts.map_or_else(|| "–".to_owned(), words::prompts)}
                </Fact>
            </Facts>
        </Card>
        <h2 class="section">{t!(explain_brought)}</h2>
        {brought}
        <h2 class="section">{t!(explain_rules)}</h2>
        <ol>{steps}</ol>
    }
}

/// One device has one thing to do; a person's devices are counted.
fn wanted_words(holder: GroupKind, wanted: Wanted) -> String {
    let Wanted { installs, uninstalls } = wanted;
    match (holder, installs > 0, uninstalls > 0) {
        (_, false, false) => "–".to_owned(),
        (GroupKind::Devices, true, _) => t!(explain_wanted_install).to_owned(),
        (GroupKind::Devices, false, true) => t!(explain_wanted_uninstall).to_owned(),
        (GroupKind::People, ..) => [
            (installs, t!(explain_wanted_installs, count = installs)),
            (uninstalls, t!(explain_wanted_uninstalls, count = uninstalls)),
        ]
        .into_iter()
        .filter_map(|(count, words)| (count > 0).then_some(words))
        .collect::<Vec<_>>()
        .join(" · "),
    }
}

fn step_words(step: Explained) -> String {
    match step {
        Explained::Excluded {
            members: GroupKind::People,
        } => t!(explain_excluded_people).to_owned(),
        Explained::Excluded {
            members: GroupKind::Devices,
        } => t!(explain_excluded_devices).to_owned(),
        Explained::Row { one, other, settled } => t!(
            explain_row,
            one = words::source(one),
            other = words::source(other),
            settled = words::settled(settled)
        ),
        Explained::Alone { source } => t!(explain_alone, source = words::source(source)),
        Explained::Nothing => t!(explain_nothing).to_owned(),
        Explained::Moved => t!(explain_moved).to_owned(),
        Explained::ByPerson { user_name } => t!(explain_by_person, name = user_name),
        Explained::ByDevice {
            serial,
            verdict,
            state,
        } => t!(
            explain_by_device,
            serial = shown_key(&serial),
            state = standing(verdict, state)
        ),
        Explained::Account {
            account,
            verdict,
            state,
        } => {
            let state = standing(verdict, state);
            match account {
                AppleAccount::Managed => t!(explain_account_managed, state = state),
                AppleAccount::Invited => t!(explain_account_invited, state = state),
            }
        }
        Explained::Reserved { group_name, kept } => {
            t!(explain_reserved, count = kept, group = called(group_name))
        }
        Explained::Drawn { location_name } => t!(explain_drawn, location = location_name),
        Explained::DrawnBy {
            group_name,
            location_name,
        } => t!(
            explain_drawn_by,
            group = called(group_name),
            location = location_name
        ),
        Explained::ByHand { by, reason } if reason.is_empty() => t!(explain_by_hand, name = by),
        Explained::ByHand { by, reason } => t!(explain_by_hand_for, name = by, reason = reason),
        Explained::Requested { by } => t!(explain_requested, name = by),
        Explained::Stays { group_name } => t!(explain_stays, group = called(group_name)),
        Explained::Found => t!(explain_found).to_owned(),
    }
}

/// What the plan says, and the licence now.
fn standing(verdict: Option<Verdict>, state: Option<LicenseState>) -> String {
    let planned = verdict.map(|verdict| match words::verdict(verdict) {
        (_, label, None) => label.to_owned(),
        (_, label, Some(more)) => format!("{label}: {more}"),
    });
    let now = state.map(|state| state_words(state).to_owned());
    let told: Vec<String> = planned.into_iter().chain(now).collect();
    match told.as_slice() {
        [] => "–".to_owned(),
        told => told.join(" · "),
    }
}

fn line(row: Brought) -> impl IntoView {
    let (intent, kind) = match row.target {
        Target::Include { intent, kind } => (words::intent(intent), words::kind(kind)),
        Target::Exclude => ("–", "–"),
    };
    let (tone, counts) = match (row.counts, row.target) {
        (true, _) | (_, Target::Exclude) => (Tone::Good, t!(explain_counts)),
        (false, _) => (Tone::Plain, t!(explain_counts_not)),
    };
    view! {
        <tr>
            <th scope="row">{called(row.group_name)}</th>
            <td data-label=t!(assignment_mode)>{words::mode(row.target)}</td>
            <td data-label=t!(assignment_intent)>{intent}</td>
            <td data-label=t!(assignment_kind)>{kind}</td>
            <td data-label=t!(explain_result)><Tag tone label=counts/></td>
        </tr>
    }
}
