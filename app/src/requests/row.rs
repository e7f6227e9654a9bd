//! A request in the list, with the two answers.

use super::list::Answers;
use crate::{
    catalog::AssetIcon,
    form::ActionForm,
    i18n, t,
    ui::{Area, Kind, Moment, Submit, Tag, Tone},
};
use contract::checkin::RequestRow;
use leptos::prelude::*;

pub(super) fn request(row: RequestRow, answers: Option<Answers>) -> AnyView {
    let last = match answers {
        Some(answers) => {
            let of = t!(request_of, app = &row.asset_name, device = &row.device_name);
            view! { <Answer id=row.id.to_string() of answers gone=row.device_gone/> }.into_any()
        }
        None => given(&row),
    };
    let gone = row
        .device_gone
        .then(|| view! { <Tag tone=Tone::Warn label=t!(orphan_device_left)/> });
    let free = row
        .free
        .map_or_else(|| t!(level_unlimited).to_owned(), i18n::number);
    view! {
        <tr>
            <th scope="row">
                <a class="item" href=format!("/apps/{}", row.asset)>
                    <AssetIcon url=row.icon name=row.asset_name.clone()/>
                    <span>{row.asset_name} <small>{row.location_name}</small></span>
                </a>
            </th>
            <td data-label=t!(request_device)>
                <div class="stack">
                    <a href=format!("/devices/{}", row.device)>{row.device_name}</a>
                    <small>{row.user_name}</small>
                    {gone}
                </div>
            </td>
            <td data-label=t!(request_reason)>{row.reason}</td>
            <td data-label=t!(request_made)><Moment at=row.made_at/></td>
            <td data-label=t!(request_free) class="number">{free}</td>
            <td data-label=t!(request_answer)>{last}</td>
        </tr>
    }
    .into_any()
}

/// Who answered, when, and what came of it.
fn given(row: &RequestRow) -> AnyView {
    let by = row
        .answered
        .clone()
        .map(|(by, at)| view! { <span>{by}</span> <small><Moment at/></small> }.into_any());
    let words = (!row.answer.is_empty()).then(|| view! { <span>{row.answer.clone()}</span> }.into_any());
    let operation = row.operation.clone().map(|operation| {
        view! { <a href=format!("/activity/{operation}")>{t!(request_operation)}</a> }.into_any()
    });
    view! { <div class="stack">{words} {operation} {by}</div> }.into_any()
}

#[component]
fn Answer(id: String, of: String, answers: Answers, gone: bool) -> impl IntoView {
    let button = |label: &'static str, kind: Kind, pending: Signal<bool>| {
        view! { <Submit kind label of=of.clone() pending/> }.into_any()
    };
    let (same, area) = (id.clone(), format!("answer-{id}"));
    let approve = (!gone).then(|| {
        let approve = button(t!(request_approve), Kind::Main, answers.approve.pending());
        view! {
            <ActionForm action=answers.approve>
                <input type="hidden" name="id" value=same/>
                {approve}
            </ActionForm>
        }
    });
    let ask = t!(account_do_to, what = t!(request_refuse), name = &of);
    let refuse = button(t!(request_refuse_now), Kind::Danger, answers.refuse.pending());
    view! {
        <div class="request-answer">
            {approve}
            <details>
                <summary class="button" aria-label=ask>{t!(request_refuse)}</summary>
                <ActionForm action=answers.refuse>
                    <input type="hidden" name="id" value=id/>
                    <Area name="answer" id=area label=t!(request_why_not) rows=2 longest=RequestRow::LONGEST_ANSWER/>
                    {refuse}
                </ActionForm>
            </details>
        </div>
    }
}
