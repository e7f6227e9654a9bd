//! `/`.

use super::{
    alerts::{StorageNote, TokensNeedingAction, WaitingLists},
    calls,
    sections::{Operations, RunningOut},
};
use crate::{
    i18n, live,
    reading::{reading, when_read},
    session, t,
    ui::{ButtonLink, Empty, Icon, Kind, PageHead, Stat, Stats, either},
};
use contract::{
    Caller, Permission, activity::OperationState, live::LiveEvent, overview::Summary, tokens::SyncState,
};
use leptos::prelude::*;

pub fn overview_page() -> AnyView {
    let summary = reading(|| (), |()| calls::read());
    live::on_change(changes_summary, move || summary.refetch());
    when_read(move || async move {
        let caller = session::caller().await;
        either(summary.await, move |summary| view! { <Overview summary caller/> })
    })
}

/// Ends of syncs and operations; not every step on their way.
fn changes_summary(event: &LiveEvent) -> bool {
    match event {
        LiveEvent::Sync { state, .. } => {
            matches!(state, SyncState::Completed { .. } | SyncState::Failed { .. })
        }
        LiveEvent::Operation { state, .. } => *state != OperationState::Running,
        LiveEvent::Token { .. } | LiveEvent::Counts { .. } | LiveEvent::Missed => true,
        LiveEvent::Requests | LiveEvent::Users | LiveEvent::Devices => false,
    }
}

#[component]
fn Overview(summary: Summary, caller: Option<Caller>) -> impl IntoView {
    let may = |permission| caller.as_ref().is_some_and(|caller| caller.may(permission));
    let manage = may(Permission::ManageTokens);
    let assign = may(Permission::AssignLicenses);
    let alerts = may(Permission::ManageAlerts);
    let storage = summary
        .storage
        .clone()
        .map(|trouble| view! { <StorageNote trouble/> });
    if summary.tokens == 0 {
        return view! {
            <PageHead title=t!(overview_title)/>
            {storage}
            <Empty title=t!(overview_empty_title) text=t!(overview_empty_text)>
                {manage
                    .then(|| view! { <ButtonLink href="/tokens/new" label=t!(tokens_create) kind=Kind::Main icon=Icon::Plus/> })}
            </Empty>
        }
        .into_any();
    }
    view! {
        <PageHead title=t!(overview_title)>
            {alerts.then(|| view! { <ButtonLink href="/settings/alerts" label=t!(overview_alerts)/> })}
        </PageHead>
        {storage}
        <Stats>
            <Stat figure=i18n::number(summary.tokens) label=t!(overview_tokens, count = summary.tokens) href="/tokens"/>
            <Stat figure=i18n::number(summary.apps) label=t!(overview_apps, books = summary.books) href="/apps"/>
            <Stat figure=i18n::number(summary.used) label=t!(token_stat_used, total = summary.total) href="/licenses"/>
            <Stat
                figure=i18n::number(summary.waiting)
                label=t!(overview_waiting, devices = summary.devices)
                href="/licenses?state=waiting"
            />
        </Stats>
        <TokensNeedingAction tokens=summary.tokens_needing_action now=summary.read_at renew=manage/>
        <div class="columns">
            <RunningOut assets=summary.running_out missing=summary.missing/>
            <WaitingLists assets=summary.waiting_lists assign/>
            <Operations operations=summary.operations/>
        </div>
    }
    .into_any()
}
