//! A CSV text as its records (RFC 4180). A quotation mark that was left open costs its own line alone: a record whose marks
//! are not in order is torn, and the next one begins on the line after its first.

use contract::{Code, Fault};
use std::borrow::Cow;

/// The furthest that the end of a quoted cell is looked for, in bytes: longer than any cell that means something.
const LONGEST_CELL: usize = 64 * 1024;

/// Bytes that are read for torn records at most; more is no CSV. So the work grows with the text and no faster.
const IN_VAIN: usize = 16 * 1024 * 1024;

/// What begins on a line.
#[derive(Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// As an editor counts it: the text's first line is 1.
    pub line: i64,
    pub cells: Cells<'a>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Cells<'a> {
    Whole(Vec<Cow<'a, str>>),
    /// The line as it stands.
    Torn(&'a str),
}

/// The records of a text whose every line ends with a line feed; empty lines are none.
pub struct Records<'a> {
    text: &'a str,
    separator: u8,
    line: i64,
    in_vain: usize,
}

impl<'a> Records<'a> {
    /// The separator is one of ASCII.
    pub fn of(text: &'a str, separator: u8) -> Self {
        Self {
            text,
            separator,
            line: 1,
            in_vain: 0,
        }
    }

    /// The next one. A record of several lines with more than so many cells is torn: others have been drawn into it.
    /// [`Code::CsvBroken`] if the text is hardly anything but torn records.
    pub fn next(&mut self, most: usize) -> Result<Option<Record<'a>>, Fault> {
        let empty = self.text.len() - self.text.trim_start_matches('\n').len();
        self.pass(empty);
        if self.text.is_empty() {
            return Ok(None);
        }
        let (line, text) = (self.line, self.text);
        let cells = match cut(text, self.separator, most) {
            Ok((cells, end)) => {
                self.pass(end + 1);
                Cells::Whole(cells)
            }
            Err(Torn { read }) => {
                self.in_vain += read;
                if self.in_vain > IN_VAIN {
                    return Err(Code::CsvBroken.into());
                }
                let first = text.lines().next().unwrap_or_default();
                self.pass(first.len() + 1);
                Cells::Torn(first)
            }
        };
        Ok(Some(Record { line, cells }))
    }

    fn pass(&mut self, bytes: usize) {
        let (passed, rest) = self.text.split_at_checked(bytes).unwrap_or((self.text, ""));
        self.line += count(passed);
        self.text = rest;
    }
}

fn count(text: &str) -> i64 {
    let lines = text.bytes().filter(|byte| *byte == b'\n').count();
    i64::try_from(lines).unwrap_or(i64::MAX)
}

/// How far a torn record was read.
struct Torn {
    read: usize,
}

/// The cells of the record that the text begins with, and where it ends.
fn cut(text: &str, separator: u8, most: usize) -> Result<(Vec<Cow<'_, str>>, usize), Torn> {
    let mut cells = Vec::new();
    let mut at = 0;
    loop {
        let (cell, end) = match text.as_bytes().get(at) {
            Some(b'"') => quoted(text, at + 1, separator)?,
            _ => plain(text, at, separator),
        };
        cells.push(cell);
        if text.as_bytes().get(end) == Some(&separator) {
            at = end + 1;
            continue;
        }
        let over = cells.iter().skip(most).any(|cell| !cell.trim().is_empty());
        let several_lines = || text.get(..end).is_some_and(|record| record.contains('\n'));
        return match over && several_lines() {
            true => Err(Torn { read: end }),
            false => Ok((cells, end)),
        };
    }
}

/// A cell without quotation marks, or with some in its midst.
fn plain(text: &str, begin: usize, separator: u8) -> (Cow<'_, str>, usize) {
    let end = find(text, begin, text.len(), |byte| byte == separator || byte == b'\n').unwrap_or(text.len());
    (Cow::Borrowed(text.get(begin..end).unwrap_or_default()), end)
}

