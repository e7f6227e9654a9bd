//! `/licenses/move?asset=&pace=&order=&reason=`: what it costs to turn an app's user licences into licences of devices, and how far
//! that is (A10).

use super::{
    move_calls::{self, End, Set, Start},
    why::reason_field,
};
use crate::{
    call::Failure,
    form::{ActionForm, FormAction},
    i18n, live,
    reading::{reading, when_read},
    session, t,
    ui::{
        Address, ButtonLink, Card, CollectAny, Fact, Facts, FaultNote, Field, Kind, Note, PageHead, Select,
        Show, Stat, Stats, Submit, Tag, Tone, address,
    },
};
use contract::{
    AssetId, Permission,
    live::LiveEvent,
    moves::{MoveCost, MoveForm, MoveOrder, MoveState, MoveView, MoveWait, Stay},
};
use leptos::prelude::*;

fn form(address: &Address) -> MoveForm {
    MoveForm {
        asset: AssetId(address.get("asset").parse().unwrap_or(-1)),
        order: address.choice("order").unwrap_or_default(),
        pace: address.get("pace").parse().unwrap_or(MoveForm::USUAL),
        reason: address.get("reason"),
    }
}

/// What the resource depends on.
#[derive(Clone, PartialEq)]
struct Asked(MoveForm);

pub fn move_page() -> AnyView {
    let address = address();
    let cost = reading(
        move || Asked(address.with(form)),
        |asked| move_calls::cost(asked.0),
    );
    // What it was refused for stays to be read while operations go on.
    let start = FormAction::<Start>::new();
    live::on_change(
        |event| matches!(event, LiveEvent::Operation { .. } | LiveEvent::Missed),
        move || cost.refetch(),
    );
    when_read(move || async move {
        let may = session::caller().await.is_some_and(|caller| {
            caller.may(Permission::AssignLicenses) && caller.may(Permission::RevokeLicenses)
        });
        match cost.await {
            Ok((cost, last)) => {
                let asked = address.with_untracked(form);
                view! { <Assistant asked cost last start may/> }.into_any()
            }
            Err(Failure(fault)) => view! {
                <PageHead title=t!(move_title)/>
                <FaultNote fault/>
                <ButtonLink href="/licenses" label=t!(menu_licenses)/>
            }
            .into_any(),
        }
    })
}

fn stay(stay: Stay) -> &'static str {
    match stay {
        Stay::UnknownUser => t!(move_stay_unknown),
        Stay::NoDevices => t!(move_stay_no_devices),
        Stay::RunsElsewhere => t!(move_stay_elsewhere),
        Stay::UserEnrolled => t!(move_stay_enrolled),
        Stay::Refused => t!(move_stay_refused),
    }
}

#[component]
fn Stays(stays: Vec<(Stay, i64)>) -> impl IntoView {
    let lines = stays
        .into_iter()
        .map(|(why, count)| view! { <Fact name=stay(why)>{i18n::number(count)}</Fact> })
        .collect_any();
    view! { <Card title=t!(move_stays)><Facts>{lines}</Facts></Card> }
}

#[component]
fn Assistant(
    asked: MoveForm,
    cost: MoveCost,
    last: Option<MoveView>,
    start: FormAction<Start>,
    may: bool,
) -> impl IntoView {
    let open = last.as_ref().is_some_and(|last| last.state != MoveState::Done);
    let sub = format!("{} · {}", cost.asset_name, cost.location_name);
    let back = format!("/licenses?asset={}", cost.asset);
    let can_begin = may && cost.people > 0;
    view! {
        <PageHead title=t!(move_title) sub>
            <ButtonLink href=back label=t!(menu_licenses)/>
        </PageHead>
        {last.map(|last| view! { <Last last may/> })}
        {(!open).then(|| view! { <Cost cost=cost.clone() pace=asked.pace/> })}
        {(!open).then(|| view! { <Begin asked start may=can_begin/> })}
        <Note tone=Tone::Plain title=t!(move_back_title)><p>{t!(move_back_text)}</p></Note>
    }
}

#[component]
fn Cost(cost: MoveCost, pace: i64) -> impl IntoView {
    let short = cost.free.is_some_and(|free| free < cost.peak);
    let free = cost
        .free
        .map_or_else(|| t!(level_unlimited).to_owned(), i18n::number);
    let (tone, title) = match cost.people {
        0 => (Tone::Plain, t!(move_nobody).to_owned()),
        people => (
            if short { Tone::Warn } else { Tone::Plain },
            t!(
                move_becomes,
                count = people,
                devices = i18n::number(cost.needed + cost.has)
            ),
        ),
    };
    let text = (cost.people > 0).then(|| match short {
        true => view! { <p>{t!(move_short)} {slower(pace)}</p> }.into_any(),
        false => view! { <p>{t!(move_enough)}</p> }.into_any(),
    });
    view! {
        <Note tone title>{text}</Note>
        <Stats>
            <Stat figure=i18n::number(cost.users) label=t!(move_users)/>
            <Stat figure=i18n::number(cost.needed) label=t!(move_needed)/>
            <Stat figure=i18n::number(cost.has) label=t!(move_has)/>
            <Stat figure=i18n::number(cost.peak) label=t!(move_peak)/>
            <Stat figure=free label=t!(move_free)/>
        </Stats>
        {(!cost.stays.is_empty()).then(|| view! { <Stays stays=cost.stays/> })}
    }
}

