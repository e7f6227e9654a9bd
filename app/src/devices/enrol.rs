//! `/devices/:id/enrol`: a link and a QR code that open the device's check-in page (P1).

use super::calls;
use crate::{
    call::Failure,
    form::{ActionForm, FormAction},
    reading::{reading, when_read},
    requests::{self, calls::MakeEnrolmentLink},
    t,
    ui::{
        ButtonLink, FaultNote, Kind, Moment, Note, OneTimeAddress, PageHead, Submit, Tone, changing, either,
    },
};
use contract::{Code, DeviceId, checkin::EnrolmentLink, devices::DeviceRow};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

pub fn enrol_page() -> AnyView {
    let params = use_params_map();
    let id = move || DeviceId(params.with(|params| params.get("id")).unwrap_or_default());
    let device = reading(id, calls::detail);
    when_read(move || async move {
        either(device.await, |device| match device.left_at {
            None => view! { <Enrol device/> }.into_any(),
            Some(_) => view! { <Left device/> }.into_any(),
        })
    })
}

/// No link opens the page of a device that is gone.
#[component]
fn Left(device: DeviceRow) -> impl IntoView {
    view! {
        <PageHead title=t!(enrol_title, name = device.name) sub=t!(enrol_sub).to_owned()/>
        <FaultNote fault=Code::DeviceGone.into()/>
        <ButtonLink href=format!("/devices/{}", device.id) label=t!(enrol_back)/>
    }
}

#[component]
fn Enrol(device: DeviceRow) -> impl IntoView {
    let action = FormAction::<MakeEnrolmentLink>::new();
    // Of a plain form, before this page.
    let kept = {
        let id = device.id.clone();
        reading(move || id.clone(), requests::once::take)
    };
    let before = when_read(move || async move {
        match kept.await {
            Ok(link) => link.map(|link| view! { <Link link/> }.into_any()),
            Err(Failure(fault)) => Some(view! { <FaultNote fault/> }.into_any()),
        }
    });
    let made = changing(move || {
        let link = action.done().get()?;
        Some(view! { <Link link/> })
    });
    let id = device.id.to_string();
    let back = format!("/devices/{id}");
    view! {
        <PageHead title=t!(enrol_title, name = device.name) sub=t!(enrol_sub).to_owned()/>
        {action.refusal().note()}
        // A new link ends the one before.
        <div hidden=move || action.done().with(Option::is_some)>{before}</div>
        {made}
        <ActionForm action=action>
            <input type="hidden" name="device" value=id/>
            <div class="commands">
                <Submit kind=Kind::Main label=t!(enrol_make) pending=action.pending()/>
                <ButtonLink href=back label=t!(enrol_back)/>
            </div>
        </ActionForm>
    }
}

#[component]
fn Link(link: EnrolmentLink) -> impl IntoView {
    // The light margin that readers need around the code.
    const MARGIN: i64 = 4;
    let side = link.modules + 2 * MARGIN;
    view! {
        <div role="status">
            <Note tone=Tone::Good title=t!(enrol_made)>
                <p>{t!(enrol_made_text)}</p>
                <svg
                    class="qr"
                    viewBox=format!("-{MARGIN} -{MARGIN} {side} {side}")
                    role="img"
                    aria-label=t!(enrol_code)
                    shape-rendering="crispEdges"
                >
                    <path d=link.code/>
                </svg>
                <OneTimeAddress path=link.link/>
                <p class="small">{t!(link_good_until)} " " <Moment at=link.expires_at/></p>
            </Note>
        </div>
    }
}
