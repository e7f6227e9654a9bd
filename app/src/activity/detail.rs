//! `/activity/:id`: one operation as it goes, why it stopped if it did, and a result for each item.

use super::{
    calls::{self, Resume},
    items::Items,
    live::{LiveOperations, Numbers},
    progress::ProgressBar,
    reversal::{ActCard, CancelButtons, HeldBack, reversals},
    words::{self, OperationTag},
};
use crate::{
    call::Failure,
    form::{ActionForm, FormAction},
    i18n, live,
    reading::{reading, when_read},
    session, t,
    ui::{
        Address, ButtonLink, Card, Fact, Facts, FaultNote, Icon, Kind, Moment, Note, PageHead, Stat, Stats,
        Submit, Tone, address, either, toast,
    },
};
use contract::{
    Caller, Code, Fault, OperationId, Permission, UnixMillis,
    activity::{ItemQuery, OperationKind, OperationRow, OperationState},
    live::LiveEvent,
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// What the address asks for; that of the export too.
pub fn query(address: &Address) -> ItemQuery {
    ItemQuery {
        state: address.choice("state"),
        page: address.page(),
    }
}

pub fn detail_page() -> AnyView {
    let params = use_params_map();
    let id = Memo::new(move |_| OperationId(params.with(|params| params.get("id")).unwrap_or_default()));
    let address = address();
    let operation = reading(move || id.get(), calls::detail);
    let items = reading(
        move || (id.get(), address.with(query)),
        |(id, query)| calls::items(id, query),
    );
    let live = LiveOperations::follow(move || operation.refetch());
    live::on_change(
        move |event| match event {
            LiveEvent::Operation { id: other, .. } => id.with_untracked(|id| id == other),
            LiveEvent::Missed => true,
            _ => false,
        },
        move || items.refetch(),
    );
    let head = when_read(move || async move {
        let caller = session::caller().await;
        either(operation.await, move |row| {
            let read_again = move || operation.refetch();
            view! { <Head row live caller read_again/> }
        })
    });
    let list = when_read(move || async move {
        // A page without its operation says so once, above.
        operation.await.ok()?;
        Some(match items.await {
            Ok(page) => view! { <Items address id=id.get_untracked() page/> }.into_any(),
            Err(Failure(fault)) => view! { <FaultNote fault/> }.into_any(),
        })
    });
    view! {
        {head}
        {list}
    }
    .into_any()
}

#[component]
fn Head(
    row: OperationRow,
    live: LiveOperations,
    caller: Option<Caller>,
    read_again: impl Fn() + Copy + 'static,
) -> impl IntoView {
    let may = |permission| caller.as_ref().is_some_and(|caller| caller.may(permission));
    let may_resume = may(Permission::ResumeOperations);
    let held = row.is_held_back();
    let may_cancel = row.cancellable && may(Permission::RevokeLicenses);
    let (id, act) = (row.id.clone(), row.act.clone());
    let several = act.is_some();
    let cancel = move || may_cancel.then(|| view! { <CancelButtons id=id.clone() act=several read_again/> });
    let may_undo = row.is_reversible()
        && may(match row.kind {
            OperationKind::Assign => Permission::RevokeLicenses,
            OperationKind::Revoke | OperationKind::Adopt | OperationKind::LetGo => Permission::AssignLicenses,
        });
    let reversals = reversals(&row);
    let location = row.location.clone();
    let undo = may_undo.then(|| {
        let href = format!("/activity/{}/undo", row.id);
        let all = several.then(|| {
            let href = format!("{href}?reach=act");
            view! { <ButtonLink href label=t!(operation_undo_act)/> }
        });
        view! {
            <ButtonLink href label=t!(operation_undo)/>
            {all}
        }
    });
    let numbers = live.numbers(&row);
    let state = Signal::derive(move || numbers.get().state);
    let stopped = matches!(row.state, OperationState::Blocked | OperationState::Stalled);
    let stat = move |count: fn(Numbers) -> i64| Signal::derive(move || i18n::number(count(numbers.get())));
    let ended = match row.finished_at {
        Some(at) => view! { <Moment at/> }.into_any(),
        None => "–".into_any(),
    };
    let sub = [row.location_name.as_str(), &row.by].join(" · ");
    let reason = Some(row.reason.clone())
        .filter(|reason| !reason.is_empty())
        .map(|reason| view! { <Fact name=t!(operation_reason)>{reason}</Fact> });
    view! {
        <PageHead title=words::name(&row) sub>{undo}</PageHead>
        {row.held_until.filter(|_| held).map(|until| {
            let cancel = cancel();
            view! { <HeldBack until>{cancel}</HeldBack> }
        })}
        {row.undone_by.clone().filter(|_| row.undone).map(|by| view! {
            <Note tone=Tone::Plain title=t!(operation_undone)>
                <p><a href=format!("/activity/{by}")>{t!(operation_undone_see)}</a></p>
            </Note>
        })}
        {stopped
            .then(|| {
                let way_on = match row.token.clone().filter(|_| row.waits_for_token()) {
                    Some(token) => {
                        let href = format!("/tokens/{token}");
                        view! { <ButtonLink href label=t!(operation_token)/> }.into_any()
                    }
                    None => {
                        may_resume.then(|| view! { <ResumeButton id=row.id.clone() read_again/> }).into_any()
                    }
                };
                let cancel = cancel().map(|cancel| view! { <p>{t!(operation_cancel_blocked)}</p> {cancel} });
                view! {
                    <Stopped row=row.clone()>
                        {way_on}
                        {cancel}
                    </Stopped>
                }
            })}
        {row.next_try_at.map(|next| view! { <TriedAgain fault=row.fault.clone() next/> })}
        <ProgressBar numbers/>
        <Stats>
            <Stat figure=stat(|numbers| numbers.done) label=t!(operation_stat_done)/>
            <Stat figure=stat(|numbers| numbers.failed) label=t!(operation_stat_failed)/>
            <Stat figure=stat(|numbers| numbers.waiting) label=t!(operation_stat_waiting)/>
            <Stat figure=stat(Numbers::open) label=t!(operation_stat_open)/>
        </Stats>
        <Card title=t!(operation_facts)>
            <Facts>
                <Fact name=t!(activity_state)>
                    <OperationTag state failed=Signal::derive(move || numbers.get().failed) held/>
                </Fact>
                <Fact name=t!(activity_location)>{row.location_name.clone()}</Fact>
                <Fact name=t!(activity_by)>{row.by.clone()}</Fact>
                {reason}
                {reversals}
                <Fact name=t!(activity_started)><Moment at=row.created_at/></Fact>
                <Fact name=t!(activity_ended)>{ended}</Fact>
            </Facts>
            <p class="operation-more"><a href=format!("/licenses?location={location}")>{t!(operation_licenses)}</a></p>
        </Card>
        {act.map(|act| view! { <ActCard id=row.id.clone() act/> })}
    }
}

/// Why it does not go on.
#[component]
fn Stopped(
    row: OperationRow,
    /// The way on.
    children: Children,
) -> impl IntoView {
    let (title, text) = match row.state {
        OperationState::Blocked if row.waits_for_token() => {
            (t!(operation_blocked_title), t!(operation_state_text))
        }
        OperationState::Blocked
            if row
                .fault
                .as_ref()
                .is_some_and(|fault| fault.code == Code::AppleRefused) =>
        {
            (t!(operation_blocked_title), t!(operation_stalled_text))
        }
        OperationState::Blocked => (t!(operation_blocked_title), t!(operation_blocked_text)),
        _ => (t!(operation_stalled_title), t!(operation_stalled_text)),
    };
    view! {
        {row.fault.map(|fault| view! { <FaultNote fault/> })}
        <Note tone=Tone::Warn title>
            <p>{text}</p>
            {children()}
        </Note>
    }
}

/// Why nothing moves for now, and when it is tried again.
#[component]
fn TriedAgain(fault: Option<Fault>, next: UnixMillis) -> impl IntoView {
    let cause = fault.map(|fault| view! { <p>{i18n::cause(&fault)}</p> });
    view! {
        <Note tone=Tone::Warn title=t!(operation_retry_title)>
            {cause}
            <p>{t!(operation_retry_next)} " " <Moment at=next/></p>
        </Note>
    }
}

#[component]
fn ResumeButton(id: OperationId, read_again: impl Fn() + Copy + 'static) -> impl IntoView {
    let action = FormAction::<Resume>::new();
    Effect::new(move |_| {
        if action.done().get().is_some() {
            toast(t!(operation_resumed));
            read_again();
        }
    });
    let refused = action.refusal().note();
    view! {
        <ActionForm action=action>
            <input type="hidden" name="id" value=id.0/>
            <Submit kind=Kind::Main icon=Icon::Sync label=t!(operation_resume) pending=action.pending()/>
        </ActionForm>
        {refused}
    }
}
