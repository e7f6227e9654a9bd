//! Devices as CSV (D3).

use super::csv_lines::{self, Blank, Cells, Names, Read, Wrong};
use contract::{
    Code, Fault, Serial,
    devices::{DeviceForm, DeviceOwnership, Enrolment, Platform},
};

/// The first is the one that a file must have; a preview shows them in this order.
pub const NAMES: Names = &[
    (
        "serial",
        Blank::SaysNothing,
        &[
            "serial",
            "serial number",
            "serialnumber",
            "serial_number",
            "serienummer",
        ],
    ),
    (
        "name",
        Blank::SaysNothing,
        &["name", "device name", "device_name", "namn", "naam"],
    ),
    ("platform", Blank::SaysNothing, &["platform", "plattform"]),
    ("model", Blank::Empties, &["model", "modell"]),
    ("os_version", Blank::Empties, &["os_version", "os version", "os"]),
    (
        "ownership",
        Blank::SaysNothing,
        &["ownership", "ägare", "eigendom"],
    ),
    ("supervised", Blank::SaysNothing, &["supervised"]),
    (
        "enrolment",
        Blank::SaysNothing,
        &["enrolment", "enrollment", "registrering", "inschrijving"],
    ),
    ("kiosk", Blank::SaysNothing, &["kiosk"]),
    (
        "store_blocked",
        Blank::SaysNothing,
        &["store_blocked", "store blocked", "app store blocked"],
    ),
    (
        "user_name",
        Blank::Empties,
        &[
            "user_name",
            "user name",
            "user",
            "username",
            "användare",
            "gebruiker",
        ],
    ),
];

/// A serial number stands on one line only.
pub fn read(text: &str) -> Result<Read<DeviceForm>, Fault> {
    csv_lines::read(
        text,
        NAMES,
        Code::SerialTaken,
        |device: &DeviceForm| device.serial.clone(),
        device,
    )
}

fn device(cells: &Cells<'_>) -> Result<DeviceForm, Wrong> {
    let (serial, name, user_name) = (
        cells.text("serial")?,
        cells.text("name")?,
        cells.text("user_name")?,
    );
    let enrolment = cells.choice("enrolment", Enrolment::parse)?;
    let (serial, name) = identity(&serial, &name, &user_name, enrolment)
        .map_err(|(column, code)| (column.to_owned(), code, serial.clone()))?;
    Ok(DeviceForm {
        name,
        serial,
        platform: cells.choice("platform", Platform::parse)?,
        model: cells.text("model")?,
        os_version: cells.text("os_version")?,
        ownership: cells.choice("ownership", DeviceOwnership::parse)?,
        supervised: cells.yes_no("supervised", false)?,
        enrolment,
        kiosk: cells.yes_no("kiosk", false)?,
        store_blocked: cells.yes_no("store_blocked", false)?,
        user_name,
    })
}

/// The serial number, or what stands in its place (D1), and the name, which a device without one takes from them; the
/// column that is wrong and why.
pub fn identity(
    serial: &str,
    name: &str,
    user_name: &str,
    enrolment: Enrolment,
) -> Result<(String, String), (&'static str, Code)> {
    let or_name = |other: &str| {
        if name.is_empty() {
            other.to_owned()
        } else {
            name.to_owned()
        }
    };
    if !serial.trim().is_empty() {
        let serial = Serial::parse(serial).map_err(|fault| ("serial", fault.code))?;
        return Ok((serial.to_string(), or_name(serial.as_str())));
    }
    match enrolment {
        Enrolment::User if user_name.is_empty() => Err(("user_name", Code::Required)),
        Enrolment::User => {
            let name = or_name(user_name);
            Ok((Serial::absent(user_name, &name).to_string(), name))
        }
        Enrolment::Device | Enrolment::Shared => Err(("serial", Code::Required)),
    }
}