/// A cell whose quotation mark stands before `begin`: within it a mark is written twice, and behind it the cell ends.
fn quoted(text: &str, begin: usize, separator: u8) -> Result<(Cow<'_, str>, usize), Torn> {
    let furthest = text.len().min(begin + LONGEST_CELL);
    let mut at = begin;
    loop {
        let mark = find(text, at, furthest, |byte| byte == b'"').ok_or(Torn { read: furthest })?;
        match text.as_bytes().get(mark + 1) {
            Some(b'"') => at = mark + 2,
            Some(next) if *next != separator && *next != b'\n' => return Err(Torn { read: mark }),
            _ => {
                let cell = text.get(begin..mark).unwrap_or_default();
                let cell = match cell.contains('"') {
                    true => Cow::Owned(cell.replace("\"\"", "\"")),
                    false => Cow::Borrowed(cell),
                };
                return Ok((cell, mark + 1));
            }
        }
    }
}

fn find(text: &str, from: usize, to: usize, is: impl Fn(u8) -> bool) -> Option<usize> {
    let bytes = text.as_bytes().get(from..to)?;
    Some(from + bytes.iter().position(|byte| is(*byte))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &str, most: usize) -> (Result<Vec<Record<'_>>, Fault>, usize) {
        let mut records = Records::of(text, b',');
        let mut found = Vec::new();
        let end = loop {
            match records.next(most) {
                Ok(Some(record)) => found.push(record),
                Ok(None) => break Ok(found),
                Err(fault) => break Err(fault),
            }
        };
        (end, records.in_vain)
    }

    fn whole(line: i64, cells: &[&'static str]) -> Record<'static> {
        let cells = Cells::Whole(cells.iter().copied().map(Cow::Borrowed).collect());
        Record { line, cells }
    }

    fn torn(line: i64, text: &'static str) -> Record<'static> {
        let cells = Cells::Torn(text);
        Record { line, cells }
    }

    #[test]
    fn a_record_is_torn_where_its_marks_are_not_in_order() {
        let rows = [
            ("a,\"b\n\nc\",d\n", vec![whole(1, &["a", "b\n\nc", "d"])]),
            (
                "a,\"\"\"b\"\"\"\n\nc\"d\n",
                vec![whole(1, &["a", "\"b\""]), whole(3, &["c\"d"])],
            ),
            ("\"a\"b,c\nd\n", vec![torn(1, "\"a\"b,c"), whole(2, &["d"])]),
            ("a,\"b\nc\n", vec![torn(1, "a,\"b"), whole(2, &["c"])]),
            (
                "a,\"b\nc\",d,e\n",
                vec![torn(1, "a,\"b"), whole(2, &["c\"", "d", "e"])],
            ),
            ("a,\"b\nc\",d,,\n", vec![whole(1, &["a", "b\nc", "d", "", ""])]),
            ("a,b,c,d\n", vec![whole(1, &["a", "b", "c", "d"])]),
        ];
        for (text, expected) in rows {
            assert_eq!(all(text, 3).0.unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn a_text_of_torn_records_alone_is_given_up_after_a_bounded_work() {
        // Each line, read by itself, opens a mark, and each following one closes it and opens the next.
        let hostile = " \",\"\n".repeat(200_000);
        for most in [2, 1_000_000] {
            let (end, read) = all(&hostile, most);
            assert_eq!(end.unwrap_err().code, Code::CsvBroken);
            assert!(read <= IN_VAIN + hostile.len(), "{read}");
        }
    }

    proptest! {
        #[test]
        fn whatever_stands_in_cells_is_read_as_it_was_written(
            rows in prop::collection::vec(prop::collection::vec("[ab ,\"\n;å]{0,6}", 3), 1..6)
        ) {
            let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let read: Vec<_> = all(&text, 3).0.unwrap().into_iter().map(|record| record.cells).collect();
            let meant: Vec<_> = rows
                .iter()
                .map(|row| Cells::Whole(row.iter().map(|cell| Cow::Borrowed(cell.as_str())).collect()))
                .collect();
            prop_assert_eq!(read, meant);
        }

        #[test]
        fn every_line_is_in_a_record_and_torn_ones_are_read_within_bounds(text in "[a ,\"\n]{0,200}") {
            let text = text + "\n";
            let (end, read) = all(&text, 2);
            let records = end.unwrap();
            prop_assert!(records.windows(2).all(|two| two[0].line < two[1].line));
            prop_assert!(read <= records.len() * text.len());
        }
    }
}
