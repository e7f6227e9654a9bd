//! `/plans/:id`: what would happen, before it does (A7). Anybody who may see licences can open it by its link.

use super::{
    calls::{self, Apply, PlanAgain},
    cards::{Afterwards, Outcomes, PromptCounts},
    copy::CopyLink,
    lines::Lines,
};
use crate::{
    call::Failure,
    form::{ActionForm, FormAction},
    live,
    reading::{reading, when_read},
    refusal::Refusal,
    session, t,
    ui::{Address, FaultNote, Kind, Moment, Note, PageHead, Submit, Tone, address, either},
};
use contract::{
    Code, Page, Permission, PlanId,
    assignments::{OutcomeFilter, PlanLine, PlanView},
    live::LiveEvent,
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// Which lines are to be listed.
pub fn outcomes(address: &Address) -> OutcomeFilter {
    address.choice("show").unwrap_or_default()
}

pub fn plan_page() -> AnyView {
    let address = address();
    let params = use_params_map();
    let id = move || PlanId(params.with(|params| params.get("id")).unwrap_or_default());
    let asked = move || address.with(|address| (id(), outcomes(address), address.page()));
    let plan = reading(id, calls::view);
    let lines = reading(asked, |(id, filter, page)| calls::lines(id, filter, page));
    let action = FormAction::<Apply>::new();
    // Other counts of one of its apps mean that the plan has lapsed, or was applied.
    let concerns = move |event: &LiveEvent| match event {
        LiveEvent::Counts { asset, .. } => match plan.latest_untracked() {
            Some(Ok(plan)) => plan.applied.is_none() && plan.assets.iter().any(|row| row.id == *asset),
            _ => false,
        },
        LiveEvent::Missed => true,
        _ => false,
    };
    let again = move || {
        plan.refetch();
        lines.refetch();
    };
    live::on_change(concerns, again);
    on_lapse(action.refusal(), again);
    when_read(move || async move {
        let may_apply = session::caller()
            .await
            .is_some_and(|caller| caller.may(Permission::AssignLicenses));
        let lines = lines.await;
        either(
            plan.await,
            move |plan| view! { <Plan address plan lines action may_apply/> },
        )
    })
}

/// Reads the plan again when it is refused as lapsed: it then says so itself, and can be made anew.
pub(super) fn on_lapse(refusal: Refusal, again: impl Fn() + 'static) {
    Effect::new(move |_| {
        if refusal.get().is_some_and(|fault| fault.code == Code::PlanLapsed) {
            again();
        }
    });
}

/// Why it is refused; that it has lapsed, a plan that knows it says itself.
pub(super) fn refused(refusal: Refusal, lapsed: bool) -> AnyView {
    refusal.note_unless(move |fault| lapsed && fault.code == Code::PlanLapsed)
}

#[component]
fn Plan(
    address: Memo<Address>,
    plan: PlanView,
    lines: Result<Page<PlanLine>, Failure>,
    action: FormAction<Apply>,
    may_apply: bool,
) -> impl IntoView {
    let applied = plan.applied.is_some();
    let open = !applied && !plan.lapsed;
    let changes = plan.outcomes.gets + plan.outcomes.waits > 0;
    let id = plan.id.clone();
    let of = plan.id.clone();
    view! {
        <PageHead title=t!(plan_title) sub=plan_names(&plan)>
            {(may_apply && open && changes).then(|| view! {
                <ActionForm action=action>
                    <input type="hidden" name="id" value=id.0/>
                    <Submit kind=Kind::Main label=t!(plan_apply) pending=action.pending()/>
                </ActionForm>
            })}
            <CopyLink/>
        </PageHead>
        {refused(action.refusal(), plan.lapsed)}
        <Standing plan=plan.clone() may_apply/>
        <Outcomes address plan=plan.clone()/>
        <Afterwards assets=plan.assets.clone()/>
        <PromptCounts prompts=plan.prompts.clone()/>
        <Remarks plan/>
        // The numbers of a plan that is applied are from then; who has what now, its operation says.
        {(!applied).then(|| match lines {
            Ok(page) => view! { <Lines address of page/> }.into_any(),
            Err(Failure(fault)) => view! { <FaultNote fault/> }.into_any(),
        })}
    }
}

/// The one app's name, or how many apps.
fn plan_names(plan: &PlanView) -> String {
    match plan.assets.as_slice() {
        [asset] => format!("{} · {}", asset.name, asset.location_name),
        assets => t!(running_assets, count = assets.len() as i64),
    }
}

/// The data has changed since: the same plan is made again at a click.
#[component]
pub(super) fn Lapsed(id: PlanId, may: bool) -> impl IntoView {
    let action = FormAction::<PlanAgain>::new();
    view! {
        <Note tone=Tone::Warn title=t!(plan_lapsed)>
            <p>{t!(plan_lapsed_text)}</p>
            {action.refusal().note()}
            {may.then(|| view! {
                <ActionForm action=action>
                    <input type="hidden" name="id" value=id.0/>
                    <div class="commands">
                        <Submit kind=Kind::Main label=t!(plan_new) pending=action.pending()/>
                    </div>
                </ActionForm>
            })}
        </Note>
    }
}

/// Whether it still can be applied.
#[component]
fn Standing(plan: PlanView, may_apply: bool) -> impl IntoView {
    if let Some(operation) = plan.applied {
        let href = format!("/activity/{operation}");
        return Some(
            view! {
                <Note tone=Tone::Good title=t!(plan_applied)>
                    <p>{t!(plan_applied_text)} " " <a href=href>{t!(plan_applied_link)}</a></p>
                </Note>
            }
            .into_any(),
        );
    }
    plan.lapsed
        .then(|| view! { <Lapsed id=plan.id may=may_apply/> }.into_any())
}

/// What else is to be known before applying.
#[component]
fn Remarks(plan: PlanView) -> impl IntoView {
    // What an applied plan took is its operation's to tell.
    let open = plan.applied.is_none();
    let shortage = (open && plan.outcomes.waits > 0).then(|| {
        view! {
            <Note tone=Tone::Wait title=t!(plan_shortage, count = plan.outcomes.waits)>
                <p>{t!(plan_shortage_text)}</p>
            </Note>
        }
    });
    let nothing = (open && plan.outcomes.gets + plan.outcomes.waits == 0).then(|| {
        view! { <Note tone=Tone::Plain title=t!(plan_nothing)/> }
    });
    let takes = open.then(|| format!("{} {} ", t!(plan_calls, count = plan.calls), t!(plan_lapses)));
    view! {
        {shortage}
        {nothing}
        <p class="small muted lead">
            {takes} {t!(plan_made_by, name = plan.made_by)} ", "
            <Moment at=plan.made_at/>
        </p>
    }
}
