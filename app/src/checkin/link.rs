//! `/checkin/:secret`: an enrolment link. Looking at it does not use it up, as apps that preview links would; the button
//! does.

use super::{
    calls::{self, Open},
    frame::{CheckInFault, CheckInFrame},
};
use crate::{
    browser,
    call::Failure,
    form::{ActionForm, FormAction},
    reading::{reading, when_read},
    t,
    ui::{Kind, Submit},
};
use contract::checkin::OwnDevice;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

pub fn link_page() -> AnyView {
    let params = use_params_map();
    let secret = move || {
        params
            .with_untracked(|params| params.get("secret"))
            .unwrap_or_default()
    };
    let device = reading(secret, calls::link);
    let inside = when_read(move || async move {
        match device.await {
            Ok(device) => view! { <Question device secret=secret()/> }.into_any(),
            Err(Failure(fault)) => view! { <CheckInFault title=t!(checkin_title) fault/> }.into_any(),
        }
    });
    view! { <CheckInFrame title=t!(checkin_title)>{inside}</CheckInFrame> }.into_any()
}

#[component]
fn Question(device: OwnDevice, secret: String) -> impl IntoView {
    let action = FormAction::<Open>::new();
    let fault = action.refusal().note();
    Effect::new(move |_| {
        if action.done().get().is_some() {
            browser::leave_to("/checkin");
        }
    });
    view! {
        <h1 id="page-title" tabindex="-1">{t!(checkin_open_title, name = device.name)}</h1>
        <p class="muted">{format!("{} · {}", device.platform.label(), device.serial.shown())}</p>
        <p>{t!(checkin_open_text)}</p>
        {fault}
        <ActionForm action=action>
            <input type="hidden" name="secret" value=secret/>
            <Submit kind=Kind::Main label=t!(checkin_open) pending=action.pending()/>
        </ActionForm>
    }
}
