//! `/devices/:id`: what a device is, and its licences.

use super::{
    browsers::Browsers,
    calls,
    gone::Gone,
    licenses::{Errands, Licenses},
    words,
};
use crate::{
    call::Failure,
    licenses::MacCard,
    live,
    reading::{reading, when_read},
    session, t,
    ui::{ButtonLink, Card, Fact, Facts, Kind, Moment, PageHead, either, or_dash},
};
use contract::{
    Caller, DeviceId, Page, Permission,
    assignments::LicenseKind,
    devices::DeviceRow,
    licenses::{DeviceLicenses, LicenseRow, MacGrace, MacGraceQuery},
    live::LiveEvent,
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

type Read = Result<(DeviceRow, DeviceLicenses, Page<MacGrace>), Failure>;

async fn read(id: DeviceId) -> Read {
    let device = calls::detail(id).await?;
    let licenses = crate::licenses::calls::of_device(device.serial.clone()).await?;
    let macs = MacGraceQuery {
        holder: device.serial.to_string(),
        ..MacGraceQuery::default()
    };
    let mut macs = crate::licenses::calls::macs(macs).await?;
    macs.rows.retain(|row| row.serial == device.serial);
    Ok((device, licenses, macs))
}

pub fn detail_page() -> AnyView {
    let params = use_params_map();
    let id = move || DeviceId(params.with(|params| params.get("id")).unwrap_or_default());
    let device = reading(id, read);
    live::on_change(
        |event| matches!(event, LiveEvent::Operation { .. } | LiveEvent::Missed),
        move || device.refetch(),
    );
    when_read(move || async move {
        let caller = session::caller().await;
        either(device.await, move |(row, licenses, macs)| {
            let read_again = move || device.refetch();
            view! { <Detail device=row licenses macs caller read_again/> }
        })
    })
}

#[component]
fn Detail(
    device: DeviceRow,
    licenses: DeviceLicenses,
    macs: Page<MacGrace>,
    caller: Option<Caller>,
    read_again: impl Fn() + Copy + 'static,
) -> impl IntoView {
    let may = |permission| caller.as_ref().is_some_and(|caller| caller.may(permission));
    let assign = may(Permission::AssignLicenses);
    let DeviceLicenses { licenses, errands } = licenses;
    let own = |row: &LicenseRow| row.holder.kind() == LicenseKind::Device;
    let revoke = may(Permission::RevokeLicenses) && licenses.iter().any(own);
    let enrol = may(Permission::EnrolDevices);
    let manage = may(Permission::ManageDevices);
    let gone = device.left_at.is_some();
    let enrol_href = format!("/devices/{}/enrol", device.id);
    let serial = device.serial.to_string();
    let macs_href = format!("/licenses/macs?holder={serial}");
    let assign_href = format!("/assign?device={}", device.id);
    let revoke_href = format!("/licenses/revoke?serial={serial}");
    let sub = [device.platform.label(), &device.model, device.serial.shown()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ");
    view! {
        <PageHead title=device.name.clone() sub>
            {(assign && !gone).then(|| view! { <ButtonLink href=assign_href label=t!(devices_assign) kind=Kind::Main/> })}
            {(enrol && !gone).then(|| view! { <ButtonLink href=enrol_href label=t!(device_enrol)/> })}
            {revoke.then(|| view! { <ButtonLink href=revoke_href label=t!(device_revoke_all) kind=Kind::Danger/> })}
        </PageHead>
        <Card title=t!(device_about)>
            <Facts>
                <Fact name=t!(device_serial)>{device.serial.shown().to_owned()}</Fact>
                <Fact name=t!(device_platform)>{device.platform.label()}</Fact>
                <Fact name=t!(device_os)>{or_dash(device.os_version)}</Fact>
                <Fact name=t!(device_model)>{or_dash(device.model)}</Fact>
                <Fact name=t!(device_user)>{or_dash(device.user_name)}</Fact>
                <Fact name=t!(device_ownership)>{words::ownership(device.ownership)}</Fact>
                <Fact name=t!(device_supervised)>{words::yes_no(device.supervised)}</Fact>
                <Fact name=t!(device_enrolment)>{words::enrolment(device.enrolment)}</Fact>
                <Fact name=t!(device_kiosk)>{words::yes_no(device.kiosk)}</Fact>
                <Fact name=t!(device_store_blocked)>{words::yes_no(device.store_blocked)}</Fact>
                <Fact name=t!(device_seen)>
                    {match device.seen_at {
                        Some(at) => view! { <Moment at/> }.into_any(),
                        None => t!(device_never_seen).into_any(),
                    }}
                </Fact>
                {device.left_at.map(|at| view! { <Fact name=t!(device_left)><Moment at/></Fact> })}
                <Fact name=t!(device_added)><Moment at=device.added_at/></Fact>
            </Facts>
        </Card>
        <Licenses licenses serial/>
        <Errands errands/>
        <MacCard macs href=macs_href assign/>
        {(enrol && !gone).then(|| view! { <Browsers id=device.id.clone()/> })}
        {manage.then(|| view! { <Gone id=device.id gone read_again/> })}
    }
}
