//! Devices and people as the lines of a file that can be uploaded again (D3): with the very columns that an upload knows.

use super::{devices, lines::Names, people};
use contract::{devices::DeviceRow, people::PersonRow};

pub fn device_head() -> Vec<String> {
    head(devices::NAMES)
}

/// A device without a serial number has none in the file either: its person and its name say which one it is (D1).
pub fn device(row: DeviceRow) -> Vec<String> {
    let absent = row.serial.is_absent();
    let mut cells = devices::cells(&row.into());
    if let Some(serial) = cells.first_mut().filter(|_| absent) {
        serial.clear();
    }
    cells
}

pub fn person_head() -> Vec<String> {
    head(people::NAMES)
}

pub fn person(row: PersonRow) -> Vec<String> {
    people::cells(&row.into())
}

fn head(names: Names) -> Vec<String> {
    names.iter().map(|(column, ..)| (*column).to_owned()).collect()
}
