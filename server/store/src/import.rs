//! D3: what an import does to the devices that are known.

use crate::devices::Imported;
use contract::{DeviceId, devices::DeviceForm};
use std::collections::HashMap;

/// Takes the lines one after another: a later line of the same serial number counts against the earlier one. Answers
/// the numbers, and the devices to write as they are at the end, each with the id it has or gets.
pub fn import(
    mut known: HashMap<String, (DeviceId, DeviceForm)>,
    lines: &[(DeviceId, DeviceForm)],
) -> (Imported, Vec<(DeviceId, DeviceForm)>) {
    let mut imported = Imported::default();
    let mut touched: Vec<String> = Vec::new();
    for (id, form) in lines {
        match known.get_mut(&form.serial) {
            None => {
                imported.added += 1;
                touched.push(form.serial.clone());
                known.insert(form.serial.clone(), (id.clone(), form.clone()));
            }
            Some((_, old)) if old == form => imported.unchanged += 1,
            Some((_, old)) => {
                imported.changed += 1;
                touched.push(form.serial.clone());
                old.clone_from(form);
            }
        }
    }
    let devices = touched.iter().filter_map(|serial| known.remove(serial)).collect();
    (imported, devices)
}
