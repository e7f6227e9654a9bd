//! What an operation's page says of holding back and undoing (R4).

use super::{
    calls::{self, Cancel},
    words::{self, OperationTag},
};
use crate::{
    form::{ActionForm, FormAction},
    reading::{reading, when_read},
    t,
    ui::{Card, Fact, Moment, Note, Submit, Tone, either, toast},
};
use contract::{
    OperationId, Page, UnixMillis,
    activity::{OperationQuery, OperationRow, Reach},
};
use leptos::prelude::*;

/// It is not sent before its moment; until then it can be cancelled.
#[component]
pub(super) fn HeldBack(
    until: UnixMillis,
    /// The way to cancel it.
    children: Children,
) -> impl IntoView {
    view! {
        <Note tone=Tone::Wait title=t!(operation_held_title)>
            <p>{t!(operation_held_until)} " " <Moment at=until/></p>
            {children()}
        </Note>
    }
}

/// Ends it before anything is sent, or all of its act.
#[component]
pub(super) fn CancelButtons(
    id: OperationId,
    /// Whether it is one of several.
    act: bool,
    read_again: impl Fn() + Copy + 'static,
) -> impl IntoView {
    let action = FormAction::<Cancel>::new();
    Effect::new(move |_| {
        if action.done().get().is_some() {
            toast(t!(operation_cancelled));
            read_again();
        }
    });
    let refused = action.refusal().note();
    let button = |reach, label: &'static str| {
        let id = id.0.clone();
        view! {
            <ActionForm action=action>
                <input type="hidden" name="id" value=id/>
                <input type="hidden" name="reach" value=words::reach(reach)/>
                <Submit label pending=action.pending()/>
            </ActionForm>
        }
    };
    let one = button(Reach::Operation, t!(operation_cancel));
    let all = act.then(|| button(Reach::Act, t!(operation_cancel_act)));
    view! {
        <div class="commands">
            {one}
            {all}
        </div>
        {refused}
    }
}

/// The operations that the same act started: the first of them, and a way to all.
#[component]
pub(super) fn ActCard(id: OperationId, act: OperationId) -> impl IntoView {
    let of = act.clone();
    let others = reading(
        move || of.clone(),
        |act| {
            calls::list(OperationQuery {
                act: Some(act),
                ..OperationQuery::default()
            })
        },
    );
    let list = when_read(move || {
        let (id, act) = (id.clone(), act.clone());
        async move {
            either(others.await, move |page: Page<OperationRow>| {
                let line = |row: OperationRow| {
                    let href = format!("/activity/{}", row.id);
                    let state = Signal::stored(row.state);
                    let failed = Signal::stored(row.failed);
                    view! {
                        <li>
                            <a href=href>{row.location_name.clone()}</a>
                            " "
                            <OperationTag state failed held=row.is_held_back()/>
                        </li>
                    }
                };
                let more = page.next.is_some().then(|| {
                    view! { <p><a href=format!("/activity?act={act}")>{t!(operation_act_all)}</a></p> }
                });
                let lines: Vec<_> = page
                    .rows
                    .into_iter()
                    .filter(|row| row.id != id)
                    .map(line)
                    .collect();
                view! {
                    <ul class="lines" role="list">{lines}</ul>
                    {more}
                }
            })
        }
    });
    view! {
        <Card title=t!(operation_act)>
            <p>{t!(operation_act_text)}</p>
            {list}
        </Card>
    }
}

/// The operations that this one reverses, and that reverse this one.
pub(super) fn reversals(row: &OperationRow) -> impl IntoView + use<> {
    let link = |id: OperationId| view! { <a href=format!("/activity/{id}")>{t!(ledger_operation_open)}</a> };
    let undoes = row
        .undoes
        .clone()
        .map(|id| view! { <Fact name=t!(operation_undoes)>{link(id)}</Fact> });
    let undone_by = row
        .undone_by
        .clone()
        .map(|id| view! { <Fact name=t!(operation_undone_by)>{link(id)}</Fact> });
    (undoes, undone_by)
}
