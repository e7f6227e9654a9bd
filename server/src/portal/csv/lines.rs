//! CSV uploads (D3): every line is good, or has a number and a reason. What columns there are, and what a line means, the
//! callers say.

use super::{
    records::{self, Records},
    text::as_meant,
};
use contract::{
    Code, Fault, FieldFault,
    csv::{CsvChange, CsvDifference, CsvPreview, CsvProblem},
};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};
use store::{
    composed, fold,
    import::{Difference, Imported, Line, Says},
};

/// What a file says.
#[derive(Debug)]
pub struct Read<T> {
    pub good: Vec<Good<T>>,
    pub bad: Bad,
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

/// What is wrong with a file: all of it is counted, and the first of it told.
#[derive(Debug, Default)]
pub struct Bad {
    pub lines: i64,
    pub problems: i64,
    /// At most [`CsvPreview::BAD`].
    pub first: Vec<CsvProblem>,
}

impl Bad {
    /// All that is wrong with a line.
    fn add(&mut self, line: i64, wrong: impl IntoIterator<Item = Wrong>) {
        let before = self.problems;
        for wrong in wrong {
            self.problems += 1;
            if self.first.len() < CsvPreview::BAD {
                self.first.push(problem(line, wrong));
            }
        }
        self.lines += i64::from(self.problems > before);
    }
}

/// What an empty cell says of something that is known already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blank {
    Empties,
    SaysNothing,
}

/// The columns that are known, with the names that files use for them.
pub type Names = &'static [(&'static str, Blank, &'static [&'static str])];

/// Something that is wrong with a line.
#[derive(Debug)]
struct Wrong {
    column: String,
    code: Code,
    /// What stands there.
    value: String,
    choices: &'static [&'static str],
}

/// What the columns for yes and no understand is more; this is what they say.
const YES_NO: &[&str] = &["yes", "no"];

/// Longest value of a text column, in signs.
pub const LONGEST: usize = 200;

/// Good lines shown in a preview.
pub const SAMPLE: usize = 20;

/// Ignored names shown in a preview.
const IGNORED: usize = 20;

type Columns = HashMap<&'static str, usize>;

/// A line's cells by the name of their column; a column that the file lacks is empty. What is wrong is gathered, so that
/// all of it is told at once.
pub struct Cells<'a> {
    columns: &'a Columns,
    record: &'a [Cow<'a, str>],
    wrong: Vec<Wrong>,
}

impl Cells<'_> {
    pub fn text(&mut self, column: &str) -> String {
        let cell = self.cell(column);
        if cell.chars().count() > LONGEST {
            self.refuse(column, Code::TooLong);
        }
        cell
    }

    /// `usual` if nothing stands there.
    pub fn yes_no(&mut self, column: &str, usual: bool) -> bool {
        match self.cell(column).to_lowercase().as_str() {
            "" => usual,
            "yes" | "true" | "1" | "ja" => true,
            "no" | "false" | "0" | "nej" | "nee" => false,
            _ => {
                self.refuse_choice(column, YES_NO);
                usual
            }
        }
    }

    /// One of `choices`, as `parse` reads them; the default if nothing stands there.
    pub fn choice<T: Default>(
        &mut self,
        column: &str,
        choices: &'static [&'static str],
        parse: impl Fn(&str) -> Option<T>,
    ) -> T {
        let cell = self.cell(column);
        match parse(&cell) {
            Some(choice) => choice,
            None => {
                if !cell.is_empty() {
                    self.refuse_choice(column, choices);
                }
                T::default()
            }
        }
    }

    /// Something is wrong with the column; once is enough.
    pub fn refuse(&mut self, column: &str, code: Code) {
        self.wrong(column, code, &[]);
    }

    pub fn is_wrong(&self, column: &str) -> bool {
        self.wrong.iter().any(|wrong| wrong.column == column)
    }

    fn refuse_choice(&mut self, column: &str, choices: &'static [&'static str]) {
        self.wrong(column, Code::ChoiceInvalid, choices);
    }

    fn wrong(&mut self, column: &str, code: Code, choices: &'static [&'static str]) {
        if self.is_wrong(column) {
            return;
        }
        self.wrong.push(Wrong {
            value: self.cell(column),
            column: column.to_owned(),
            code,
            choices,
        });
    }

    /// What stands there, on one line.
    fn cell(&self, column: &str) -> String {
        let cell = self
            .columns
            .get(column)
            .and_then(|position| self.record.get(*position));
        one_line(&as_meant(cell.map_or("", |cell| cell.trim())))
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

    /// What a form's check found.
    pub fn refuse_all(&mut self, faults: Vec<FieldFault>) {
        for FieldFault { field, code } in faults {
            self.refuse(&field, code);
        }
    }
}

