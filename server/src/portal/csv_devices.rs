//! Devices as CSV (D3): every line is good, or has a number and a reason.

use contract::{
    Code, Fault, Serial,
    devices::{CsvProblem, DeviceForm, DeviceOwnership, Platform},
};
use std::collections::HashMap;

/// What a file says.
#[derive(Debug, Default)]
pub struct Read {
    pub devices: Vec<DeviceForm>,
    pub bad: Vec<CsvProblem>,
}

/// Longest value of a text column, in signs.
const LONGEST: usize = 200;

/// Reads the text; the separator is a comma or a semicolon, whichever the header has, and the header's order is free.
pub fn read(text: &str) -> Result<Read, Fault> {
    // With two signs at a line's end the reader would count the second to the next line.
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let header = text.lines().next().unwrap_or_default();
    if header.trim().is_empty() {
        return Err(Code::CsvNoHeader.into());
    }
    let separator = if header.contains(';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .from_reader(text.as_bytes());
    let columns = columns(reader.headers().map_err(|_| Fault::new(Code::CsvBroken))?)?;
    let mut read = Read::default();
    let mut first_line = HashMap::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                read.bad.push(problem(line, "", Code::CsvBroken, ""));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        match device(&columns, &record) {
            Ok(device) => match first_line.insert(device.serial.clone(), line) {
                None => read.devices.push(device),
                Some(_) => read
                    .bad
                    .push(problem(line, "serial", Code::SerialTaken, &device.serial)),
            },
            Err((column, code, value)) => read.bad.push(problem(line, column, code, &value)),
        }
    }
    Ok(read)
}

type Columns = HashMap<&'static str, usize>;
type Wrong = (&'static str, Code, String);

/// The columns that are known, with other names that files use.
const NAMES: &[(&str, &[&str])] = &[
    (
        "serial",
        &[
            "serial",
            "serial number",
            "serialnumber",
            "serial_number",
            "serienummer",
        ],
    ),
    ("name", &["name", "device name", "device_name", "namn", "naam"]),
    ("platform", &["platform", "plattform"]),
    ("model", &["model", "modell"]),
    ("os_version", &["os_version", "os version", "os"]),
    ("ownership", &["ownership", "ägare", "eigendom"]),
    ("supervised", &["supervised"]),
    (
        "user_name",
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

fn columns(header: &csv::StringRecord) -> Result<Columns, Fault> {
    let found: Columns = NAMES
        .iter()
        .filter_map(|(column, names)| {
            let position = header
                .iter()
                .position(|cell| names.contains(&cell.trim().to_lowercase().as_str()))?;
            Some((*column, position))
        })
        .collect();
    match found.contains_key("serial") {
        true => Ok(found),
        false => Err(Fault::new(Code::CsvColumnMissing).with("column", "serial")),
    }
}

fn device(columns: &Columns, record: &csv::StringRecord) -> Result<DeviceForm, Wrong> {
    let cell = |column: &'static str| -> Result<String, Wrong> {
        let cell = columns
            .get(column)
            .and_then(|position| record.get(*position))
            .unwrap_or_default()
            .trim();
        if cell.chars().count() > LONGEST {
            return Err((column, Code::TooLong, cell.chars().take(40).collect()));
        }
        Ok(cell.to_owned())
    };
    let serial = cell("serial")?;
    if serial.is_empty() {
        return Err(("serial", Code::Required, serial));
    }
    let serial = Serial::parse(&serial).map_err(|fault| ("serial", fault.code, serial))?;
    let platform = cell("platform")?;
    let ownership = cell("ownership")?;
    let supervised = cell("supervised")?;
    let name = cell("name")?;
    Ok(DeviceForm {
        name: if name.is_empty() { serial.to_string() } else { name },
        serial: serial.to_string(),
        platform: match platform.as_str() {
            "" => Platform::default(),
            text => Platform::parse(text).ok_or(("platform", Code::ChoiceInvalid, platform))?,
        },
        model: cell("model")?,
        os_version: cell("os_version")?,
        ownership: match ownership.as_str() {
            "" => DeviceOwnership::default(),
            text => DeviceOwnership::parse(text).ok_or(("ownership", Code::ChoiceInvalid, ownership))?,
        },
        supervised: match supervised.to_lowercase().as_str() {
            "yes" | "true" | "1" | "ja" => true,
            "" | "no" | "false" | "0" | "nej" | "nee" => false,
            _ => return Err(("supervised", Code::ChoiceInvalid, supervised)),
        },
        user_name: cell("user_name")?,
    })
}

fn problem(line: u64, column: &str, code: Code, value: &str) -> CsvProblem {
    let value = value.chars().take(40).collect();
    CsvProblem {
        line: i64::try_from(line).unwrap_or_default(),
        column: column.to_owned(),
        code,
        value,
    }
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
        let serials: Vec<_> = read.devices.iter().map(|device| device.serial.as_str()).collect();
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
        assert_eq!(read.devices[1].name, "C02Y402HLCM8");
    }

    #[test]
    fn semicolons_and_other_column_names_are_understood() {
        let read = read("\u{feff}namn;serienummer;supervised\nLund 1;c02y402hlcm6;ja\n").unwrap();
        assert_eq!((read.devices.len(), read.bad.len()), (1, 0));
        assert!(read.devices[0].supervised);
    }

    #[test]
    fn lines_of_a_form_or_of_windows_are_counted_alike() {
        let read = read("serial\r\nC02Y402HLCM6\r\nshort\r\n").unwrap();
        assert_eq!((read.devices.len(), read.bad[0].line), (1, 3));
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
            prop_assert_eq!(read.devices.len() + read.bad.len(), given);
        }

        #[test]
        fn no_bytes_break_it(text in ".{0,300}") {
            drop(read(&format!("serial,name\n{text}")));
            drop(read(&text));
        }
    }
}