/// What else helps, where it can.
fn slower(pace: i64) -> Option<String> {
    (pace > 1).then(|| format!(" {}", t!(move_slower)))
}

fn orders() -> Vec<(String, String)> {
    MoveOrder::ALL
        .map(|order| {
            let words = match order {
                MoveOrder::Fewest => t!(move_order_fewest),
                MoveOrder::Name => t!(move_order_name),
            };
            (order.as_str().to_owned(), words.to_owned())
        })
        .to_vec()
}

/// One form, so that what starts is what is seen; of its buttons the one that only shows comes first, and with it the
/// Enter key.
#[component]
fn Begin(asked: MoveForm, start: FormAction<Start>, may: bool) -> impl IntoView {
    let refusal = start.refusal();
    let begin = may.then(|| {
        view! {
            {reason_field(refusal, asked.reason)}
            <div class="commands">
                <Submit kind=Kind::Main label=t!(move_start) pending=start.pending()/>
            </div>
        }
        .into_any()
    });
    view! {
        {refusal.note()}
        <div class="form card">
            <ActionForm action=start>
                <input type="hidden" name="asset" value=asked.asset.0/>
                <Select
                    name="order"
                    label=t!(move_order)
                    options=orders()
                    value=refusal.at_first("order", asked.order.as_str())
                />
                <Field
                    name="pace"
                    kind="number"
                    min="1"
                    max="1000"
                    required=true
                    label=t!(move_pace)
                    hint=t!(move_pace_hint)
                    value=refusal.at_first("pace", asked.pace.to_string())
                    error=refusal.of("pace")
                />
                <div class="commands">
                    <Show path="/licenses/move" label=t!(move_show)/>
                </div>
                {begin}
            </ActionForm>
        </div>
    }
}

/// Another one can begin with another order or pace.
#[component]
fn EndIt(last: MoveView) -> impl IntoView {
    let action = FormAction::<End>::new();
    let fault = action.refusal().note();
    view! {
        {fault}
        <ActionForm action=action>
            <input type="hidden" name="id" value=last.id.0/>
            <input type="hidden" name="asset" value=last.asset.0/>
            <div class="commands">
                <Submit kind=Kind::Danger label=t!(move_end) pending=action.pending()/>
            </div>
        </ActionForm>
    }
}

#[component]
fn Waits(wait: MoveWait, pace: i64) -> impl IntoView {
    view! {
        <Note tone=Tone::Warn title=t!(move_waits, count = wait.missing, name = wait.name)>
            <p>{t!(move_waits_text)} {slower(pace)}</p>
        </Note>
    }
}

/// How far the newest one is, and its stop.
#[component]
fn Last(last: MoveView, may: bool) -> impl IntoView {
    let action = FormAction::<Set>::new();
    let fault = action.refusal().note();
    let (tone, words) = match last.state {
        MoveState::Running => (Tone::Wait, t!(move_running)),
        MoveState::Stopped => (Tone::Warn, t!(move_stopped)),
        MoveState::Done => (Tone::Good, t!(move_done)),
    };
    let running = last.state == MoveState::Running;
    let ends = may && last.state == MoveState::Stopped && last.under_way == 0;
    let ends = ends.then(|| view! { <EndIt last=last.clone()/> });
    let waits = last
        .waits
        .clone()
        .map(|wait| view! { <Waits wait pace=last.pace/> });
    let command = (may && last.state != MoveState::Done).then(|| {
        let label = if running { t!(move_stop) } else { t!(move_go_on) };
        view! {
            <ActionForm action=action>
                <input type="hidden" name="id" value=last.id.0.clone()/>
                <input type="hidden" name="asset" value=last.asset.0/>
                <input type="hidden" name="running" value=(!running).to_string()/>
                <div class="commands">
                    <Submit kind=if running { Kind::Danger } else { Kind::Main } label pending=action.pending()/>
                </div>
            </ActionForm>
        }
    });
    view! {
        <Card title=t!(move_last)>
            <p><Tag tone label=words/> " " {t!(plan_made_by, name = last.by)}</p>
            <Stats>
                <Stat figure=i18n::number(last.done) label=t!(move_through)/>
                <Stat figure=i18n::number(last.under_way) label=t!(move_under_way)/>
                <Stat figure=i18n::number(last.to_come) label=t!(move_to_come)/>
            </Stats>
            {waits}
            {fault}
            {command}
            {ends}
        </Card>
        {(!last.stays.is_empty()).then(|| view! { <Stays stays=last.stays/> })}
    }
}
