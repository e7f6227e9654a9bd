//! The help desk's box at 1,000,000 licences and 40,000 devices: serial numbers mostly, names, apps, error numbers, and what
//! is nowhere.

use crate::{
    Outcome,
    pages::{Waits, percent},
    place::Folder,
    report::Report,
};
use contract::{DeviceId, devices::DeviceForm};
use sandbox::{GeneratedDevice, Organisation};
use server::clock::new_id;
use store::devices::Import;

pub const NAME: &str = "helpdesk.search";

/// `data` has the licences of this organisation's devices, but not the devices.
pub async fn measure(report: &Report, data: &Folder, organisation: &Organisation) -> Outcome<()> {
    report.progress("adding the devices");
    let devices: Vec<_> = organisation.devices().collect();
    add(data, &devices).await?;
    let waits = Waits {
        name: NAME,
        paths: questions(&devices, organisation),
        rows: organisation.apps as usize,
        budget: 50.0,
    };
    waits.measure(report, data).await
}

async fn add(data: &Folder, devices: &[GeneratedDevice]) -> Outcome<()> {
    let portal = data.portal().await?;
    let now = portal.clock.now();
    let forms: Vec<_> = devices
        .iter()
        .map(|device| {
            let form = DeviceForm {
                name: device.name.clone(),
                serial: device.serial_number.clone(),
                ..DeviceForm::default()
            };
            (DeviceId(new_id(now)), form)
        })
        .collect();
    portal.db.import_devices(&forms, now, Import::Write).await?;
    Ok(())
}

/// Of twenty questions fourteen are serial numbers, three names of devices, one is an app's, one an error number, and one
/// finds nothing.
fn questions(devices: &[GeneratedDevice], organisation: &Organisation) -> Vec<String> {
    let apps: Vec<_> = organisation.apps_of(0).map(|app| app.name).collect();
    let apps = apps.iter().map(String::as_str).cycle();
    devices
        .iter()
        .step_by(7)
        .zip(apps)
        .zip((0..20).cycle())
        .map(|((device, app), turn)| match turn {
            14..=16 => search(&device.name),
            17 => search(app),
            18 => search("9709"),
            19 => search(&format!("nowhere {}", device.serial_number)),
            _ => search(&device.serial_number),
        })
        .collect()
}

fn search(question: &str) -> String {
    format!("/search?q={}", percent(question))
}
