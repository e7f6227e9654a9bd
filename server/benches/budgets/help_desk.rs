//! The help desk's box at 1,000,000 licences and 40,000 devices: serial numbers mostly, names, apps, error numbers, and what
//! is nowhere.

use crate::{
    Outcome,
    children::{NO_APPLE, Program},
    load::{CONNECTIONS, Load},
    numbers::median,
    pages,
    place::Folder,
    report::{Budget, Report},
};
use contract::{DeviceId, devices::DeviceForm};
use sandbox::{GeneratedDevice, Organisation};
use server::{
    clock::new_id,
    start::{apple_settings, open_portal},
};
use std::fmt::Write;
use store::devices::Import;

pub const NAME: &str = "helpdesk.search";

/// `data` has the licences of this organisation's devices, but not the devices.
pub async fn measure(report: &Report, data: &Folder, organisation: &Organisation) -> Outcome<()> {
    report.progress("adding the devices");
    let devices: Vec<_> = organisation.devices().collect();
    add(data, &devices).await?;
    let server = Program::serve(data.path()).await?;
    let visitor = pages::visitor(&server).await?;
    let paths = questions(&devices, organisation);
    let first = paths.first().ok_or("no questions")?;
    pages::page(&visitor, first, organisation.apps as usize).await?;
    let mut load = Load::new(&visitor, paths).await?;
    let (mut waits, mut rates) = (vec![], vec![]);
    for run in 1..=report.runs {
        report.progress(&format!("{NAME}: run {run} of {}", report.runs));
        let run = load.run().await?;
        waits.push(run.p99);
        rates.push(run.per_second);
    }
    let note = format!(
        "p99 over {CONNECTIONS} connections, {:.0} answers a second",
        median(&rates)
    );
    report.print_median(NAME, &waits, "ms", Budget::AtMost(50.0), &note);
    server.stop().await
}

async fn add(data: &Folder, devices: &[GeneratedDevice]) -> Outcome<()> {
    let portal = open_portal(
        &data.storage(),
        apple_settings(NO_APPLE),
        "http://127.0.0.1",
        false,
    )
    .await?;
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
            14..=16 => path(&device.name),
            17 => path(app),
            18 => path("9709"),
            19 => path(&format!("nowhere {}", device.serial_number)),
            _ => path(&device.serial_number),
        })
        .collect()
}

/// Everything but letters and digits becomes `%XX`.
fn path(question: &str) -> String {
    let mut path = "/search?q=".to_owned();
    for byte in question.bytes() {
        if byte.is_ascii_alphanumeric() {
            path.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            _ = write!(path, "%{byte:02X}");
        }
    }
    path
}