/// Reads the text; the separator is a comma, a semicolon or a tabulator, whichever the header has, or what a first line
/// `sep=` says, as Excel writes it; the header's order is free. The first of `names` is the column that a file must have,
/// and whose `key` no two lines may share, else `twice`. Every line is told all that is wrong with it.
pub fn read<T>(
    text: &str,
    names: Names,
    twice: Code,
    key: impl Fn(&T) -> String,
    line: impl Fn(&mut Cells<'_>) -> T,
) -> Result<Read<T>, Fault> {
    // One sign at each line's end, whatever the file has, so that lines are counted as an editor does.
    let text = text
        .trim_start_matches('\u{feff}')
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        + "\n";
    let (said, text) = without_separator(text);
    let header = text.lines().nth(usize::from(said.is_some())).unwrap_or_default();
    if header.trim().is_empty() {
        return Err(Code::CsvNoHeader.into());
    }
    let separator = match header {
        _ if let Some(said) = said => said,
        _ if header.contains(';') => b';',
        _ if header.contains('\t') => b'\t',
        _ => b',',
    };
    let needed = names.first().map_or("", |(column, ..)| *column);
    let mut records = Records::of(&text, separator);
    let records::Cells::Whole(header) = records
        .next(usize::MAX)?
        .map_or(records::Cells::Whole(Vec::new()), |record| record.cells)
    else {
        return Err(Code::CsvBroken.into());
    };
    let columns = columns(&header, names);
    if !columns.contains_key(needed) {
        return Err(Fault::new(Code::CsvColumnMissing).with("column", needed));
    }
    let mut read = Read {
        good: Vec::new(),
        bad: Bad::default(),
        ignored: ignored(&header, &columns),
    };
    let mut first_line = HashSet::new();
    while let Some(record) = records.next(header.len())? {
        let number = record.line;
        let record = match record.cells {
            // Spreadsheets leave such rows behind the last one.
            records::Cells::Whole(cells) if cells.iter().all(|cell| cell.trim().is_empty()) => continue,
            records::Cells::Whole(cells) => cells,
            records::Cells::Torn(line) => {
                read.bad.add(number, [whole(Code::CsvQuoteOpen, line)]);
                continue;
            }
        };
        let extra = record.iter().skip(header.len());
        if let Some(extra) = extra.map(|cell| cell.trim()).find(|cell| !cell.is_empty()) {
            // Its cells may be those of other columns: nothing else is said of it.
            read.bad.add(number, [whole(Code::CsvCellsExtra, extra)]);
            continue;
        }
        let mut cells = Cells {
            columns: &columns,
            record: &record,
            wrong: Vec::new(),
        };
        let form = line(&mut cells);
        let key = key(&form);
        if first_line.contains(&key) {
            cells.refuse(needed, twice);
        }
        if cells.wrong.is_empty() {
            first_line.insert(key);
            read.good.push(Good {
                number,
                form,
                says: cells.says(names),
            });
        }
        read.bad.add(number, cells.wrong);
    }
    Ok(read)
}

/// What separates the cells if a first line `sep=;` says so, and the text with that line empty, so that the others are
/// counted as before.
fn without_separator(text: String) -> (Option<u8>, String) {
    let first = text.lines().next().unwrap_or_default();
    let said = match first.trim_matches('"').as_bytes() {
        // Whoever saved the file again may have put the line into cells.
        [begin @ .., separator] if begin.eq_ignore_ascii_case(b"sep=") && separator.is_ascii() => {
            Some(*separator)
        }
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', separator, more @ ..]
            if separator.is_ascii() && more.iter().all(|more| more == separator || *more == b'"') =>
        {
            Some(*separator)
        }
        _ => None,
    };
    match said {
        Some(separator) => (Some(separator), text.split_at(first.len()).1.to_owned()),
        None => (None, text),
    }
}

fn columns(header: &[Cow<'_, str>], names: Names) -> Columns {
    names
        .iter()
        .filter_map(|(column, _, names)| {
            let position = header
                .iter()
                .position(|cell| names.contains(&fold(cell).as_str()))?;
            Some((*column, position))
        })
        .collect()
}

fn ignored(header: &[Cow<'_, str>], columns: &Columns) -> Vec<String> {
    let unknown = header
        .iter()
        .enumerate()
        .filter(|(position, name)| {
            !name.trim().is_empty() && !columns.values().any(|known| known == position)
        })
        .map(|(_, name)| name.trim().chars().take(40).collect());
    unknown.take(IGNORED).collect()
}

/// A text that stands on one line, in lists and in mails: line breaks and the like are blanks, and letters are written in
/// the one way in which they are stored.
pub fn one_line(text: &str) -> String {
    let line = text.replace('\0', "").replace(char::is_control, " ");
    composed(line.trim().to_owned())
}

/// What an upload would do, in words; `cells` are those of a form in the order of `names`.
pub fn preview<Id, T>(
    imported: &Imported<T>,
    read: (Bad, Vec<String>),
    lines: &[Line<Id, T>],
    names: Names,
    cells: impl Fn(&T) -> Vec<String>,
) -> CsvPreview {
    let (bad, ignored) = read;
    CsvPreview {
        added: imported.added,
        changed: imported.changed,
        unchanged: imported.unchanged,
        bad_lines: bad.lines,
        problems: bad.problems,
        bad: bad.first,
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

fn problem(line: i64, wrong: Wrong) -> CsvProblem {
    CsvProblem {
        line,
        column: wrong.column,
        code: wrong.code,
        value: wrong.value.chars().take(40).collect(),
        choices: wrong.choices.iter().map(|choice| (*choice).to_owned()).collect(),
    }
}

/// What is wrong with a line that cannot be read cell by cell.
fn whole(code: Code, value: &str) -> Wrong {
    Wrong {
        column: String::new(),
        code,
        value: value.to_owned(),
        choices: &[],
    }
}
