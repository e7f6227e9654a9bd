//! Devices as CSV (D3).

use super::lines::{self, Blank, Cells, Names, Read};
use app::i18n::iso;
use contract::{
    Code, Fault, Serial, UnixMillis,
    devices::{DeviceForm, DeviceOwnership, Enrolment, Platform},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

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
    (
        "last_check_in",
        Blank::SaysNothing,
        &[
            "last_check_in",
            "last check-in",
            "last check in",
            "last seen",
            "senaste incheckning",
            "laatste check-in",
        ],
    ),
];

/// The day begins so much earlier than in UTC where it begins first.
const FIRST_TO_BEGIN: UnixMillis = 14 * 60 * 60 * 1000;

/// A serial number stands on one line only, and nothing has been seen later than `now`.
pub fn read(text: &str, now: UnixMillis) -> Result<Read<DeviceForm>, Fault> {
    lines::read(
        text,
        NAMES,
        Code::SerialTaken,
        |device: &DeviceForm| device.serial.clone(),
        |cells| device(cells, now),
    )
}

fn device(cells: &mut Cells<'_>, now: UnixMillis) -> DeviceForm {
    let (serial, name, user_name) = (cells.text("serial"), cells.text("name"), cells.text("user_name"));
    let form = DeviceForm {
        platform: cells.choice("platform", Platform::NAMES, Platform::parse),
        model: cells.text("model"),
        os_version: cells.text("os_version"),
        ownership: cells.choice("ownership", DeviceOwnership::NAMES, DeviceOwnership::parse),
        supervised: cells.yes_no("supervised", false),
        enrolment: cells.choice("enrolment", Enrolment::NAMES, Enrolment::parse),
        kiosk: cells.yes_no("kiosk", false),
        store_blocked: cells.yes_no("store_blocked", false),
        last_check_in: last_check_in(cells, now),
        ..DeviceForm::default()
    };
    // Of what cannot be read nothing follows for the serial number.
    if serial.is_empty() && cells.is_wrong("enrolment") {
        return form;
    }
    match identity(&serial, &name, &user_name, form.enrolment) {
        Ok((serial, name)) => DeviceForm {
            name,
            serial,
            user_name,
            ..form
        },
        Err((column, code)) => {
            cells.refuse(column, code);
            form
        }
    }
}

