//! CSV uploads (D3): every line is good, or has a number and a reason. What columns there are, and what a line means, the
//! callers say.

use super::csv_text::as_meant;
use contract::{
    Code, Fault, FieldFault,
    csv::{CsvChange, CsvDifference, CsvPreview, CsvProblem},
};
use std::{collections::HashMap, io::Cursor};
use store::import::{Difference, Imported, Line, Says};

/// What a file says.
#[derive(Debug)]
pub struct Read<T> {
    pub good: Vec<Good<T>>,
    pub bad: Vec<CsvProblem>,
    /// Names in the header that mean nothing here.
    pub ignored: Vec<String>,
}

/// A good line.
#[derive(Debug)]
pub struct Good<T> {
    pub number: i64,
    pub form: T,
    pub says: Says,
}

/// What an empty cell says of something that is known already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blank {
    Empties,
    SaysNothing,
}

/// The columns that are known, with the names that files use for them.
pub type Names = &'static [(&'static str, Blank, &'static [&'static str])];

/// What is wrong with a line: of which column, why, and what stands there.
pub type Wrong = (String, Code, String);

/// Longest value of a text column, in signs.
pub const LONGEST: usize = 200;

/// Good lines shown in a preview.
pub const SAMPLE: usize = 20;

/// Ignored names shown in a preview.
const IGNORED: usize = 20;

type Columns = HashMap<&'static str, usize>;

/// A line's cells by the name of their column; a column that the file lacks is empty.
pub struct Cells<'a> {
    columns: &'a Columns,
    record: &'a csv::StringRecord,
}

impl Cells<'_> {
    pub fn text(&self, column: &str) -> Result<String, Wrong> {
        let cell = self
            .columns
            .get(column)
            .and_then(|position| self.record.get(*position))
            .unwrap_or_default()
            .trim();
        let cell = as_meant(cell);
        if cell.chars().count() > LONGEST {
            return Err((column.to_owned(), Code::TooLong, cell.to_owned()));
        }
        Ok(one_line(cell))
    }

    /// `usual` if nothing stands there.
    pub fn yes_no(&self, column: &str, usual: bool) -> Result<bool, Wrong> {
        let cell = self.text(column)?;
        match cell.to_lowercase().as_str() {
            "" => Ok(usual),
            "yes" | "true" | "1" | "ja" => Ok(true),
            "no" | "false" | "0" | "nej" | "nee" => Ok(false),
            _ => Err((column.to_owned(), Code::ChoiceInvalid, cell)),
        }
    }

    pub fn choice<T: Default>(&self, column: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, Wrong> {
        let cell = self.text(column)?;
        if cell.is_empty() {
            return Ok(T::default());
        }
        parse(&cell).ok_or((column.to_owned(), Code::ChoiceInvalid, cell))
    }

    /// What the line says: a column that it lacks, or an empty cell that [`Blank::SaysNothing`], says nothing.
    fn says(&self, names: Names) -> Says {
        let said = names.iter().filter(|(column, blank, _)| {
            let cell = self
                .columns
                .get(column)
                .and_then(|position| self.record.get(*position));
            cell.is_some_and(|cell| *blank == Blank::Empties || !cell.trim().is_empty())
        });
        Says::These(said.map(|(column, ..)| *column).collect())
    }

    /// The first of what a form's check found, as a line's problem.
    pub fn first(&self, faults: Vec<FieldFault>) -> Result<(), Wrong> {
        match faults.into_iter().next() {
            None => Ok(()),
            Some(FieldFault { field, code }) => {
                let value = self.text(&field).unwrap_or_default();
                Err((field, code, value))
            }
        }
    }
}