/// As a preview shows it.
pub fn cells(device: &DeviceForm) -> Vec<String> {
    let yes_no = |yes| if yes { "yes" } else { "no" };
    [
        contract::shown_key(&device.serial),
        &device.name,
        device.platform.label(),
        &device.model,
        &device.os_version,
        device.ownership.as_str(),
        yes_no(device.supervised),
        device.enrolment.as_str(),
        yes_no(device.kiosk),
        yes_no(device.store_blocked),
        &device.user_name,
    ]
    .map(str::to_owned)
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bad_lines_have_their_number_and_reason_and_good_ones_stay() {
        let text = "Serial number,Name,Platform\nC02Y402HLCM6,Lund 1,iPadOS\nshort,Lund 2,iPadOS\n\
                    C02Y402HLCM7,Lund 3,Android\n,Lund 4,iPadOS\nC02Y402HLCM6,again,iOS\nC02Y402HLCM8\n";
        let read = read(text).unwrap();
        let serials: Vec<_> = read.good.iter().map(|line| line.form.serial.as_str()).collect();
        assert_eq!(serials, ["C02Y402HLCM6", "C02Y402HLCM8"]);
        let bad: Vec<_> = read
            .bad
            .iter()
            .map(|bad| (bad.line, bad.column.as_str(), bad.code))
            .collect();
        assert_eq!(
            bad,
            [
                (3, "serial", Code::SerialInvalid),
                (4, "platform", Code::ChoiceInvalid),
                (5, "serial", Code::Required),
                (6, "serial", Code::SerialTaken),
            ]
        );
        assert_eq!(read.good[1].form.name, "C02Y402HLCM8");
    }

    #[test]
    fn a3_enrolment_kiosk_and_blocked_store_are_read_and_have_defaults() {
        let read = read(
            "serial,enrolment,kiosk,store_blocked\nC02Y402HLCM6,User,yes,1\nC02Y402HLCM7,,,\nC02Y402HLCM8,none,no,no\n",
        )
        .unwrap();
        let facts: Vec<_> = read
            .good
            .iter()
            .map(|line| (line.form.enrolment, line.form.kiosk, line.form.store_blocked))
            .collect();
        assert_eq!(
            facts,
            [(Enrolment::User, true, true), (Enrolment::Device, false, false)]
        );
        assert_eq!((read.bad[0].line, read.bad[0].column.as_str()), (4, "enrolment"));
    }

    #[test]
    fn d1_a_device_in_user_enrolment_may_lack_a_serial_number_and_is_known_by_its_person_and_name() {
        let read = read(
            "serial,name,enrolment,user_name\n,Anna’s iPhone,user,anna\n,,user,bo\n,Lost,user,\n,Lost,device,anna\n\
             ,ANNA’S IPHONE,user,Anna\n",
        )
        .unwrap();
        let names: Vec<_> = read.good.iter().map(|line| line.form.name.as_str()).collect();
        assert_eq!(names, ["Anna’s iPhone", "bo"]);
        assert_eq!(cells(&read.good[0].form)[0], "–");
        let bad: Vec<_> = read
            .bad
            .iter()
            .map(|bad| (bad.line, bad.column.as_str(), bad.code))
            .collect();
        assert_eq!(
            bad,
            [
                (4, "user_name", Code::Required),
                (5, "serial", Code::Required),
                (6, "serial", Code::SerialTaken),
            ]
        );
    }

    #[test]
    fn semicolons_and_other_column_names_are_understood() {
        let read = read("\u{feff}namn;serienummer;supervised\nLund 1;c02y402hlcm6;ja\n").unwrap();
        assert_eq!((read.good.len(), read.bad.len()), (1, 0));
        assert!(read.good[0].form.supervised);
    }

    #[test]
    fn lines_of_a_form_or_of_windows_are_counted_alike() {
        let read = read("serial\r\nC02Y402HLCM6\r\nshort\r\n").unwrap();
        assert_eq!((read.good.len(), read.bad[0].line), (1, 3));
    }

    #[test]
    fn a_file_without_header_or_serial_column_is_refused() {
        assert_eq!(read("").unwrap_err().code, Code::CsvNoHeader);
        assert_eq!(
            read("name,platform\nLund,iOS\n").unwrap_err().code,
            Code::CsvColumnMissing
        );
    }

    proptest! {
        #[test]
        fn no_text_breaks_it_and_no_line_is_lost(lines in prop::collection::vec("[A-Za-z0-9 \u{e5}]{0,16}", 0..20)) {
            let text = format!("serial\n{}", lines.join("\n"));
            let read = read(&text).unwrap();
            let given = lines.iter().filter(|line| !line.is_empty()).count();
            prop_assert_eq!(read.good.len() + read.bad.len(), given);
        }

        #[test]
        fn no_bytes_break_it(text in ".{0,300}") {
            drop(read(&format!("serial,name\n{text}")));
            drop(read(&text));
        }
    }
}