/// A moment of RFC 3339, or a day, which is meant as its beginning; nothing later than `now`.
fn last_check_in(cells: &mut Cells<'_>, now: UnixMillis) -> Option<UnixMillis> {
    const COLUMN: &str = "last_check_in";
    let text = cells.text(COLUMN);
    if text.is_empty() {
        return None;
    }
    // Of a day with an hour and without an offset nobody knows when it was.
    let alone = text.len() == "2026-01-31".len();
    let day = || {
        text.parse::<Date>()
            .ok()
            .filter(|_| alone)?
            .to_zoned(TimeZone::UTC)
            .ok()
    };
    let read = match text.parse::<Timestamp>() {
        Ok(moment) => Some((moment.as_millisecond(), now)),
        // Somewhere it is tomorrow already.
        Err(_) => day().map(|day| (day.timestamp().as_millisecond(), now + FIRST_TO_BEGIN)),
    };
    match read {
        Some((at, latest)) if at <= latest => Some(at.min(now)),
        Some(_) => {
            cells.refuse(COLUMN, Code::DateInFuture);
            None
        }
        None => {
            cells.refuse(COLUMN, Code::DateInvalid);
            None
        }
    }
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
        &device.last_check_in.map(iso).unwrap_or_default(),
    ]
    .map(str::to_owned)
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The middle of 31 January 2026.
    const NOW: UnixMillis = 1_769_860_800_000;

    fn read(text: &str) -> Result<Read<DeviceForm>, Fault> {
        super::read(text, NOW)
    }

    #[test]
    fn d3_a_line_is_told_all_that_is_wrong_with_it_and_what_may_stand_there() {
        let read = read(
            "serial,platform,ownership,supervised,enrolment,kiosk,last_check_in\n\
             short,Android,mine,perhaps,byod,sometimes,soon\nC02Y402HLCM6,iOS,personal,yes,shared,no,\n\
             c02y402hlcm6,palm,,,,,\n,,,,byod,,\n",
        )
        .unwrap();
        assert_eq!(read.good.len(), 1);
        let bad: Vec<_> = read
            .bad
            .first
            .iter()
            .map(|bad| (bad.line, bad.column.as_str(), bad.code, bad.choices.join(" ")))
            .collect();
        let choice = |line, column, choices: &str| (line, column, Code::ChoiceInvalid, choices.to_owned());
        let other = |line, column, code| (line, column, code, String::new());
        assert_eq!(
            bad,
            [
                choice(2, "platform", "ios ipados macos tvos visionos"),
                choice(2, "ownership", "corporate personal"),
                choice(2, "supervised", "yes no"),
                choice(2, "enrolment", "device user shared"),
                choice(2, "kiosk", "yes no"),
                other(2, "last_check_in", Code::DateInvalid),
                other(2, "serial", Code::SerialInvalid),
                choice(4, "platform", "ios ipados macos tvos visionos"),
                other(4, "serial", Code::SerialTaken),
                choice(5, "enrolment", "device user shared"),
            ]
        );
        assert_eq!(read.bad.first[0].value, "Android");
    }

    #[test]
    fn d1_the_last_check_in_is_a_day_or_a_moment_that_has_been() {
        let rows = [
            ("", Ok(None)),
            ("2026-01-31", Ok(Some(1_769_817_600_000))),
            ("2026-01-30T23:30:00+01:00", Ok(Some(1_769_812_200_000))),
            ("2026-01-31T12:00:00.000Z", Ok(Some(NOW))),
            // Where the sun rises first it is tomorrow.
            ("2026-02-01", Ok(Some(NOW))),
            ("2026-02-02", Err(Code::DateInFuture)),
            ("2026-01-31T12:00:01Z", Err(Code::DateInFuture)),
            ("2026-01-31 12:00", Err(Code::DateInvalid)),
            ("31/01/2026", Err(Code::DateInvalid)),
            ("2026-02-30", Err(Code::DateInvalid)),
        ];
        for (text, expected) in rows {
            let read = read(&format!("serial,last check-in\nC02Y402HLCM6,{text}\n")).unwrap();
            let found = match read.good.first() {
                Some(good) => Ok(good.form.last_check_in),
                None => Err(read.bad.first[0].code),
            };
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn d3_a_first_line_that_names_the_separator_is_understood_and_counted() {
        for first in ["sep=;", "SEP=;", "\"sep=;\"", "sep=;;;"] {
            let read = read(&format!("{first}\nserial;name\nC02Y402HLCM6;A, B\nshort;x\n")).unwrap();
            let names: Vec<_> = read
                .good
                .iter()
                .map(|line| (line.number, line.form.name.as_str()))
                .collect();
            assert_eq!(names, [(3, "A, B")], "{first}");
            assert_eq!(read.bad.first[0].line, 4, "{first}");
        }
        let tabs = read("\u{feff}sep=\t\r\nserial\tname\r\nC02Y402HLCM6\tA;B\r\n").unwrap();
        assert_eq!(tabs.good[0].form.name, "A;B");
        assert_eq!(read("sep=;\n").unwrap_err().code, Code::CsvNoHeader);
    }

    #[test]
    fn bad_lines_have_their_number_and_reason_and_good_ones_stay() {
        let text = "Serial number,Name,Platform\nC02Y402HLCM6,Lund 1,iPadOS\nshort,Lund 2,iPadOS\n\
                    C02Y402HLCM7,Lund 3,Android\n,Lund 4,iPadOS\nC02Y402HLCM6,again,iOS\nC02Y402HLCM8\n";
        let read = read(text).unwrap();
        let serials: Vec<_> = read.good.iter().map(|line| line.form.serial.as_str()).collect();
        assert_eq!(serials, ["C02Y402HLCM6", "C02Y402HLCM8"]);
        let bad: Vec<_> = read
            .bad
            .first
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
        assert_eq!(
            (read.bad.first[0].line, read.bad.first[0].column.as_str()),
            (4, "enrolment")
        );
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
            .first
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
        assert_eq!((read.good.len(), read.bad.lines), (1, 0));
        assert!(read.good[0].form.supervised);
    }

    #[test]
    fn lines_of_a_form_or_of_windows_are_counted_alike() {
        let read = read("serial\r\nC02Y402HLCM6\r\nshort\r\n").unwrap();
        assert_eq!((read.good.len(), read.bad.first[0].line), (1, 3));
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
            let given = lines.iter().filter(|line| !line.trim().is_empty()).count();
            prop_assert_eq!(read.good.len() + read.bad.first.len(), given);
        }

        #[test]
        fn no_bytes_break_it(text in ".{0,300}") {
            drop(read(&format!("serial,name\n{text}")));
            drop(read(&text));
        }
    }
}
