//! `/checkin`: this device with its apps, or how it is opened.

use super::{
    calls::{self, Choose, Leave, Take},
    frame::{CheckInFault, CheckInFrame},
    words::{self, Group},
};
use crate::{
    browser,
    call::Failure,
    catalog::AssetIcon,
    form::{ActionForm, FormAction},
    live,
    reading::{reading, when_read},
    t,
    ui::{ButtonLink, CollectAny, Day, Kind, Note, Submit, Tag, Tone, address, keyed},
};
use contract::{
    checkin::{AppState, CheckInView, OwnApp, OwnDevice, OwnInvitation, OwnPage, OwnRequest, RequestState},
    live::LiveEvent,
};
use leptos::prelude::*;

pub fn page() -> AnyView {
    let seen = reading(|| (), |()| calls::view());
    live::on_change(
        |event| matches!(event, LiveEvent::Missed | LiveEvent::Requests),
        move || seen.refetch(),
    );
    let hydrated = browser::hydrated();
    let inside = when_read(move || async move {
        match seen.await {
            Ok(CheckInView::Device(page)) => {
                Effect::new(move |_| hydrated.get().then(|| live::begin("/checkin/events")));
                view! { <Own page again=move || seen.refetch()/> }.into_any()
            }
            Ok(CheckInView::Choose(devices)) => view! { <Choices devices/> }.into_any(),
            Ok(CheckInView::Stranger) => view! { <Stranger/> }.into_any(),
            Err(Failure(fault)) => view! { <CheckInFault title=t!(page_failed) fault/> }.into_any(),
        }
    });
    view! { <CheckInFrame title=t!(checkin_title)>{inside}</CheckInFrame> }.into_any()
}

#[component]
fn Own(page: OwnPage, again: impl Fn() + 'static) -> impl IntoView {
    let OwnPage {
        device,
        invitations,
        apps,
        requests,
        cannot_ask,
    } = page;
    let leave = FormAction::<Leave>::new();
    let get = FormAction::<Take>::new();
    let fault = get.refusal().note();
    Effect::new(move |_| {
        if get.done().with(Option::is_some) {
            // The button that was pressed goes.
            browser::focus_in_place("page-title");
            again();
        }
    });
    Effect::new(move |_| {
        if leave.done().get().is_some() {
            browser::leave_to("/checkin");
        }
    });
    let none = apps
        .is_empty()
        .then(|| view! { <p class="muted">{t!(checkin_no_apps)}</p> });
    let groups = Group::ALL.map(|group| {
        let apps: Vec<OwnApp> = apps
            .iter()
            .filter(|app| Group::of(app.state) == group)
            .cloned()
            .collect();
        (!apps.is_empty()).then(|| view! { <Apps group apps get/> })
    });
    let (open, answered): (Vec<_>, Vec<_>) = requests
        .into_iter()
        .partition(|request| request.state == RequestState::Open);
    let asked = address().with_untracked(|address| address.has("asked", "true"));
    let sent = (asked && !open.is_empty()).then(|| {
        view! { <div role="status"><Note tone=Tone::Good title=t!(checkin_sent)/></div> }
    });
    view! {
        <header class="checkin-device">
            <h1 id="page-title" tabindex="-1">{device.name}</h1>
            <p class="muted">
                {[device.platform.label(), &device.model, device.serial.shown()]
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .collect::<Vec<_>>()
                    .join(" · ")}
            </p>
        </header>
        {invitations.into_iter().map(invitation).collect_any()}
        {match cannot_ask {
            None => view! { <ButtonLink href="/checkin/ask" label=t!(checkin_ask) kind=Kind::Main/> }.into_any(),
            Some(reason) => view! { <p class="muted">{words::cannot_ask(reason)}</p> }.into_any(),
        }}
        {fault}
        {sent}
        {listed(t!(checkin_requests), open)}
        <div aria-live="polite">{none} {groups.into_iter().collect_any()}</div>
        {listed(t!(checkin_answered), answered)}
        {leave.refusal().note()}
        <ActionForm action=leave>
            <Submit label=t!(checkin_leave) pending=leave.pending()/>
        </ActionForm>
    }
}

/// Joins in one tap, at Apple (M2).
fn invitation(invitation: OwnInvitation) -> AnyView {
    view! {
        <Note tone=Tone::Wait title=t!(checkin_join_title, location = invitation.location_name)>
            <p>{t!(checkin_join_text)}</p>
            <div class="commands"><ButtonLink href=invitation.link label=t!(checkin_join) kind=Kind::Main/></div>
        </Note>
    }
    .into_any()
}

