//! Lists as CSV text, for spreadsheets.

use contract::{Code, Fault};

/// The lines, each of its cells; no spreadsheet takes one for a formula.
pub fn csv_text(lines: impl IntoIterator<Item = Vec<String>>) -> Result<String, Fault> {
    let broken = |_| Fault::new(Code::Internal);
    let mut writer = csv::Writer::from_writer(Vec::new());
    for line in lines {
        writer
            .write_record(line.iter().map(|cell| plain(cell)))
            .map_err(broken)?;
    }
    let bytes = writer.into_inner().map_err(|_| Fault::new(Code::Internal))?;
    String::from_utf8(bytes).map_err(|_| Code::Internal.into())
}

/// Beginnings that make a spreadsheet take a cell for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Where a spreadsheet may begin another cell within one of ours: a list's separator is a semicolon in many countries, and
/// then the quotation marks that keep a cell together mean nothing to it.
const SEPARATORS: [char; 4] = [';', '\t', '\n', '\r'];

/// Whether the text is a formula, or would pass for one that was kept from being one.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches(['\'', '"']).starts_with(FORMULA)
}

/// The cell as it was before [`csv_text`] kept it from being a formula: an exported file can be uploaded again.
pub fn as_meant(cell: &str) -> String {
    each_beginning(cell, |rest| match rest.strip_prefix('\'') {
        Some(plain) if is_formula(plain) => ("", plain),
        _ => ("", rest),
    })
}

fn plain(text: &str) -> String {
    each_beginning(text, |rest| (if is_formula(rest) { "'" } else { "" }, rest))
}

/// The text, where `at` says of every place at which a cell may begin what comes before the rest, and what is left of it.
fn each_beginning(text: &str, at: impl Fn(&str) -> (&'static str, &str)) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = Some(text);
    while let Some((before, left)) = rest.map(&at) {
        whole.push_str(before);
        let end = left
            .find(SEPARATORS)
            .and_then(|place| left.split_at_checked(place + 1));
        whole.push_str(end.map_or(left, |(part, _)| part));
        rest = end.map(|(_, rest)| rest);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::{as_meant, csv_text, plain};
    use proptest::prelude::*;

    #[test]
    fn no_cell_is_a_formula_and_commas_stay_in_theirs() {
        let line = ["=1+1", "a, b", "", "x"].map(str::to_owned).to_vec();
        assert_eq!(csv_text([line]).unwrap(), "'=1+1,\"a, b\",,x\n");
    }

    #[test]
    fn no_cell_is_a_formula_where_lists_are_separated_by_semicolons() {
        assert_eq!(plain("a;=1+1;b"), "a;'=1+1;b");
        assert_eq!(plain("7;\"=1+1\t@a"), "7;'\"=1+1\t'@a");
        assert_eq!(plain("a\n-1"), "a\n'-1");
        assert_eq!(plain("a; b-c"), "a; b-c");
    }

    #[test]
    fn an_uploaded_cell_means_what_it_meant_when_it_was_exported() {
        assert_eq!(as_meant("'-1 floor"), "-1 floor");
        assert_eq!(as_meant("'s-Hertogenbosch"), "'s-Hertogenbosch");
        assert_eq!(as_meant("plain"), "plain");
    }

    proptest! {
        #[test]
        fn every_cell_comes_back_as_it_was(text in "[;'\"=+@\\-\t\r\na ]{0,7}|.{0,20}") {
            let exported = plain(&text);
            prop_assert!(!exported.starts_with(super::FORMULA));
            for part in exported.split(super::SEPARATORS) {
                prop_assert!(!part.starts_with(super::FORMULA), "{part:?} of {exported:?}");
            }
            prop_assert_eq!(as_meant(&exported), text);
        }
    }
}
