//! `/`.

use super::{
    calls,
    sections::{Operations, RunningOut, TokensNeedingAction},
};
use crate::{
    i18n, live, session, t,
    ui::{ButtonLink, Empty, Icon, Kind, PageHead, Stat, Stats, either},
};
use contract::{Permission, activity::OperationState, live::LiveEvent, overview::Summary, tokens::SyncState};
use leptos::prelude::*;
use leptos_router::{LazyRoute, lazy_route};

pub struct OverviewPage;

#[lazy_route]
impl LazyRoute for OverviewPage {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        let summary = crate::json::data(|| (), |()| calls::read());
        live::on_event(move |event| {
            if changes_summary(event) {
                summary.refetch();
            }
        });
        let body = move || {
            Suspend::new(async move {
                let caller = session::caller().await;
                let may_create = caller.is_some_and(|caller| caller.may(Permission::ManageTokens));
                either(
                    summary.await,
                    move |summary| view! { <Overview summary may_create/> },
                )
            })
        };
        view! { <Transition>{body}</Transition> }.into_any()
    }
}

/// Ends of syncs and operations; not every step on their way.
fn changes_summary(event: &LiveEvent) -> bool {
    match event {
        LiveEvent::Sync { state, .. } => {
            matches!(state, SyncState::Completed { .. } | SyncState::Failed { .. })
        }
        LiveEvent::Operation { state, .. } => *state != OperationState::Running,
        LiveEvent::Token { .. } | LiveEvent::Missed => true,
        LiveEvent::Counts { .. } => false,
    }
}

#[component]
fn Overview(summary: Summary, may_create: bool) -> impl IntoView {
    if summary.tokens == 0 {
        return view! {
            <PageHead title=t!(overview_title)/>
            <Empty title=t!(overview_empty_title) text=t!(overview_empty_text)>
                {may_create
                    .then(|| view! { <ButtonLink href="/tokens/new" label=t!(tokens_create) kind=Kind::Main icon=Icon::Plus/> })}
            </Empty>
        }
        .into_any();
    }
    view! {
        <PageHead title=t!(overview_title)/>
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
        <TokensNeedingAction tokens=summary.tokens_needing_action/>
        <div class="columns">
            <RunningOut assets=summary.running_out/>
            <Operations operations=summary.operations/>
        </div>
    }
    .into_any()
}
