//! The pill in the top bar: what Pomona does at Apple at this moment.

use crate::{activity::calls, live, t};
use contract::{
    OperationId,
    activity::{OperationKind, OperationRow},
    live::LiveEvent,
};
use leptos::prelude::*;
use std::collections::HashMap;

/// What has become of an operation since the list was read.
#[derive(Clone, Copy, PartialEq)]
struct Change {
    settled: i64,
    total: i64,
    ended: bool,
}

/// `read` is what the page was rendered with.
#[component]
pub fn Running(read: Vec<OperationRow>) -> impl IntoView {
    let rows = RwSignal::new(read);
    let changes = RwSignal::new(HashMap::<OperationId, Change>::new());
    let read_again = move || {
        leptos::task::spawn_local(async move {
            if let Ok(new) = calls::running().await {
                changes.try_update(HashMap::clear);
                rows.try_set(new);
            }
        });
    };
    live::on_event(move |event| match event {
        LiveEvent::Operation {
            id,
            state,
            total,
            done,
            failed,
            waiting,
            ..
        } => {
            let ended = state.is_over();
            let change = Change {
                settled: done + failed + waiting,
                total: *total,
                ended,
            };
            changes.try_update(|all| all.insert(id.clone(), change));
            let known = rows.try_with_untracked(|rows| rows.iter().any(|row| row.id == *id));
            if known == Some(false) && !ended {
                read_again();
            }
        }
        LiveEvent::Missed => read_again(),
        _ => {}
    });
    let open = move || -> Vec<(OperationRow, Change)> {
        rows.get()
            .into_iter()
            .map(|row| {
                let read = Change {
                    settled: row.done + row.failed + row.waiting,
                    total: row.total,
                    ended: false,
                };
                let change = changes.with(|all| all.get(&row.id).copied()).unwrap_or(read);
                (row, change)
            })
            .filter(|(_, change)| !change.ended)
            .collect()
    };
    view! { <div class="running">{move || pill(&open())}</div> }
}

/// One operation by name, several as a number.
fn pill(open: &[(OperationRow, Change)]) -> Option<impl IntoView + use<>> {
    let (row, _) = open.first()?;
    let settled: i64 = open.iter().map(|(_, change)| change.settled).sum();
    let total: i64 = open.iter().map(|(_, change)| change.total).sum();
    let (href, words) = if open.len() == 1 {
        (format!("/activity/{}", row.id), name(row))
    } else {
        (
            "/activity".to_owned(),
            t!(running_many, count = open.len() as i64),
        )
    };
    let figures = t!(running_of, done = settled, total = total);
    Some(view! {
        <a href=href>
            <span class="running-name">{words}</span>
            <span class="running-figures">{figures}</span>
            <progress max=total.max(1) value=settled aria-label=t!(running_label)></progress>
        </a>
    })
}

fn name(row: &OperationRow) -> String {
    let what = if row.asset_name.is_empty() {
        t!(running_assets, count = row.assets)
    } else {
        row.asset_name.clone()
    };
    match row.kind {
        OperationKind::Assign => t!(running_assign, what = what),
        OperationKind::Revoke => t!(running_revoke, what = what),
        OperationKind::Adopt => t!(activity_adopt, what = what),
        OperationKind::LetGo => t!(activity_let_go, what = what),
    }
}
