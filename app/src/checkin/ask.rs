//! `/checkin/ask?q=&asset=`: find an app, say why, ask (P4).

use super::{
    calls::{self, Ask},
    frame::{CheckInFault, CheckInFrame},
};
use crate::{
    browser,
    call::Failure,
    catalog::AssetIcon,
    form::{ActionForm, FormAction},
    i18n,
    reading::{reading, when_read},
    t,
    ui::{Address, Area, ButtonLink, CollectAny, Icon, Kind, Submit, Tag, Tone, address},
};
use contract::{
    AssetId, Code,
    checkin::{OwnRequest, Wanted},
};
use leptos::prelude::*;

pub fn ask_page() -> AnyView {
    let address = address();
    let text = Memo::new(move |_| address.with(|address| address.get("q")).trim().to_owned());
    let chosen = Memo::new(move |_| {
        address
            .with(|address| address.get("asset"))
            .parse()
            .ok()
            .map(AssetId)
    });
    let found = reading(move || text.get(), calls::find);
    let inside = when_read(move || {
        let chosen = chosen.get();
        async move {
            match found.await {
                Ok(found) => match found.iter().find(|app| Some(app.id) == chosen) {
                    Some(app) => view! { <Why app=app.clone()/> }.into_any(),
                    None => view! { <Find address text=text.get_untracked() found/> }.into_any(),
                },
                Err(Failure(fault)) if fault.code == Code::DeviceUserEnrolled => view! {
                    <h1 id="page-title" tabindex="-1">{t!(checkin_ask)}</h1>
                    <p>{t!(checkin_ask_enrolled)}</p>
                    <p><a href="/checkin">{t!(checkin_back)}</a></p>
                }
                .into_any(),
                Err(Failure(fault)) => view! { <CheckInFault title=t!(checkin_ask) fault/> }.into_any(),
            }
        }
    });
    view! { <CheckInFrame title=t!(checkin_ask)>{inside}</CheckInFrame> }.into_any()
}

#[component]
fn Find(address: Memo<Address>, text: String, found: Vec<Wanted>) -> impl IntoView {
    let none = found.is_empty();
    let rows = found
        .into_iter()
        .map(|app| {
            let href = address.with_untracked(|address| address.with("asset", &app.id.to_string()));
            let (tone, label) = match app.free {
                true => (Tone::Good, t!(checkin_free)),
                false => (Tone::Wait, t!(checkin_not_free)),
            };
            view! {
                <li class="checkin-app">
                    <AssetIcon url=app.icon name=app.name.clone()/>
                    <div>
                        <p class="checkin-name"><a href=href>{app.name}</a></p>
                        <p class="small muted">{app.publisher}</p>
                    </div>
                    <Tag tone label/>
                </li>
            }
        })
        .collect_any();
    let list = if none {
        view! { <p role="status">{t!(checkin_found_none)}</p> }.into_any()
    } else {
        view! { <section class="checkin-group"><ul>{rows}</ul></section> }.into_any()
    };
    view! {
        <h1 id="page-title" tabindex="-1">{t!(checkin_ask)}</h1>
        <form method="get" action="/checkin/ask" role="search" aria-label=t!(checkin_find)>
            <div class="field">
                <label for="q">{t!(checkin_find)}</label>
                <input id="q" type="search" name="q" autocomplete="off" value=text.clone()/>
            </div>
            <Submit label=t!(search_button) icon=Icon::Search/>
        </form>
        {list}
        <p><a href="/checkin">{t!(checkin_back)}</a></p>
    }
}

#[component]
fn Why(app: Wanted) -> impl IntoView {
    let action = FormAction::<Ask>::new();
    let refusal = action.refusal();
    Effect::new(move |_| {
        if action.done().get().is_some() {
            browser::leave_to(calls::ASKED);
        }
    });
    let then = if app.free {
        t!(checkin_then_free)
    } else {
        t!(checkin_then_wait)
    };
    view! {
        <h1 id="page-title" tabindex="-1">{t!(checkin_ask_for, name = app.name)}</h1>
        <p class="muted">{then}</p>
        {refusal.note()}
        <ActionForm action=action>
            <input type="hidden" name="asset" value=app.id.to_string()/>
            <Area
                name="reason"
                label=t!(checkin_reason)
                hint=t!(checkin_reason_hint, most = i18n::number(OwnRequest::LONGEST_REASON))
                value=refusal.at_first("reason", "")
                error=refusal.of("reason")
                required=true
            />
            <div class="commands">
                <Submit kind=Kind::Main label=t!(checkin_send) pending=action.pending()/>
                <ButtonLink href="/checkin/ask" label=t!(edit_cancel)/>
            </div>
        </ActionForm>
    }
}
