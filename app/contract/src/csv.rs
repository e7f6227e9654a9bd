//! Uploads of devices and of people as CSV: D3.

use crate::Code;
use serde::{Deserialize, Serialize};

/// What an upload would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsvPreview {
    /// Lines that add something.
    pub added: i64,
    /// Lines that change what is known.
    pub changed: i64,
    /// Lines that say what is known.
    pub unchanged: i64,
    /// Lines that are left out.
    pub bad_lines: i64,
    /// What is wrong with them; a line can have several.
    pub problems: i64,
    /// The first of it, line by line, at most [`CsvPreview::BAD`].
    pub bad: Vec<CsvProblem>,
    /// What the first of the lines do that add or change something, at most [`CsvPreview::CHANGES`].
    pub changes: Vec<CsvChange>,
    /// Names in the first line that mean nothing here.
    pub ignored: Vec<String>,
    /// The first good lines, for the eye; at most 20. Their cells in the order in which the upload's page names the
    /// columns; empty where the line says nothing.
    pub sample: Vec<Vec<String>>,
}

impl CsvPreview {
    /// Problems that are told.
    pub const BAD: usize = 100;
    /// Changes that are told.
    pub const CHANGES: usize = 100;
}

/// What a good line does: one of its differences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsvChange {
    /// As [`CsvProblem::line`].
    pub line: i64,
    /// The serial number or the user name.
    pub key: String,
    pub what: CsvDifference,
}

/// What will be otherwise than it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CsvDifference {
    /// Nobody and nothing of that key is known here.
    New,
    /// One column's value, as it is written in a file; empty for none.
    Column {
        column: String,
        before: String,
        after: String,
    },
}

/// Something that is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsvProblem {
    /// As an editor counts them: the header is line 1.
    pub line: i64,
    /// Of which column, if one is to blame.
    pub column: String,
    pub code: Code,
    /// What stands there.
    pub value: String,
    /// What may stand there, as it is written in a file; empty where that is no list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
}
