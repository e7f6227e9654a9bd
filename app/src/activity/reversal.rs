//! What an operation's page says of holding back and undoing (R4).

use super::calls::Cancel;
use crate::{
    form::{ActionForm, FormAction},
    t,
    ui::{Fact, Moment, Note, Submit, Tone, toast},
};
use contract::{OperationId, UnixMillis, activity::OperationRow};
use leptos::prelude::*;

/// It is not sent before its moment; until then it can be cancelled.
#[component]
pub(super) fn HeldBack(
    id: OperationId,
    until: UnixMillis,
    may_cancel: bool,
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
    let button = may_cancel.then(|| {
        view! {
            <ActionForm action=action>
                <input type="hidden" name="id" value=id.0/>
                <Submit label=t!(operation_cancel) pending=action.pending()/>
            </ActionForm>
        }
    });
    view! {
        <Note tone=Tone::Wait title=t!(operation_held_title)>
            <p>{t!(operation_held_until)} " " <Moment at=until/></p>
            {button}
        </Note>
        {refused}
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
