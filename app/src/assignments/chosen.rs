//! Both are chosen: the devices came ticked from their own list. One button leads to the plan.

use super::{
    assign::carried,
    calls::{Plan, Way},
    stock::ChosenApps,
};
use crate::{
    form::{ActionForm, FormAction},
    t,
    ui::{Address, ButtonLink, Card, CollectAny, Kind, Submit},
};
use contract::{catalog::AssetRow, devices::DeviceRow};
use leptos::prelude::*;

#[component]
pub fn ChosenDevices(address: Memo<Address>, assets: Vec<AssetRow>, chosen: Vec<DeviceRow>) -> impl IntoView {
    let action = FormAction::<Plan>::new();
    let apps = assets.iter().map(|asset| asset.id.to_string()).collect();
    let devices = chosen.iter().map(|device| device.id.to_string()).collect();
    let count = chosen.len() as i64;
    let others = address.with_untracked(|address| address.with("device", ""));
    let lines = chosen
        .into_iter()
        .map(|device| {
            view! {
                <li>
                    <div>
                        <a href=format!("/devices/{}", device.id)>{device.name}</a>
                        <p class="small muted">{device.serial.shown().to_owned()} " · " {device.platform.label()}</p>
                    </div>
                </li>
            }
        })
        .collect_any();
    view! {
        {action.refusal().note()}
        <ChosenApps address assets/>
        <Card title=t!(assign_chosen, count = count)>
            <ul class="lines" role="list">{lines}</ul>
        </Card>
        <ActionForm action=action>
            {carried("assets[]", apps)}
            {carried("devices[]", devices)}
            <input type="hidden" name="way" value=Way::Chosen.as_str()/>
            <div class="commands">
                <Submit kind=Kind::Main label=t!(assign_plan_chosen) pending=action.pending()/>
                <ButtonLink href=others label=t!(assign_other_devices)/>
            </div>
        </ActionForm>
    }
}
