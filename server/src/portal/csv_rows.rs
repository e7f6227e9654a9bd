//! Devices and people as the lines of a file that can be uploaded again (D3): with the very columns that an upload knows.

use super::{csv_devices, csv_lines::Names, csv_people};
use contract::{
    devices::{DeviceForm, DeviceRow},
    people::{PersonForm, PersonRow},
};

pub fn device_head() -> Vec<String> {
    head(csv_devices::NAMES)
}

/// A device without a serial number has none in the file either: its person and its name say which one it is (D1).
pub fn device(row: DeviceRow) -> Vec<String> {
    let absent = row.serial.is_absent();
    let mut cells = csv_devices::cells(&DeviceForm {
        name: row.name,
        serial: row.serial.to_string(),
        platform: row.platform,
        model: row.model,
        os_version: row.os_version,
        ownership: row.ownership,
        supervised: row.supervised,
        enrolment: row.enrolment,
        kiosk: row.kiosk,
        store_blocked: row.store_blocked,
        user_name: row.user_name,
        last_check_in: row.seen_at,
    });
    if let Some(serial) = cells.first_mut().filter(|_| absent) {
        serial.clear();
    }
    cells
}

pub fn person_head() -> Vec<String> {
    head(csv_people::NAMES)
}

pub fn person(row: PersonRow) -> Vec<String> {
    csv_people::cells(&PersonForm {
        name: row.name,
        user_name: row.user_name,
        email: row.email,
        managed_apple_account: row.managed_apple_account,
        department: row.department,
        active: row.active,
    })
}

fn head(names: Names) -> Vec<String> {
    names.iter().map(|(column, ..)| (*column).to_owned()).collect()
}
