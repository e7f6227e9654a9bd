//! `/assignments/plans/:id`: what saving or removing an assignment would do, before it does (A7). Anybody who may see
//! licences can open it by its link.

use super::{
    cards::PromptCounts,
    copy::CopyLink,
    group_calls::{self, ApplyChange},
    plan::{Lapsed, on_lapse, refused},
    words::{self, Counted, VerdictTag, reason_words},
};
use crate::{
    call::Failure,
    catalog::meter_level,
    form::{ActionForm, FormAction},
    groups::group_name,
    i18n, live,
    reading::{reading, when_read},
    session, t,
    ui::{
        Address, Card, Checkbox, CollectAny, Column, ExportLink, FaultNote, Kind, Meter, Moment, Note,
        PageHead, Stat, Stats, Submit, Tab, Table, Tabs, Tone, address, either, pager,
    },
};
use contract::{
    Page, Permission, PlanId,
    assignments::{Change, ChangeFilter, ChangeLine, ChangeView},
    live::LiveEvent,
    shown_key,
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// Which lines are to be listed.
pub fn changes(address: &Address) -> ChangeFilter {
    address.choice("show").unwrap_or_default()
}

pub fn change_page() -> AnyView {
    let address = address();
    let params = use_params_map();
    let id = move || PlanId(params.with(|params| params.get("id")).unwrap_or_default());
    let asked = move || address.with(|address| (id(), changes(address), address.page()));
    let plan = reading(id, group_calls::change);
    let lines = reading(asked, |(id, filter, page)| {
        group_calls::change_lines(id, filter, page)
    });
    let action = FormAction::<ApplyChange>::new();
    let concerns = move |event: &LiveEvent| match (event, plan.latest_untracked()) {
        (LiveEvent::Counts { asset, .. }, Some(Ok(plan))) => plan.change.asset() == *asset,
        (LiveEvent::Users | LiveEvent::Missed, Some(_)) => true,
        _ => false,
    };
    let again = move || {
        plan.refetch();
        lines.refetch();
    };
    live::on_change(concerns, again);
    on_lapse(action.refusal(), again);
    // Where nothing is to be done at Apple the page stays.
    Effect::new(move |_| {
        if action.done().with(Option::is_some) {
            again();
        }
    });
    when_read(move || async move {
        let may = session::caller()
            .await
            .is_some_and(|caller| caller.may(Permission::AssignLicenses));
        let lines = lines.await;
        either(
            plan.await,
            move |plan| view! { <Plan address plan lines action may/> },
        )
    })
}

#[component]
fn Plan(
    address: Memo<Address>,
    plan: ChangeView,
    lines: Result<Page<ChangeLine>, Failure>,
    action: FormAction<ApplyChange>,
    may: bool,
) -> impl IntoView {
    let applied = plan.applied;
    let open = may && !applied && !plan.lapsed;
    let (title, remove) = match plan.change {
        Change::Save { .. } => (t!(change_title), false),
        Change::Remove { .. } => (t!(change_remove_title), true),
    };
    let loses = plan.counts.loses;
    let (label, kind) = match (remove, loses > 0) {
        (false, false) => (t!(change_apply).to_owned(), Kind::Main),
        (true, false) => (t!(change_remove_title).to_owned(), Kind::Main),
        (false, true) => {
            let label = t!(change_apply_loses, count = loses, app = &plan.asset_name);
            (label, Kind::Danger)
        }
        (true, true) => {
            let label = t!(change_remove_loses, count = loses, app = &plan.asset_name);
            (label, Kind::Danger)
        }
    };
    let group = group_name(plan.group_name.clone());
    let sub = [&group, &plan.asset_name, &plan.location_name]
        .into_iter()
        .filter(|name| !name.is_empty())
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" · ");
    let of = plan.id.clone();
    let id = of.0.clone();
    let submit = move || view! { <Submit kind label=label.clone() pending=action.pending()/> };
    // What has to be confirmed has a card of its own.
    let (at_once, confirmed) = match (open, plan.irrevocable) {
        (false, _) => (None, None),
        (true, false) => {
            let form = view! {
                <ActionForm action=action>
                    <input type="hidden" name="id" value=id/>
                    {submit()}
                </ActionForm>
            };
            (Some(form), None)
        }
        (true, true) => {
            let form = view! {
                <div class="form card">
                    <ActionForm action=action>
                        <input type="hidden" name="id" value=id/>
                        <Checkbox name="confirmed" label=t!(change_book_confirm) required=true/>
                        <div class="commands">{submit()}</div>
                    </ActionForm>
                </div>
            };
            (None, Some(form))
        }
    };
    view! {
        <PageHead title sub>{at_once} <CopyLink/></PageHead>
        {refused(action.refusal(), plan.lapsed)}
        <Standing plan=plan.clone() may/>
        {confirmed}
        <Numbers plan/>
        // The numbers of a plan that is applied are from then; who has what now, its operation says.
        {(!applied).then(|| match lines {
            Ok(page) => view! { <Lines address of page/> }.into_any(),
            Err(Failure(fault)) => view! { <FaultNote fault/> }.into_any(),
        })}
    }
}