#[component]
fn Apps(group: Group, apps: Vec<OwnApp>, get: FormAction<Take>) -> impl IntoView {
    let apps = keyed(apps, |one| one.id, |one| app(one, get));
    view! {
        <section class="checkin-group">
            <h2>{group.title()}</h2>
            <ul>{apps}</ul>
        </section>
    }
}

fn app(app: OwnApp, get: FormAction<Take>) -> AnyView {
    let (tone, label) = words::state(app.state);
    let meaning = words::meaning(&app).map(|words| view! { <p class="small muted">{words}</p> });
    let install = app
        .to_install
        .then(|| view! { <p class="small muted">{t!(checkin_to_install)}</p> });
    let prompts = app
        .prompts
        .and_then(words::prompts)
        .map(|words| view! { <p class="small muted">{words}</p> });
    let accounts = app.accounts.into_iter().map(|account| {
        let words = words::account(account);
        view! { <p class="small muted">{words}</p> }
    });
    let accounts = accounts.collect_any();
    let name = app.name.clone();
    let take = matches!(app.state, AppState::Available { .. }).then(|| {
        view! {
            <ActionForm action=get>
                <input type="hidden" name="asset" value=app.id.to_string()/>
                <Submit kind=Kind::Main label=t!(checkin_get) of=name.clone() pending=get.pending()/>
            </ActionForm>
        }
    });
    let until = match app.state {
        AppState::Withdrawn { until } | AppState::NotMeant { until } => {
            Some(view! { <p class="small">{t!(checkin_until)} " " <Day at=until/></p> })
        }
        _ => None,
    };
    view! {
        <li class="checkin-app">
            <AssetIcon url=app.icon name=app.name.clone()/>
            <div>
                <p class="checkin-name">{app.name}</p>
                <p class="small muted">{app.publisher}</p>
                {meaning}
                {install}
                {accounts}
                {prompts}
                {until}
            </div>
            <Tag tone label/>
            {take}
        </li>
    }
    .into_any()
}

/// Nothing if there is none.
fn listed(title: &'static str, requests: Vec<OwnRequest>) -> Option<AnyView> {
    if requests.is_empty() {
        return None;
    }
    let rows = requests
        .into_iter()
        .map(|request| {
            let (tone, label) = words::request(request.state);
            let answer =
                (!request.answer.is_empty()).then(|| view! { <p class="small">{request.answer}</p> });
            view! {
                <li class="checkin-app">
                    <AssetIcon url=request.icon name=request.asset_name.clone()/>
                    <div>
                        <p class="checkin-name">{request.asset_name}</p>
                        <p class="small muted"><Day at=request.made_at/></p>
                        {answer}
                    </div>
                    <Tag tone label/>
                </li>
            }
        })
        .collect_any();
    let section = view! {
        <section class="checkin-group">
            <h2>{title}</h2>
            <ul>{rows}</ul>
        </section>
    };
    Some(section.into_any())
}

/// Somebody is signed in: which of their devices is this?
#[component]
fn Choices(devices: Vec<OwnDevice>) -> impl IntoView {
    let action = FormAction::<Choose>::new();
    let fault = action.refusal().note();
    Effect::new(move |_| {
        if action.done().get().is_some() {
            browser::leave_to("/checkin");
        }
    });
    if devices.is_empty() {
        return view! {
            <h1 id="page-title" tabindex="-1">{t!(checkin_title)}</h1>
            <p>{t!(checkin_none_own)}</p>
        }
        .into_any();
    }
    let rows = devices
        .into_iter()
        .map(|device| {
            view! {
                <li class="checkin-app">
                    <div>
                        <p class="checkin-name">{device.name.clone()}</p>
                        <p class="small muted">{format!("{} · {}", device.platform.label(), device.serial.shown())}</p>
                    </div>
                    <ActionForm action=action>
                        <input type="hidden" name="device" value=device.id.to_string()/>
                        <Submit label=t!(checkin_this_one) of=device.name.clone() pending=action.pending()/>
                    </ActionForm>
                </li>
            }
        })
        .collect_any();
    view! {
        <h1 id="page-title" tabindex="-1">{t!(checkin_which)}</h1>
        {fault}
        <section class="checkin-group"><ul>{rows}</ul></section>
    }
    .into_any()
}

#[component]
fn Stranger() -> impl IntoView {
    view! {
        <h1 id="page-title" tabindex="-1">{t!(checkin_title)}</h1>
        <p>{t!(checkin_stranger)}</p>
        <ButtonLink href="/sign-in?next=/checkin" label=t!(sign_in_title)/>
    }
}
