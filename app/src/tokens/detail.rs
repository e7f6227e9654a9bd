//! `/tokens/:id`: one token, its sync as it runs, what is possible now.

use super::{
    calls::{self, Sync},
    owner,
    possible::PossibleCard,
    state::{ReadOnlyNote, StateNote, account_type, on_off},
    sync::{self, LiveSyncs, SyncNow, SyncTag},
};
use crate::{
    browser,
    form::{ActionForm, FormAction},
    i18n,
    reading::{reading, when_read},
    session, t,
    ui::{
        ButtonLink, Card, CollectAny, Column, Day, Fact, Facts, Icon, Kind, Moment, PageHead, Stat, Stats,
        Submit, Table, either,
    },
};
use contract::{
    Caller, DAY, Permission, TokenId, UnixMillis,
    tokens::{NotificationState, Ownership, SyncRun, SyncState, TokenDetail, TokenState},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

pub fn detail_page() -> AnyView {
    let params = use_params_map();
    let id = move || TokenId(params.with(|params| params.get("id")).unwrap_or_default());
    let token = reading(id, calls::detail);
    let runs = reading(id, calls::syncs);
    let syncs = LiveSyncs::follow(move || {
        token.refetch();
        runs.refetch();
    });
    when_read(move || async move {
        let caller = session::caller().await;
        let runs = runs.await.unwrap_or_default();
        either(
            token.await,
            move |token| view! { <Detail token runs syncs caller/> },
        )
    })
}

#[component]
fn Detail(token: TokenDetail, runs: Vec<SyncRun>, syncs: LiveSyncs, caller: Option<Caller>) -> impl IntoView {
    let may = |permission| caller.as_ref().is_some_and(|caller| caller.may(permission));
    let (manage, sync) = (may(Permission::ManageTokens), may(Permission::SyncTokens));
    let state = syncs.state(&token.row.location, token.row.sync.clone());
    let row = token.row.clone();
    let sub = [
        row.apple_account.clone(),
        account_type(row.account_type).to_owned(),
        i18n::country(&row.country),
        t!(token_sub_location, uid = &token.uid),
    ]
    .into_iter()
    .filter(|part| !part.is_empty())
    .collect::<Vec<_>>()
    .join(" · ");
    let to = |page: &str| format!("/tokens/{}/{page}", row.id);
    let commands = manage.then(|| {
        view! {
            <ButtonLink href=to("edit") label=t!(token_edit)/>
            <ButtonLink href=to("renew") label=t!(token_renew)/>
            <ButtonLink href=to("delete") label=t!(token_delete)/>
        }
    });
    let unclaimed = token.managed_by == Ownership::Nobody && row.state == TokenState::Valid;
    let can_sync = row.sync_stop().is_none();
    view! {
        <PageHead title=row.name.clone() sub>
            {commands}
            {(sync && can_sync).then(|| view! { <SyncButton id=row.id.clone() state/> })}
        </PageHead>
        <StateNote token=token.clone() manage/>
        <ReadOnlyNote token=token.row.clone() manage/>
        <Stats>
            <Stat figure=i18n::number(row.apps) label=t!(token_stat_apps)/>
            <Stat figure=i18n::number(row.used) label=t!(token_stat_used, total = row.total)/>
            <ExpiryStat at=row.expires_at/>
            <Stat
                figure=i18n::number(token.operations_open)
                label=t!(token_stat_operations)
                href=format!("/activity?location={}", row.location)
            />
        </Stats>
        <div class="columns">
            <SyncCard token=token.clone() state/>
            <PossibleCard token=token.row.clone() unclaimed/>
            <AboutCard token/>
        </div>
        <Runs runs/>
    }
}

/// The days left, once the browser's clock is known; the day itself always.
#[component]
fn ExpiryStat(at: UnixMillis) -> impl IntoView {
    let left = move || {
        browser::now()
            .map(|now| (at - now).div_euclid(DAY))
            .filter(|days| *days >= 0)
    };
    let figure = move || left().map_or_else(|| i18n::day(at), i18n::number);
    let label = move || match left() {
        Some(days) => t!(token_stat_days, count = days, day = i18n::day(at)),
        None => t!(token_stat_expiry).to_owned(),
    };
    view! { <Stat figure=Signal::derive(figure) label=Signal::derive(label)/> }
}

#[component]
fn SyncButton(id: TokenId, state: Signal<SyncState>) -> impl IntoView {
    let action = FormAction::<Sync>::new();
    let under_way =
        move || state.with(|state| matches!(state, SyncState::Queued | SyncState::InProgress { .. }));
    let refused = action.refusal().note();
    view! {
        <ActionForm action=action>
            <input type="hidden" name="id" value=id.0/>
            <Submit
                kind=Kind::Main
                icon=Icon::Sync
                label=t!(token_sync_now)
                pending=action.pending()
                disabled=Signal::derive(under_way)
            />
        </ActionForm>
        {refused}
    }
}

#[component]
fn SyncCard(token: TokenDetail, state: Signal<SyncState>) -> impl IntoView {
    let last = match token.row.synced_at {
        Some(at) => view! { <Moment at/> }.into_any(),
        None => t!(sync_never).into_any(),
    };
    let stop = token.row.sync_stop();
    let next = match (&stop, token.next_sync_at) {
        (Some(by), _) => sync::stopped(by).into_any(),
        (None, Some(at)) => view! { <Moment at/> }.into_any(),
        (None, None) => t!(sync_none_planned).into_any(),
    };
    let stopped = stop.is_some();
    view! {
        <Card title=t!(sync_title)>
            <SyncNow state stopped/>
            <Facts>
                <Fact name=t!(token_sync_state)><SyncTag state stopped/></Fact>
                <Fact name=t!(sync_last)>{last}</Fact>
                <Fact name=t!(sync_next)>{next}</Fact>
                <Fact name=t!(sync_every)>{t!(sync_every_hours, count = token.sync_hours)}</Fact>
                <Fact name=t!(token_notifications)><Notifications state=token.notifications/></Fact>
            </Facts>
        </Card>
    }
}

/// S4: whether Apple tells of changes by itself, and why not.
#[component]
fn Notifications(state: NotificationState) -> impl IntoView {
    let (text, more) = match state {
        NotificationState::Off => (t!(notifications_off), None),
        NotificationState::Waiting => (t!(notifications_waiting), None),
        NotificationState::Active {
            last_received: Some(at),
            ..
        } => {
            let last = view! { {t!(notifications_last)} " " <Moment at/> }.into_any();
            (t!(notifications_active), Some(last))
        }
        NotificationState::Active { .. } => {
            (t!(notifications_active), Some(t!(notifications_none).into_any()))
        }
        NotificationState::Refused { fault } => {
            (t!(notifications_refused), Some(i18n::cause(&fault).into_any()))
        }
    };
    view! {
        {text}
        {more.map(|more| view! { <p class="small muted">{more}</p> })}
    }
}

#[component]
fn AboutCard(token: TokenDetail) -> impl IntoView {
    let created = format!("{} · {}", i18n::day(token.created_at), token.created_by);
    view! {
        <Card title=t!(token_about)>
            <Facts>
                <Fact name=t!(token_managed_by)>{owner::words(&token.managed_by)}</Fact>
                <Fact name=t!(token_location)>{token.row.location_name}</Fact>
                <Fact name=t!(token_organisation)>{token.row.organisation}</Fact>
                <Fact name=t!(token_expires)><Day at=token.row.expires_at/></Fact>
                <Fact name=t!(token_automatic_updates)>{on_off(token.row.automatic_updates)}</Fact>
                <Fact name=t!(token_created)>{created}</Fact>
                <Fact name=t!(token_consent)><Day at=token.consent_at/></Fact>
            </Facts>
        </Card>
    }
}

#[component]
fn Runs(runs: Vec<SyncRun>) -> impl IntoView {
    // The one that is under way is above, with all that is known of it.
    let past = |run: &SyncRun| !matches!(run.state, SyncState::InProgress { .. });
    let runs: Vec<_> = runs.into_iter().filter(past).collect();
    (!runs.is_empty()).then(|| {
        let rows = runs.into_iter().map(run).collect_any();
        let head = view! {
            <Column label=t!(run_started)/>
            <Column label=t!(run_result)/>
            <Column label=t!(run_took) number=true/>
            <Column label=t!(run_assets) number=true/>
            <Column label=t!(run_assignments) number=true/>
            <Column label=t!(run_added) number=true/>
            <Column label=t!(run_removed) number=true/>
        };
        view! {
            <h2 class="section">{t!(runs_title)}</h2>
            <Table caption=t!(runs_title) head>{rows}</Table>
        }
        .into_any()
    })
}

fn run(run: SyncRun) -> impl IntoView {
    let took = match &run.state {
        SyncState::Completed { took, .. } => i18n::took(*took),
        _ => "–".to_owned(),
    };
    let cause = match &run.state {
        SyncState::Failed { fault, .. } => Some(view! { <p class="small muted">{i18n::cause(fault)}</p> }),
        _ => None,
    };
    view! {
        <tr>
            <th scope="row"><Moment at=run.started_at/></th>
            <td data-label=t!(run_result)><SyncTag state=Signal::stored(run.state)/>{cause}</td>
            <td data-label=t!(run_took) class="number">{took}</td>
            <td data-label=t!(run_assets) class="number">{i18n::number(run.assets)}</td>
            <td data-label=t!(run_assignments) class="number">{i18n::number(run.assignments)}</td>
            <td data-label=t!(run_added) class="number">{i18n::number(run.added)}</td>
            <td data-label=t!(run_removed) class="number">{i18n::number(run.removed)}</td>
        </tr>
    }
}