/// Whether it still can be applied.
#[component]
fn Standing(plan: ChangeView, may: bool) -> impl IntoView {
    let assignments = format!("/assignments?asset={}", plan.change.asset());
    if plan.applied {
        let operation = plan.operation.map(|operation| {
            view! { <a href=format!("/activity/{operation}")>{t!(plan_applied_link)}</a> }.into_any()
        });
        return view! {
            <Note tone=Tone::Good title=t!(change_applied)>
                <p>{operation} " " <a href=assignments>{t!(assignment_title)}</a></p>
            </Note>
        }
        .into_any();
    }
    if plan.group_gone {
        return view! {
            <Note tone=Tone::Warn title=t!(change_group_gone)>
                <p>{t!(change_group_gone_text)} " " <a href=assignments>{t!(assignment_title)}</a></p>
            </Note>
        }
        .into_any();
    }
    let lapsed = plan.lapsed.then(|| view! { <Lapsed id=plan.id may/> });
    lapsed.into_any()
}

#[component]
fn Numbers(plan: ChangeView) -> impl IntoView {
    let counts = plan.counts;
    let level = meter_level(plan.total, plan.total - plan.used_after, plan.unlimited);
    let reasons: Vec<_> = plan
        .reasons
        .iter()
        .map(|(reason, count)| (reason_words(*reason).to_owned(), *count))
        .collect();
    let errands = counts.installs + counts.uninstalls > 0;
    // Most plans have none of these.
    let seldom = [
        (counts.draws, t!(change_draws)),
        (counts.offered, t!(change_offered)),
        (counts.keeps, t!(change_keeps)),
        (counts.leaves, t!(change_leaves)),
        (counts.returns, t!(change_returns)),
        (counts.installs, t!(change_installs)),
        (counts.uninstalls, t!(change_uninstalls)),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, label)| view! { <Stat figure=i18n::number(count) label/> })
    .collect_any();
    view! {
        <Stats>
            <Stat figure=i18n::number(counts.gets) label=t!(change_gets)/>
            <Stat figure=i18n::number(counts.has) label=t!(change_has)/>
            <Stat figure=i18n::number(counts.waits) label=t!(change_waits)/>
            <Stat figure=i18n::number(counts.cannot) label=t!(change_cannot)/>
            <Stat figure=i18n::number(counts.loses) label=t!(change_loses)/>
            {seldom}
        </Stats>
        {plan.irrevocable.then(|| view! {
            <Note tone=Tone::Warn title=t!(change_irrevocable)><p>{t!(change_irrevocable_text)}</p></Note>
        })}
        {errands.then(|| view! { <Note tone=Tone::Plain title=t!(change_no_mdm)/> })}
        <div class="columns">
            <Card title=t!(plan_afterwards)>
                <Meter used=plan.used_after total=(!plan.unlimited).then_some(plan.total) level/>
            </Card>
            {(!reasons.is_empty()).then(|| view! { <Card title=t!(change_reasons)><Counted lines=reasons/></Card> })}
            <PromptCounts prompts=plan.prompts/>
        </div>
        <p class="small muted lead">
            {t!(plan_made_by, name = plan.made_by)} ", "
            <Moment at=plan.made_at/>
        </p>
    }
}

#[component]
fn Lines(address: Memo<Address>, of: PlanId, page: Page<ChangeLine>) -> impl IntoView {
    let pager = pager(address, &page);
    let none = page.rows.is_empty();
    let list = if none {
        view! { <p class="muted">{t!(plan_no_lines)}</p> }.into_any()
    } else {
        let rows = page.rows.into_iter().map(line).collect_any();
        let head = view! {
            <Column label=t!(change_holder)/>
            <Column label=t!(assignment_kind)/>
            <Column label=t!(change_leads)/>
            <Column label=t!(plan_outcome)/>
            <Column label=t!(change_prompts)/>
        };
        view! { <Table caption=t!(change_lines) head>{rows}</Table> }.into_any()
    };
    let tab = move |name: &'static str, own: ChangeFilter, label: &'static str| {
        let href = address.with_untracked(|address| address.with("show", name));
        let current = Signal::derive(move || address.with(changes) == own);
        view! { <Tab href=format!("{href}#lines") label current/> }
    };
    view! {
        <h2 class="section" id="lines">{t!(change_lines)}</h2>
        <Tabs label=t!(plan_by_outcome)>
            {tab("", ChangeFilter::All, t!(plan_all))}
            {tab("gets", ChangeFilter::Gets, t!(change_gets))}
            {tab("waits", ChangeFilter::Waits, t!(change_waits))}
            {tab("cannot", ChangeFilter::Cannot, t!(change_cannot))}
            {tab("loses", ChangeFilter::Loses, t!(change_loses))}
        </Tabs>
        {(!none).then(|| view! {
            <div class="bar"><ExportLink address file="plan-change.csv" also=vec![("plan", of.0)]/></div>
        }.into_any())}
        {list}
        {pager}
    }
}

fn line(line: ChangeLine) -> impl IntoView {
    // Who has no name goes by the key.
    let key = (line.key != line.name).then(|| view! { <small>{shown_key(&line.key).to_owned()}</small> });
    view! {
        <tr>
            <th scope="row"><div class="stack"><a href=words::page(&line.who)>{line.name}</a> {key}</div></th>
            <td data-label=t!(assignment_kind)>{words::kind(line.kind)}</td>
            <td data-label=t!(change_leads)>{line.group_name.map_or_else(|| "–".to_owned(), group_name)}</td>
            <td data-label=t!(plan_outcome)><VerdictTag verdict=line.verdict/></td>
            <td data-label=t!(change_prompts)>{line.prompts.map_or_else(|| "–".to_owned(), words::prompts)}</td>
        </tr>
    }
}
