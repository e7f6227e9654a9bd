//! Deleting a group, with its name typed; what is assigned to it, which goes first.

use super::calls::Delete;
use crate::{
    form::{ActionForm, FormAction},
    t,
    ui::{Card, CollectAny, Field, Kind, Submit},
};
use contract::groups::{GroupRow, GroupUse};
use leptos::prelude::*;

#[component]
pub(super) fn DeleteForm(row: GroupRow) -> impl IntoView {
    let action = FormAction::<Delete>::new();
    let refusal = action.refusal();
    let label = t!(group_delete_name, name = &row.name);
    view! {
        <Card title=t!(group_delete)>
            <p>{t!(group_delete_text, count = row.members)}</p>
            {refusal.note()}
            <ActionForm action=action>
                <input type="hidden" name="id" value=row.id.0/>
                <Field name="confirm" label required=true error=refusal.of("confirm")/>
                <div class="commands">
                    <Submit kind=Kind::Danger label=t!(group_delete) pending=action.pending()/>
                </div>
            </ActionForm>
        </Card>
    }
}

/// What is assigned to the group.
#[component]
pub(super) fn InUse(
    uses: Vec<GroupUse>,
    /// The group could be deleted, were it not for these.
    change: bool,
) -> impl IntoView {
    let lines = uses
        .into_iter()
        .map(|one| {
            let href = format!("/assignments?asset={}", one.asset);
            view! { <li><a href=href>{one.asset_name}</a> " " <small>{one.location_name}</small></li> }
        })
        .collect_any();
    view! {
        <Card title=t!(group_uses)>
            {change.then(|| view! { <p>{t!(group_uses_text)}</p> })}
            <ul class="lines" role="list">{lines}</ul>
        </Card>
    }
}