/// Reads the text; the separator is a comma, a semicolon or a tabulator, whichever the header has, and the header's order is free. The
/// first of `names` is the column that a file must have, and whose `key` no two lines may share, else `twice`.
pub fn read<T>(
    text: &str,
    names: Names,
    twice: Code,
    key: impl Fn(&T) -> String,
    line: impl Fn(&Cells<'_>) -> Result<T, Wrong>,
) -> Result<Read<T>, Fault> {
    // One sign at each line's end, whatever the file has, so that lines are counted as an editor does.
    let text = text
        .trim_start_matches('\u{feff}')
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        + "\n";
    let header = text.lines().next().unwrap_or_default();
    if header.trim().is_empty() {
        return Err(Code::CsvNoHeader.into());
    }
    let separator = match header {
        _ if header.contains(';') => b';',
        _ if header.contains('\t') => b'\t',
        _ => b',',
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .from_reader(Cursor::new(text.as_bytes()));
    let needed = names.first().map_or("", |(column, ..)| *column);
    let header = reader.headers().map_err(|_| Fault::new(Code::CsvBroken))?.clone();
    let columns = columns(&header, names);
    if !columns.contains_key(needed) {
        return Err(Fault::new(Code::CsvColumnMissing).with("column", needed));
    }
    let mut read = Read {
        good: Vec::new(),
        bad: Vec::new(),
        ignored: ignored(&header, &columns),
    };
    let mut first_line = HashMap::new();
    let broken = |_| Fault::new(Code::CsvBroken);
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(broken)? {
        let (number, begin) = beginning(&text, &record);
        if is_torn(&record, &columns) {
            let line = text
                .get(begin..)
                .and_then(|rest| rest.lines().next())
                .unwrap_or_default();
            read.bad.push(problem(number, "", Code::CsvQuoteOpen, line));
            let mut next = csv::Position::new();
            next.set_byte((begin + line.len() + 1) as u64)
                .set_line(number + 1);
            reader.seek(next).map_err(broken)?;
            continue;
        }
        let cells = Cells {
            columns: &columns,
            record: &record,
        };
        if let Some(extra) = record
            .iter()
            .skip(header.len())
            .find(|cell| !cell.trim().is_empty())
        {
            read.bad.push(problem(number, "", Code::CsvCellsExtra, extra));
            continue;
        }
        match line(&cells) {
            Ok(form) => match first_line.insert(key(&form), number) {
                None => read.good.push(Good {
                    number: i64::try_from(number).unwrap_or_default(),
                    form,
                    says: cells.says(names),
                }),
                Some(_) => {
                    let value = cells.text(needed).unwrap_or_default();
                    read.bad.push(problem(number, needed, twice, &value));
                }
            },
            Err((column, code, value)) => read.bad.push(problem(number, &column, code, &value)),
        }
    }
    Ok(read)
}

/// Whether a quotation mark was left open, so that the record goes on in the lines below: with what means something here, or
/// to the end of the file. A note of several lines in a column of its own is none of ours.
fn is_torn(record: &csv::StringRecord, columns: &Columns) -> bool {
    let last = record.len().saturating_sub(1);
    record.iter().enumerate().any(|(position, cell)| {
        let known = columns.values().any(|known| *known == position);
        cell.contains('\n') && (known || (position == last && cell.ends_with('\n')))
    })
}

/// The number of the record's first line, and where in the text it begins: the reader counts the empty lines before to it.
fn beginning(text: &str, record: &csv::StringRecord) -> (u64, usize) {
    let (line, byte) = record.position().map_or((0, 0), |at| (at.line(), at.byte()));
    let byte = usize::try_from(byte).unwrap_or(usize::MAX);
    let rest = text.get(byte..).unwrap_or_default();
    let empty = rest.len() - rest.trim_start_matches('\n').len();
    (line + empty as u64, byte + empty)
}

fn columns(header: &csv::StringRecord, names: Names) -> Columns {
    names
        .iter()
        .filter_map(|(column, _, names)| {
            let position = header
                .iter()
                .position(|cell| names.contains(&cell.trim().to_lowercase().as_str()))?;
            Some((*column, position))
        })
        .collect()
}

fn ignored(header: &csv::StringRecord, columns: &Columns) -> Vec<String> {
    let unknown = header
        .iter()
        .enumerate()
        .filter(|(position, name)| {
            !name.trim().is_empty() && !columns.values().any(|known| known == position)
        })
        .map(|(_, name)| name.trim().chars().take(40).collect());
    unknown.take(IGNORED).collect()
}

/// A text that stands on one line, in lists and in mails: line breaks and the like are blanks.
pub fn one_line(text: &str) -> String {
    text.replace('\0', "")
        .replace(char::is_control, " ")
        .trim()
        .to_owned()
}

/// What an upload would do, in words; `cells` are those of a form in the order of `names`.
pub fn preview<Id, T>(
    imported: &Imported<T>,
    read: (Vec<CsvProblem>, Vec<String>),
    lines: &[Line<Id, T>],
    names: Names,
    cells: impl Fn(&T) -> Vec<String>,
) -> CsvPreview {
    let (bad, ignored) = read;
    CsvPreview {
        added: imported.added,
        changed: imported.changed,
        unchanged: imported.unchanged,
        bad,
        changes: imported
            .differences
            .iter()
            .flat_map(|difference| changes(difference, names, &cells))
            .take(CsvPreview::CHANGES)
            .collect(),
        ignored,
        sample: lines
            .iter()
            .take(SAMPLE)
            .map(|line| said(line, names, &cells))
            .collect(),
    }
}

/// A line's cells, empty where it says nothing.
fn said<Id, T>(line: &Line<Id, T>, names: Names, cells: impl Fn(&T) -> Vec<String>) -> Vec<String> {
    let cells = names.iter().zip(cells(&line.form));
    cells
        .map(|((column, ..), cell)| match line.says.has(column) {
            true => cell,
            false => String::new(),
        })
        .collect()
}

fn changes<T>(difference: &Difference<T>, names: Names, cells: impl Fn(&T) -> Vec<String>) -> Vec<CsvChange> {
    let after = cells(&difference.after);
    let key = after.first().cloned().unwrap_or_default();
    let change = |what| CsvChange {
        line: difference.line,
        key: key.clone(),
        what,
    };
    let Some(before) = &difference.before else {
        return vec![change(CsvDifference::New)];
    };
    let columns = names.iter().zip(cells(before).into_iter().zip(after));
    let differing = columns.filter(|(_, (before, after))| before != after);
    differing
        .map(|((column, ..), (before, after))| {
            change(CsvDifference::Column {
                column: (*column).to_owned(),
                before,
                after,
            })
        })
        .collect()
}

fn problem(line: u64, column: &str, code: Code, value: &str) -> CsvProblem {
    CsvProblem {
        line: i64::try_from(line).unwrap_or_default(),
        column: column.to_owned(),
        code,
        value: value.chars().take(40).collect(),
    }
}
