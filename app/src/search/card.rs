//! A device's card: its licences, each with the cause of its state and the next step, and the tokens behind them.

use super::words;
use crate::{
    devices::{Errands, by_user},
    licenses::StateTag,
    t, tokens,
    ui::{ButtonLink, Card, CollectAny, Column, Day, Kind, Moment, Note, Table, Tone},
};
use contract::{
    Caller, DeviceId, Permission,
    devices::DeviceRow,
    search::{self, ExplainedLicense},
    tokens::{SyncState, TokenRow},
};
use leptos::prelude::*;

#[component]
pub(super) fn DeviceCard(card: search::DeviceCard, caller: Option<Caller>) -> impl IntoView {
    let search::DeviceCard {
        serial,
        device,
        licenses,
        more,
        errands,
        tokens,
    } = card;
    let id = device.as_ref().map(|device| device.id.clone());
    let name = device
        .as_ref()
        .map_or_else(|| serial.to_string(), |device| device.name.clone());
    let all = format!("/licenses?holder={serial}");
    let licenses = match licenses.is_empty() {
        true => view! { <p class="muted">{t!(device_licenses_none)}</p> }.into_any(),
        false => view! { <Licenses name=name.clone() id licenses caller=caller.clone()/> }.into_any(),
    };
    let unknown = device.is_none().then(|| {
        view! {
            <Note tone=Tone::Warn title=t!(search_device_unknown)>
                <p>{t!(search_device_unknown_text)}</p>
            </Note>
        }
    });
    view! {
        <Card title=name>
            <Head serial=serial.shown().to_owned() device caller/>
            {unknown}
            {licenses}
            <p class="section">
                <a href=all>{t!(device_licenses_all)}</a>
                {more.then_some(" …")}
            </p>
            <Errands errands/>
            <Tokens tokens/>
        </Card>
    }
}

/// What the device is, and what can be done with it as a whole.
#[component]
fn Head(serial: String, device: Option<DeviceRow>, caller: Option<Caller>) -> impl IntoView {
    let may = |permission| caller.as_ref().is_some_and(|caller| caller.may(permission));
    let (assign, add) = (may(Permission::AssignLicenses), may(Permission::ManageDevices));
    let about = match &device {
        Some(device) => [device.platform.label(), &device.model, &serial, &device.user_name]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" · "),
        None => serial,
    };
    let commands = match device {
        Some(device) => view! {
            {assign.then(|| {
                let href = format!("/assign?device={}", device.id);
                view! { <ButtonLink href label=t!(search_give) kind=Kind::Main/> }
            })}
            <ButtonLink href=format!("/devices/{}", device.id) label=t!(search_device)/>
        }
        .into_any(),
        None => add
            .then(|| view! { <ButtonLink href="/devices/add" label=t!(device_add_title)/> })
            .into_any(),
    };
    view! {
        <p class="muted">{about}</p>
        <div class="commands desk-commands">{commands}</div>
    }
}

#[component]
fn Licenses(
    name: String,
    id: Option<DeviceId>,
    licenses: Vec<ExplainedLicense>,
    caller: Option<Caller>,
) -> impl IntoView {
    let head = view! {
        <Column label=t!(license_app)/>
        <Column label=t!(license_state)/>
        <Column label=t!(search_cause)/>
        <Column label=t!(search_next)/>
        <Column label=t!(license_since)/>
        <Column label=t!(asset_location)/>
    };
    let rows = licenses
        .into_iter()
        .map(|license| line(license, id.as_ref(), caller.as_ref()))
        .collect_any();
    view! { <Table caption=t!(search_licenses_of, name = name) head>{rows}</Table> }
}

fn line(
    license: ExplainedLicense,
    device: Option<&DeviceId>,
    caller: Option<&Caller>,
) -> impl IntoView + use<> {
    let ExplainedLicense { row, cause, step } = license;
    let by = by_user(&row).map(|by| view! { <small class="muted">{by}</small> });
    let sentence = words::cause(&cause, row.error.as_ref());
    let remedy =
        words::remedy(&cause, row.error.as_ref()).map(|remedy| view! { <p class="small muted">{remedy}</p> });
    let apple = row.error.map(|error| {
        let number = error.number.to_string();
        view! { <p class="small muted">{t!(fault_apple, number = number, message = error.message)}</p> }
    });
    let button = step
        .filter(|step| caller.is_some_and(|caller| caller.may(step.needs())))
        .and_then(|step| {
            let href = words::href(&step, row.asset, device)?;
            let words = words::step(&step);
            let label = t!(step_of, what = &words, name = &row.asset_name);
            Some(view! { <a class="button" href=href aria-label=label>{words}</a> })
        });
    view! {
        <tr>
            <th scope="row">
                <div class="stack"><a href=format!("/apps/{}", row.asset)>{row.asset_name}</a> {by}</div>
            </th>
            <td data-label=t!(license_state)><StateTag state=row.state/></td>
            <td data-label=t!(search_cause)><div class="stack desk-cause"><p>{sentence}</p> {remedy} {apple}</div></td>
            <td data-label=t!(search_next)>{button}</td>
            <td data-label=t!(license_since)><Moment at=row.since/></td>
            <td data-label=t!(asset_location)>{row.location_name}</td>
        </tr>
    }
}

#[component]
fn Tokens(tokens: Vec<TokenRow>) -> impl IntoView {
    (!tokens.is_empty()).then(|| {
        let lines = tokens.into_iter().map(token).collect_any();
        view! {
            <h3>{t!(search_tokens)}</h3>
            <ul class="lines" role="list">{lines}</ul>
        }
    })
}

fn token(row: TokenRow) -> impl IntoView {
    let wrong = words::token_cause(&row.state).or_else(|| match &row.sync {
        SyncState::Failed { fault, .. } => Some(crate::i18n::cause(fault)),
        _ => None,
    });
    view! {
        <li>
            <div>
                <a href=format!("/tokens/{}", row.id)>{row.name}</a>
                <p class="small muted">{row.location_name} " · " {t!(token_expires)} " " <Day at=row.expires_at/></p>
                {wrong.map(|wrong| view! { <p class="small">{wrong}</p> })}
            </div>
            <tokens::StateTag state=row.state/>
        </li>
    }
}
