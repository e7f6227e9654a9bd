//! The groups inside of a group, and those around it.

use super::{
    calls::{Nest, Unnest},
    list::table,
    words,
};
use crate::{
    browser,
    form::{ActionForm, FormAction},
    i18n, t,
    ui::{Column, Field, Submit, Table, keyed},
};
use contract::{GroupId, groups::GroupRow};
use leptos::prelude::*;

#[component]
pub(super) fn Nested(
    id: GroupId,
    inner: Vec<GroupRow>,
    outer: Vec<GroupRow>,
    change: bool,
    read_again: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let (nest, unnest) = (FormAction::<Nest>::new(), FormAction::<Unnest>::new());
    Effect::new(move |_| {
        if nest.done().get().is_some() {
            browser::begin_anew("inner");
            read_again();
        }
    });
    Effect::new(move |_| {
        if unnest.done().get().is_some() {
            read_again();
        }
    });
    let inside = if change && !inner.is_empty() {
        let head = view! {
            <Column label=t!(group_name)/>
            <Column label=t!(group_members) number=true/>
            <Column label=t!(account_commands)/>
        };
        let rows = keyed(inner, |row| row.id.clone(), |row| line(row, id.clone(), unnest));
        view! { <Table caption=t!(group_inner) head>{rows}</Table> }.into_any()
    } else {
        table(inner, t!(group_inner_none))
    };
    let around = (!outer.is_empty()).then(|| {
        view! {
            <h2 class="section">{t!(group_outer)}</h2>
            {table(outer, "")}
        }
        .into_any()
    });
    let add = change.then(|| {
        view! {
            <div class="form card">
                <ActionForm action=nest>
                    <input type="hidden" name="id" value=id.0/>
                    <Field name="inner" label=t!(group_nest_name) hint=t!(group_nest_hint) required=true error=nest.refusal().of("inner")/>
                    <div class="commands">
                        <Submit label=t!(group_nest) pending=nest.pending()/>
                    </div>
                </ActionForm>
            </div>
        }.into_any()
    });
    view! {
        <h2 class="section">{t!(group_inner)}</h2>
        {nest.refusal().note()}
        {unnest.refusal().note()}
        {inside}
        {add}
        {around}
    }
}

fn line(row: GroupRow, id: GroupId, unnest: FormAction<Unnest>) -> impl IntoView {
    let name = words::name(&row);
    let of = name.clone();
    view! {
        <tr>
            <th scope="row"><a href=format!("/groups/{}", row.id)>{name}</a></th>
            <td data-label=t!(group_members) class="number">{i18n::number(row.members)}</td>
            <td data-label=t!(account_commands)>
                <ActionForm action=unnest>
                    <input type="hidden" name="id" value=id.0/>
                    <input type="hidden" name="inner" value=row.id.0/>
                    <Submit label=t!(member_remove) of=of pending=unnest.pending()/>
                </ActionForm>
            </td>
        </tr>
    }
}
